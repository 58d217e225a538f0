"""The first steps of a new instance: how far it is, what fits this machine, and the verbs for each.

Each verb is the one of ``mini-buildd setup`` and can be repeated at will, so it is no matter if two
do the same at once.
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db.models import Base
from mini_buildd.db.queries.chroots import ChrootRow
from mini_buildd.db.queries.first_steps import Furniture, find_furniture, has_published
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.chroot_age import Health
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.domain.first_steps import Progress, Step, StepRow, checklist
from mini_buildd.domain.keyring import keyring_name
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import SetupImpossible
from mini_buildd.domain.states import SourceState, UploadState
from mini_buildd.flow.chroot_log import ChrootLog, read_log
from mini_buildd.flow.setup import Change, NewUploader, Wish, setup
from mini_buildd.flow.site import Site
from mini_buildd.flow.snapshot import find_repository
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.kit.clock import Clock
from mini_buildd.kit.lock import is_held
from mini_buildd.tools import distroinfo, hostapt
from mini_buildd.tools.thismachine import host_architecture, host_codename

DEFAULT_REPOSITORY = "test"


@dataclass(frozen=True, slots=True)
class ChrootState:
    """A chroot with what only the disk tells of it."""

    row: ChrootRow
    progress: Progress
    log: ChrootLog


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """The checklist, and what of each step is there."""

    steps: tuple[StepRow, ...]
    there: Furniture
    keys: tuple[str, ...]
    chroots: tuple[ChrootState, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What fits this machine: its own release, from where its apt takes it, and other releases."""

    codename: str
    architecture: str
    sources: tuple[str, ...]
    others: tuple[str, ...]


def is_over(settings: Settings) -> bool:
    """Whether the first package has come out, so that nobody needs to be shown the way."""
    return has_published(but=keyring_name(settings.identity))


def look(settings: Settings, places: Places, clock: Clock) -> FirstSteps:
    """How far this instance is."""
    there = find_furniture(clock(), but=keyring_name(settings.identity))
    keys = ArchiveKeys(places.gnupg).fingerprints()
    chroots = tuple(_chroot_state(places, row) for row in there.chroots)
    found: Mapping[Step, bool | Progress] = {
        Step.ADMINISTRATOR: bool(there.administrators),
        Step.KEY: bool(keys),
        Step.RELEASE: any(row.sources for row in there.releases),
        Step.CHROOT: _of_all(chroots),
        Step.REPOSITORY: bool(there.repositories),
        Step.UPLOADER: bool(there.uploaders),
        Step.UPLOAD: _of_upload(there),
    }
    steps = checklist({step: _progress(value) for step, value in found.items()})
    return FirstSteps(steps, there, keys, chroots)


def _progress(value: bool | Progress) -> Progress:  # noqa: FBT001  # one of two things that are found
    if isinstance(value, Progress):
        return value
    return Progress.DONE if value else Progress.OPEN


def _chroot_state(places: Places, row: ChrootRow) -> ChrootState:
    folder = places.chroots / f"{row.codename}-{row.architecture}"
    log = ChrootLog()
    if row.made_at is not None:
        progress = Progress.DONE
    elif row.is_asked or is_held(folder):
        progress = Progress.RUNNING
    else:
        progress = Progress.FAILED if row.health is Health.PROBLEM else Progress.OPEN
    if progress in (Progress.RUNNING, Progress.FAILED):
        log = read_log(places, row.codename, row.architecture)
    return ChrootState(row, progress, log)


def _of_all(chroots: tuple[ChrootState, ...]) -> Progress:
    """Of several, the one that somebody has to see to; none would be an open step as well."""
    found = {each.progress for each in chroots}
    order = (Progress.FAILED, Progress.OPEN, Progress.RUNNING, Progress.DONE)
    return next((each for each in order if each in found), Progress.OPEN)


def _of_upload(there: Furniture) -> Progress:
    if there.published is not None:
        return Progress.DONE
    if there.upload is None:
        return Progress.OPEN
    is_bad = there.upload.source_state is SourceState.FAILED
    if is_bad or there.upload.state is UploadState.REJECTED:
        return Progress.FAILED
    return Progress.RUNNING


# --- what fits this machine -------------------------------------------------------


def propose(today: date) -> Proposal:
    """Ask this machine's apt, which takes a second."""
    codename, others = host_codename(), distroinfo.releases_in_use(today)
    first = codename or others[0]
    try:
        sources = tuple(
            f"{each.url} {each.suite} {' '.join(each.components)}"
            for each in _sources(first, today)
        )
    except (OSError, subprocess.CalledProcessError, distroinfo.ReleaseUnknown):
        sources = ()
    return Proposal(
        codename=first,
        architecture=host_architecture(),
        sources=sources,
        others=tuple(each for each in others if each != first),
    )


def _sources(codename: Codename, today: date) -> tuple[hostapt.HostSource, ...]:
    return hostapt.sources_for(
        codename,
        distroinfo.find_release(codename).vendor,
        hostapt.read_host_sources(),
        with_updates=distroinfo.is_released(codename, today),
    )


# --- the verbs --------------------------------------------------------------------


def add_release(
    site: Site,
    actor: Actor,
    codename: Codename,
    architectures: tuple[Architecture, ...],
    archive_url: str = "",
) -> list[Change]:
    """Let packages be built for a release, on these architectures, of which the first one counts.

    Without an *archive_url* it comes from where this machine has its own packages. Raises
    NotAllowed, SetupImpossible.
    """
    backend = site.settings.builder.backend
    wish = Wish((codename,), architectures, None, backend, archive_url)
    return _set_up(site, actor, wish)


def add_repository(
    site: Site, actor: Actor, name: RepositoryName, *, has_keyring: bool = False
) -> list[Change]:
    """Let there be a repository of that name for all releases there are.

    Raises NotAllowed, SetupImpossible.
    """
    demand(actor, Act.CONFIGURE)
    changes: list[Change] = []
    for wish in _wishes(site, name):
        changes += _set_up(site, actor, wish, has_keyring=has_keyring)
    if not changes:
        raise SetupImpossible(
            expected="a release that packages are built for",
            found="none",
            hint="Choose a release first.",
        )
    return changes


def add_uploader(
    site: Site, actor: Actor, uploader: NewUploader, repository: RepositoryName
) -> list[Change]:
    """Let somebody upload to *repository* with a key; their account is made if there is none.

    Raises NotAllowed, RepositoryUnknown, AccountImpossible, SetupImpossible, UploaderKeyUnfit.
    """
    demand(actor, Act.CONFIGURE)
    find_repository(repository)
    return _set_up(site, actor, Wish((), (), repository, uploader=uploader))


def _wishes(site: Site, repository: RepositoryName) -> list[Wish]:
    """What would be there already, but for *repository*."""
    backend = site.settings.builder.backend
    native = host_architecture()
    wishes = []
    for base in Base.objects.prefetch_related("chroots").order_by("pk"):
        names = (Architecture(each.architecture) for each in base.chroots.all() if each.is_active)
        # Whoever builds natively builds what is for all architectures.
        ordered = tuple(sorted(set(names), key=lambda each: (each != native, each)))
        if ordered:
            wishes.append(Wish((Codename(base.codename),), ordered, repository, backend))
    return wishes


def _set_up(site: Site, actor: Actor, wish: Wish, *, has_keyring: bool = False) -> list[Change]:
    if has_keyring:
        wish = Wish(
            wish.codenames, wish.architectures, wish.repository, wish.backend, has_keyring=True
        )
    return setup(site.places, wish, today=site.clock().date(), dry_run=False, by=actor)
