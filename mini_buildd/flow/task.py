"""The task of an attempt: all that its builder needs to know."""

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Builder as BuilderSettings
from mini_buildd.db.models import Attempt, BuildNeeds, Chroot, Distribution, Job, SourceFile
from mini_buildd.deb.version import Version
from mini_buildd.domain.keyring import archive_maintainer
from mini_buildd.domain.losses import work_for
from mini_buildd.flow.chroot import generation_of, tarball_of
from mini_buildd.flow.content import components_of
from mini_buildd.flow.lose import stages_lost
from mini_buildd.flow.private_archives import build_account, build_secret
from mini_buildd.flow.seen import seen_by
from mini_buildd.flow.site import Site
from mini_buildd.wire.task import AptSource, Limits, Task

_MB = 1 << 20


def make_task(site: Site, attempt: Attempt, chroot: Chroot) -> Task:
    """What the builder is given for *attempt* on *chroot*."""
    job = attempt.job
    source, settings = job.source, site.settings.builder
    distribution = source.distribution
    return Task(
        attempt=attempt.token,
        fence=attempt.number,
        source=source.name,
        version=source.version,
        dsc=_dsc(site, job),
        codename=distribution.base.codename,
        distribution=distribution.name,
        architecture=job.architecture,
        builds_any=job.builds_any,
        builds_all=job.builds_all,
        backend=chroot.backend,
        chroot=chroot_name(site.places, chroot),
        apt_sources=_apt_sources(site, distribution, attempt),
        base=_base(site.places, chroot),
        layers=str(site.places.layers),
        work=work_for(stages_lost(job), settings.work),
        limits=_limits(settings, source.name),
        build_architecture=job.build_architecture,
        profiles=tuple(job.profiles.split()),
        options=tuple(job.options.split()),
        setup=distribution.suite.build_setup,
        ccache=_ccache(site.places, job),
        binnmu=job.binnmu,
        binnmu_reason=job.binnmu_reason,
        maintainer=archive_maintainer(site.settings.identity) if job.binnmu else "",
    )


def _dsc(site: Site, job: Job) -> str:
    source = job.source
    name = f"{source.name}_{Version(source.version).without_epoch}.dsc"
    dsc = SourceFile.objects.select_related("file").get(source=source, file__name=name)
    return str(site.tree(source.distribution.repository.name).root / dsc.file.path)


def chroot_name(places: Places, chroot: Chroot) -> str:
    """What sbuild is given for it: a tarball's path, or the name in schroot's configuration."""
    if chroot.backend == "schroot":
        return f"mini-buildd-{chroot.base.codename}-{chroot.architecture}"
    return str(tarball_of(places, chroot))


def _base(places: Places, chroot: Chroot) -> str:
    """The folder of the chroot's generation, for the backend that uses it."""
    folder = generation_of(places, chroot) if chroot.backend == "unshare" else None
    return str(folder) if folder is not None else ""


def _limits(settings: BuilderSettings, source: str) -> Limits:
    """The builder's limits; a package that is known to need more may have that."""
    said = BuildNeeds.objects.filter(source=source).first() or BuildNeeds()
    return Limits(
        minutes=said.minutes or settings.max_minutes,
        silent_minutes=settings.silent_minutes,
        log_bytes=settings.max_log_mb * _MB,
        memory_bytes=_at_least(settings.memory_mb, said.memory_mb) * _MB,
        disk_bytes=_at_least(settings.disk_mb, said.disk_mb) * _MB,
        processes=settings.processes,
        cores=_at_least(settings.cores, said.cores),
    )


def _at_least(limit: int, needed: int | None) -> int:
    """A limit of 0 is none, and stays none."""
    return max(limit, needed or 0) if limit else 0


def _ccache(places: Places, job: Job) -> str:
    distribution = job.source.distribution
    if not distribution.suite.uses_ccache:
        return ""
    return str(places.ccache / distribution.repository.name / job.source.name)


def _apt_sources(site: Site, distribution: Distribution, attempt: Attempt) -> tuple[AptSource, ...]:
    """The instance's own suites that a build for *distribution* may use."""
    repository = distribution.repository.name
    names = seen_by(distribution)
    present = Distribution.objects.filter(
        name__in=names, publications__published_at__isnull=False
    ).distinct()
    components = {each.name: components_of(each) for each in present}
    url = site.archive_url(repository)
    auth = ""
    if distribution.repository.is_private:
        secret = build_secret(site, attempt.token)
        auth = f"machine {url} login {build_account(attempt.token)} password {secret}"
    return tuple(
        AptSource(
            line=f"deb {url} {name} {' '.join(components[name])}",
            pin=f"release n={name}",
            key=site.signer.public_key,
            tree=str(site.tree(repository).root),
            auth=auth,
        )
        for name in names
        if name in components
    )
