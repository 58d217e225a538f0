"""Step 4, plan: an accepted source becomes jobs, one for each architecture that it needs."""

from django.db import transaction

from mini_buildd.db.events import record
from mini_buildd.db.models import Job, Source
from mini_buildd.db.moves import Overtaken, move_source
from mini_buildd.deb.names import ArchitectureWildcard
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import JobState, SourceState
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site
from mini_buildd.flow.targets import plan_of


@tells_full_disk
def plan(site: Site, source: Source) -> list[EventKind]:
    """Make the jobs of the accepted *source*; gives an event for each."""
    wildcards = [ArchitectureWildcard(word) for word in source.architectures.split()]
    planned = plan_of(source.distribution, wildcards, source.changes)
    try:
        with transaction.atomic():
            move_source(source, SourceState.BUILDING)
            jobs = [
                Job.objects.create(
                    source=source,
                    architecture=job.architecture,
                    build_architecture=job.build_architecture or "",
                    builds_any=job.builds_any,
                    builds_all=job.builds_all,
                    is_optional=job.is_optional,
                    profiles=planned.profiles,
                    options=planned.options,
                    priority=planned.priority,
                    state=JobState.WAITING,
                    created_at=site.clock(),
                )
                for job in planned.jobs
            ]
            return [record(EventKind.JOB_PLANNED, site.clock(), job=job) for job in jobs]
    except Overtaken:
        return []
