"""Making the chroots that builds start from, by mmdebstrap."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from mini_buildd.config.places import Places
from mini_buildd.db.models import AptSource, Base, Chroot
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.problem import SetupImpossible
from mini_buildd.kit.atomic import sync_file, sync_folder
from mini_buildd.kit.clock import Clock
from mini_buildd.kit.process import run_following
from mini_buildd.tools.mmdebstrap import ChrootSource, command, progress


def missing_chroots(places: Places) -> list[Chroot]:
    """The chroots that are configured and were never made.

    One whose tarball somebody has put in its place counts as made when the tarball was.
    """
    missing = []
    for chroot in Chroot.objects.filter(made_at=None).select_related("base"):
        tarball = tarball_of(places, chroot)
        if tarball.exists():
            chroot.made_at = datetime.fromtimestamp(tarball.stat().st_mtime, UTC)
            chroot.save(update_fields=["made_at"])
        else:
            missing.append(chroot)
    return missing


def tarball_of(places: Places, chroot: Chroot) -> Path:
    """The tarball of *chroot*; also what a schroot is unpacked from."""
    return places.chroots / f"{chroot.base.codename}-{chroot.architecture}.tar.zst"


def sources_of(base: Base) -> list[ChrootSource]:
    """The apt sources of *base*: what its chroots are made from and keep."""
    return [source_of(row) for row in base.apt_sources.all()]


def source_of(row: AptSource) -> ChrootSource:
    """One of them, as the tools take it."""
    return ChrootSource(
        row.url, row.suite, row.components, row.keyring, check_valid_until=row.check_valid_until
    )


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
    """Make the tarball of *chroot* anew and switch to it; *say* is told of each step.

    Raises mini_buildd.kit.process.CommandFailed. Builds that run keep what they unpacked.
    """
    codename = Codename(chroot.base.codename)
    architecture = Architecture(chroot.architecture)
    final = tarball_of(places, chroot)
    making = final.with_name(f"making-{final.name}")
    run_following(
        command(
            codename=codename,
            architecture=architecture,
            target=making,
            mode="unshare",
            sources=sources_of(chroot.base),
        ),
        lambda line: say(step) if (step := progress(line)) else None,
    )
    sync_file(making)
    making.rename(final)
    sync_folder(final.parent)
    chroot.made_at = clock()
    chroot.save(update_fields=["made_at"])
