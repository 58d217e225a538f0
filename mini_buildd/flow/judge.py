"""Step 8, judge: whether a source is ready to be published, once its jobs have ended."""

from django.db import transaction

from mini_buildd.db.events import record
from mini_buildd.db.models import Source
from mini_buildd.db.moves import Overtaken, move_source
from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import JobState, SourceState
from mini_buildd.domain.verdict import JobResult, is_superseded, judge_jobs
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.revise import present_sources
from mini_buildd.flow.site import Site

_EVENTS = {
    SourceState.READY: EventKind.SOURCE_READY,
    SourceState.FAILED: EventKind.SOURCE_HELD,
    SourceState.SUPERSEDED: EventKind.SOURCE_SUPERSEDED,
}


@tells_full_disk
def judge(site: Site, source: Source) -> list[EventKind]:
    """Give the verdict on the building *source*, if all that counts has ended."""
    # Building its binary packages again says nothing of the source package.
    jobs = source.jobs.filter(binnmu=0)
    results = [JobResult(JobState(job.state), job.is_optional) for job in jobs]
    verdict = judge_jobs(results)
    if verdict is None:
        return []
    if verdict is SourceState.READY and is_superseded(
        Version(source.version), newest_in_suite(source)
    ):
        verdict = SourceState.SUPERSEDED
    try:
        with transaction.atomic():
            move_source(source, verdict)
            return [record(_EVENTS[verdict], site.clock(), source=source)]
    except Overtaken:
        return []


def newest_in_suite(source: Source) -> Version | None:
    """The latest version of the same source package in the same suite, if there is one."""
    newest: Version | None = None
    same_name = present_sources(source.distribution, source.name)
    for text in same_name.values_list("version", flat=True):
        version = Version(text)
        newest = version if newest is None or compare(version, newest) > 0 else newest
    return newest
