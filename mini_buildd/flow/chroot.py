"""Making the chroots that builds start from: a tarball, and a generation unpacked from it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.db import transaction

from mini_buildd.config.places import Places
from mini_buildd.db.events import record
from mini_buildd.db.models import Base, Chroot
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.problem import SetupImpossible
from mini_buildd.flow.generations import Generations, made_at_of
from mini_buildd.kit.atomic import sync_file, sync_folder
from mini_buildd.kit.clock import Clock
from mini_buildd.kit.process import run_following
from mini_buildd.tools.mmdebstrap import ChrootSource, command, progress


def missing_chroots(places: Places) -> list[Chroot]:
    """The chroots that are configured and from which nothing can be built yet."""
    rows = Chroot.objects.select_related("base")
    return [row for row in rows if row.made_at is None or _wants_generation(places, row)]


def _wants_generation(places: Places, chroot: Chroot) -> bool:
    here = generations_of(places, chroot).names()
    return chroot.backend == "unshare" and chroot.generation not in here


def provide_chroot(
    places: Places, chroot: Chroot, *, clock: Clock, say: Callable[[str], None]
) -> None:
    """Let *chroot* be there: by what somebody has put in its place, else by making it.

    Such a generation, or tarball, counts as made when it was. Raises as make_chroot does.
    """
    tarball, generations = tarball_of(places, chroot), generations_of(places, chroot)
    if chroot.backend != "unshare":
        if tarball.exists():
            _switch(chroot, "", _modified_at(tarball), clock)
        else:
            make_chroot(places, chroot, clock=clock, say=say)
        return
    with generations.alone():
        names = generations.names()
        if names:
            _switch(chroot, names[-1], made_at_of(names[-1]), clock)
        elif tarball.exists():
            made_at = _modified_at(tarball)
            _switch(chroot, generations.unpack(tarball, made_at, say), made_at, clock)
    if _wants_generation(places, chroot):
        make_chroot(places, chroot, clock=clock, say=say)


def _modified_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def tarball_of(places: Places, chroot: Chroot) -> Path:
    """The tarball of *chroot*; also what a schroot is unpacked from."""
    return places.chroots / f"{chroot.base.codename}-{chroot.architecture}.tar.zst"


def generations_of(places: Places, chroot: Chroot) -> Generations:
    """Where the unpacked trees of *chroot* are."""
    return Generations(places.chroots / f"{chroot.base.codename}-{chroot.architecture}")


def generation_of(places: Places, chroot: Chroot) -> Path | None:
    """The folder of the generation that builds start from; None where only a tarball is there."""
    if not chroot.generation:
        return None
    return generations_of(places, chroot).path(chroot.generation)


def sources_of(base: Base) -> list[ChrootSource]:
    """The apt sources of *base*: what its chroots are made from and keep."""
    return [
        ChrootSource(
            row.url, row.suite, row.components, row.keyring, check_valid_until=row.check_valid_until
        )
        for row in base.apt_sources.all()
    ]


def find_chroot(codename: str, architecture: str) -> Chroot:
    """The configured chroot; raises SetupImpossible."""
    rows = Chroot.objects.select_related("base")
    chroot = rows.filter(base__codename=codename, architecture=architecture).first()
    if chroot is None:
        raise SetupImpossible(
            expected="one of: " + (", ".join(str(row) for row in rows) or "none is configured"),
            found=f"{codename} {architecture}",
            hint="Configure it: mini-buildd setup --codename … --architecture …",
        )
    return chroot


def make_chroot(
    places: Places, chroot: Chroot, *, clock: Clock, say: Callable[[str], None]
) -> None:
    """Make *chroot* anew and switch to it; *say* is told of each step.

    Raises CommandFailed of kit.process, and SubidsMissing. Builds that run keep the generation
    that they began with; it goes when the last of them has ended.
    """
    generations = generations_of(places, chroot)
    with generations.alone():
        tarball = _make_tarball(places, chroot, say)
        made_at, name = clock(), ""
        if chroot.backend == "unshare":
            name = generations.unpack(tarball, made_at, say)
        _switch(chroot, name, made_at, clock)
        if name:
            generations.remove_unused(but=name)


def _make_tarball(places: Places, chroot: Chroot, say: Callable[[str], None]) -> Path:
    final = tarball_of(places, chroot)
    making = final.with_name(f"making-{final.name}")
    run_following(
        command(
            codename=Codename(chroot.base.codename),
            architecture=Architecture(chroot.architecture),
            target=making,
            mode="unshare",
            sources=sources_of(chroot.base),
        ),
        lambda line: say(step) if (step := progress(line)) else None,
    )
    sync_file(making)
    making.rename(final)
    sync_folder(final.parent)
    return final


def _switch(chroot: Chroot, generation: str, made_at: datetime, clock: Clock) -> None:
    chroot.generation, chroot.made_at = generation, made_at
    with transaction.atomic():
        chroot.save(update_fields=["generation", "made_at"])
        record(EventKind.CHROOT_MADE, clock(), detail=f"{chroot} {generation}".strip())
