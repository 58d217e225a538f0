"""Step 5, assign: a waiting job goes to a builder, as an attempt with a fence."""

import logging
import secrets
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When

from mini_buildd.config.places import Places
from mini_buildd.db.events import record
from mini_buildd.db.models import Attempt, Chroot, Distribution, Job, SourceFile
from mini_buildd.db.moves import Overtaken, move_job
from mini_buildd.deb.version import Version
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.keyring import archive_maintainer
from mini_buildd.domain.layout import suites_seen
from mini_buildd.domain.states import JobState
from mini_buildd.flow.chroot import generation_of, tarball_of
from mini_buildd.flow.content import components_of
from mini_buildd.flow.site import Site
from mini_buildd.wire.task import AptSource, Task

_log = logging.getLogger(__name__)


# The architecture whose chroot a job needs.
_RUNS_ON = Case(
    When(build_architecture="", then=F("architecture")), default=F("build_architecture")
)


@dataclass(frozen=True, slots=True)
class Assigned:
    """What the builder is to do, and what happened."""

    tasks: tuple[Task, ...]
    events: tuple[EventKind, ...]


def assign(site: Site, *, builder: str, backend: str, free_slots: int) -> Assigned:
    """Hand up to *free_slots* waiting jobs, oldest first, to *builder*."""
    chroots = Chroot.objects.filter(
        base=OuterRef("source__distribution__base"),
        architecture=OuterRef("runs_on"),
        backend=backend,
        made_at__isnull=False,
    )
    waiting = Job.objects.filter(state=JobState.WAITING).annotate(runs_on=_RUNS_ON)
    _explain(waiting.filter(~Exists(chroots)), backend)
    tasks: list[Task] = []
    for pk in list(waiting.filter(Exists(chroots)).order_by("id").values_list("pk", flat=True)):
        if len(tasks) >= free_slots:
            break
        job = _jobs().get(pk=pk)
        try:
            tasks.append(_hand_out(site, job, builder, backend))
        except Overtaken:
            continue
        except Exception:  # noqa: BLE001  # whatever it is, the other jobs go on
            _log.exception("assigning %s failed; it is tried again later", job)
    return Assigned(tuple(tasks), (EventKind.JOB_ASSIGNED,) * len(tasks))


def _jobs() -> QuerySet[Job]:
    return Job.objects.select_related(
        "source__upload",
        "source__distribution__repository",
        "source__distribution__base",
        "source__distribution__suite__layout",
    )


def _explain(jobs: QuerySet[Job], backend: str) -> None:
    """Say for each of *jobs* that it waits for a chroot; writes only what is new."""
    places = jobs.order_by().values_list("source__distribution__base__codename", _RUNS_ON)
    for codename, architecture in places.distinct():
        reason = (
            f"no {backend} chroot for {codename} {architecture}; make it with "
            f"mini-buildd chroot create {codename} {architecture}"
        )
        runs_there = Q(build_architecture=architecture) | Q(
            build_architecture="", architecture=architecture
        )
        untold = jobs.filter(runs_there, source__distribution__base__codename=codename).exclude(
            reason=reason
        )
        if untold.exists():  # an update that changes nothing would lock the database all the same
            untold.update(reason=reason)


def _hand_out(site: Site, job: Job, builder: str, backend: str) -> Task:
    """The one transaction: the attempt and the job's move."""
    chroot = Chroot.objects.select_related("base").get(
        base=job.source.distribution.base,
        architecture=job.build_architecture or job.architecture,
        backend=backend,
    )
    with transaction.atomic():
        move_job(job, JobState.ASSIGNED, reason="")
        attempt = Attempt.objects.create(
            job=job,
            number=job.attempts.count() + 1,
            token=secrets.token_hex(16),
            builder=builder,
            assigned_at=site.clock(),
        )
        record(EventKind.JOB_ASSIGNED, site.clock(), job=job, detail=builder)
        return _task(site, attempt, chroot)


def _task(site: Site, attempt: Attempt, chroot: Chroot) -> Task:
    job = attempt.job
    source = job.source
    distribution = source.distribution
    name = f"{source.name}_{Version(source.version).without_epoch}.dsc"
    dsc = SourceFile.objects.select_related("file").get(source=source, file__name=name)
    tree = site.tree(distribution.repository.name)
    return Task(
        attempt=attempt.token,
        fence=attempt.number,
        source=source.name,
        version=source.version,
        dsc=str(tree.root / dsc.file.path),
        codename=distribution.base.codename,
        distribution=distribution.name,
        architecture=job.architecture,
        builds_any=job.builds_any,
        builds_all=job.builds_all,
        backend=chroot.backend,
        chroot=chroot_name(site.places, chroot),
        apt_sources=_apt_sources(site, distribution),
        build_architecture=job.build_architecture,
        profiles=tuple(job.profiles.split()),
        options=tuple(job.options.split()),
        setup=distribution.suite.build_setup,
        binnmu=job.binnmu,
        binnmu_reason=job.binnmu_reason,
        maintainer=archive_maintainer(site.settings.identity) if job.binnmu else "",
        base=str(generation_of(site.places, chroot) or ""),
        layers=str(site.places.layers),
        work=site.settings.builder.work,
    )


def chroot_name(places: Places, chroot: Chroot) -> str:
    """What sbuild is given for it: a tarball's path, or the name in schroot's configuration."""
    if chroot.backend == "schroot":
        return f"mini-buildd-{chroot.base.codename}-{chroot.architecture}"
    return str(tarball_of(places, chroot))


def _apt_sources(site: Site, distribution: Distribution) -> tuple[AptSource, ...]:
    """The instance's own suites that a build for *distribution* may use."""
    repository = distribution.repository
    leads_to = {
        suite.name: suite.migrates_to.name if suite.migrates_to else None
        for suite in distribution.suite.layout.suites.select_related("migrates_to")
    }
    names = [
        f"{distribution.base.codename}-{repository.name}-{suite}"
        for suite in suites_seen(distribution.suite.name, leads_to)
    ]
    present = Distribution.objects.filter(
        name__in=names, publications__published_at__isnull=False
    ).distinct()
    components = {each.name: components_of(each) for each in present}
    url = site.archive_url(repository.name)
    return tuple(
        AptSource(
            line=f"deb {url} {name} {' '.join(components[name])}",
            pin=f"release n={name}",
            key=site.signer.public_key,
            tree=str(site.tree(repository.name).root),
        )
        for name in names
        if name in components
    )
