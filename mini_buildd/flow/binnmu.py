"""Build the binary packages of a published source again, as version …+bN (a binNMU).

The source stays as it is. What is built takes the place of the former packages in the suite that
the source was uploaded to, and migrates with it from there.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from mini_buildd.db.audit import note
from mini_buildd.db.events import record
from mini_buildd.db.models import Binary, Distribution, Job, Source
from mini_buildd.domain.binnmu import next_number
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import RebuildImpossible
from mini_buildd.domain.states import JOB_OPEN, JobState, SourceState
from mini_buildd.flow.choose import latest_of
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site
from mini_buildd.flow.targets import targets_of

_MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class Rebuild:
    """What is to be built again: *packages* as flow.choose takes them, and on which architectures.

    Without any, each is built again on all that it was built on. The *reason* goes into the
    changelog of the packages.
    """

    distribution: Distribution
    packages: Sequence[str]
    reason: str
    architectures: Sequence[str] = ()


@tells_full_disk
def binnmu(site: Site, actor: Actor, wish: Rebuild, *, dry_run: bool = False) -> list[Job]:
    """Plan the rebuild of all packages or, when one cannot be, of none; gives the jobs.

    Those of a package have the same number. After a dry run there are no such jobs.

    Raises NotAllowed, PackageNotThere, RebuildImpossible.
    """
    demand(actor, Act.REBUILD, repository=wish.distribution.repository.name)
    reason = " ".join(wish.reason.split())[:_MAX_REASON]
    if not reason:
        raise _impossible(
            "a reason, which goes into the packages' changelog",
            "none",
            "Say why: --reason 'Rebuild against libfoo2'.",
        )
    try:
        with transaction.atomic():
            chosen = latest_of(wish.distribution, wish.packages)
            for source in chosen:
                _check_source(source, wish.distribution)
            jobs = [job for each in chosen for job in _plan(site, actor, each, wish, reason)]
            note(
                actor,
                "ordered to build again",
                at=site.clock(),
                kind="suite",
                name=wish.distribution.name,
                after={"builds": [str(job) for job in jobs], "reason": reason},
            )
            transaction.set_rollback(dry_run)
            return jobs
    except IntegrityError:
        raise _impossible(
            "nobody else who orders the same at the same moment",
            "that somebody has been faster",
            "Look at the builds; order it again if it is still needed.",
        ) from None


def _impossible(expected: str, found: str, hint: str) -> RebuildImpossible:
    return RebuildImpossible(expected=expected, found=found, hint=hint)


def _check_source(source: Source, distribution: Distribution) -> None:
    if source.upload_id is None:
        raise _impossible(
            "a source package that was uploaded and built here",
            f"{source}, {source.origin or 'which was built elsewhere'}",
            "Upload it as a new version.",
        )
    if source.distribution_id != distribution.pk:
        raise _impossible(
            f"the suite that {source} was uploaded to, {source.distribution}",
            str(distribution),
            f"Build it again for {source.distribution}, and let it migrate.",
        )
    if source.state != SourceState.PUBLISHED:
        raise _impossible(
            "a source package that is published",
            f"{source}, which is {source.state}",
            "Wait until it is published.",
        )


def _plan(site: Site, actor: Actor, source: Source, wish: Rebuild, reason: str) -> list[Job]:
    built = _jobs_to_repeat(source, wish.architectures)
    versions = Binary.objects.filter(source=source).values_list("version", flat=True)
    number = next_number(versions, source.jobs.values_list("binnmu", flat=True))
    targets = {str(target.architecture): target for target in targets_of(source.distribution)}
    jobs = []
    for job in built:
        target = targets.get(job.architecture)
        cross_from = target.cross_from if target is not None else None
        jobs.append(
            Job.objects.create(
                source=source,
                architecture=job.architecture,
                build_architecture=cross_from or "",
                builds_any=True,
                builds_all=False,
                is_optional=job.is_optional,
                profiles=job.profiles,
                options=job.options,
                priority=job.priority,
                binnmu=number,
                binnmu_reason=reason,
                state=JobState.WAITING,
                created_at=site.clock(),
            )
        )
    for job in jobs:
        detail = f"+b{number} by {actor.name}: {reason}"
        record(EventKind.JOB_PLANNED, site.clock(), job=job, detail=detail)
    return jobs


def _jobs_to_repeat(source: Source, wanted: Collection[str]) -> list[Job]:
    """The jobs that built *source* on the *wanted* architectures, or on all."""
    done = source.jobs.filter(binnmu=0, builds_any=True, state=JobState.SUCCEEDED)
    there = {job.architecture: job for job in done}
    names = list(dict.fromkeys(wanted)) or list(there)
    missing = [name for name in names if name not in there]
    if missing or not there:
        raise _impossible(
            f"architectures that {source} was built on: {', '.join(there) or 'there is none'}",
            ", ".join(missing) or "only packages for all architectures",
            "What is for all architectures needs a new upload; a failed build can be retried.",
        )
    under_way = source.jobs.filter(binnmu__gt=0, state__in=JOB_OPEN, architecture__in=names)
    for job in under_way:
        raise _impossible(
            f"no rebuild of {source} under way on {job.architecture}",
            f"+b{job.binnmu}, which is {job.state}: {job.binnmu_reason}",
            "Wait for its end, or cancel it.",
        )
    return [there[name] for name in names]
