"""Small roots of several releases of Debian, for their apt to read what we publish.

Each is made once, from where this machine's own apt has Debian, and kept in the cache.
"""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mini_buildd.deb.names import Codename
from mini_buildd.tests.scenario import cache_folder, host_architecture
from mini_buildd.tools.hostapt import HostSource, keyring_of, read_host_sources, sources_for

RELEASES = (Codename("bookworm"), Codename("trixie"), Codename("forky"))

_MAKING_SECONDS = 400


class RootNotMade(Exception):
    """There is no root of a release here, and none could be made; the text says why."""


def root_of(codename: Codename) -> Path:
    """The tarball of a root with little but apt; raises RootNotMade."""
    folder = cache_folder() / "roots"
    folder.mkdir(parents=True, exist_ok=True)
    tarball = folder / f"{codename}-{host_architecture()}.tar.zst"
    with _locked(folder):
        if not tarball.exists():
            _make(tarball, codename)
    return tarball


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two that make the same root at once would do the work twice."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make(tarball: Path, codename: Codename) -> None:
    sources = sources_for(codename, "Debian", read_host_sources(), with_updates=False)
    if not sources:
        raise RootNotMade(f"this machine's apt knows no Debian to get {codename} from")
    making = tarball.with_name(f"making-{tarball.name}")  # its suffix says how it is compressed
    command = ["mmdebstrap", "--mode=unshare", "--variant=apt", codename, str(making)]
    try:
        done = subprocess.run(
            [*command, *map(_line, sources)],
            check=False,
            capture_output=True,
            text=True,
            timeout=_MAKING_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise RootNotMade(f"making {codename} took more than {_MAKING_SECONDS} s") from None
    if done.returncode:
        raise RootNotMade(f"making {codename}: {' '.join(done.stderr.split()[-40:])}")
    making.rename(tarball)


def _line(source: HostSource) -> str:
    """A mirror that lags may be past its time, and will do: it is apt that is wanted of it."""
    options = f"check-valid-until=no signed-by={keyring_of('Debian')}"
    return f"deb [{options}] {source.url} {source.suite} main"
