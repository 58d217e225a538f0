"""A Debian root to install packages in, made from a tarball and thrown away after use.

It needs no privileges, only a range of subordinate user ids (subuid(5), user_namespaces(7)). Each
command enters a namespace of its own and takes all its mounts and processes with it when it ends;
what stays in between is one folder, whose files belong to the subordinate ids.
"""

import contextlib
import fcntl
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

# The user is root in there, and the subordinate ids are everybody else (util-linux 2.38).
_USERS = ["unshare", "--map-root-user", "--map-auto"]
_NAMESPACES = [*_USERS, "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts"]

# $1 is the root; then come triples of source, place and mount options up to "--"; then the command.
_ENTER = """
set -eu
root=$1; shift
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
for node in null zero full random urandom tty; do
  : >"$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
while [ "$1" != -- ]; do
  mkdir -p "$root/$2"
  mount --rbind "$1" "$root/$2"
  mount -o "remount,bind,$3" "$root/$2"
  shift 3
done
shift
exec chroot "$root" "$@"
"""

_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}

# A mount that came from outside the namespace keeps its restrictions, and a remount must name them.
_MOUNT_OPTIONS = {
    os.ST_NOSUID: "nosuid",
    os.ST_NODEV: "nodev",
    os.ST_NOEXEC: "noexec",
    os.ST_NOATIME: "noatime",
    os.ST_NODIRATIME: "nodiratime",
    os.ST_RELATIME: "relatime",
}


class CommandFailed(Exception):
    """A command in a throw-away root did not end with status 0; the text holds its last lines."""

    def __init__(self, result: subprocess.CompletedProcess[str]) -> None:
        said = "\n".join((result.stdout + result.stderr).splitlines()[-25:])
        super().__init__(f"{result.args!r} ended with status {result.returncode}:\n{said}")
        self.result = result


@dataclass(slots=True)
class ThrowawayRoot:
    """A context manager: unpacks *tarball* under the folder *scratch*, and removes it at the end.

    *binds* maps places in the root to folders of the host, which are seen there read-only. The
    network is the host's, so what listens on loopback is reached under the same address.
    """

    tarball: Path
    scratch: Path
    binds: Mapping[str, Path] = field(default_factory=dict)
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, init=False)
    _folder: Path | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(_scratch_folder(self.scratch))
            self._folder = folder / "root"
            self._folder.mkdir(mode=0o755)
            _unpack(self.tarball, self._folder)
            self._prepare()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._folder = None

    @property
    def folder(self) -> Path:
        """Where the root lies on the host."""
        if self._folder is None:
            raise RuntimeError("a throw-away root exists only inside its with block")
        return self._folder

    def run(
        self,
        *command: str,
        check: bool = True,
        timeout_seconds: float = 600,
        given: bytes = b"",
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run *command* as root of the root, with *given* as its input.

        Raises CommandFailed when it fails and *check* holds, TimeoutExpired (after killing all of
        its processes) when it takes longer than *timeout_seconds*.
        """
        raw = self._run(command, given, timeout_seconds, environment or {})
        result = subprocess.CompletedProcess(
            list(command),
            raw.returncode,
            raw.stdout.decode("utf-8", "replace"),
            raw.stderr.decode("utf-8", "replace"),
        )
        if check and result.returncode != 0:
            raise CommandFailed(result)
        return result

    def write(self, path: str, content: bytes, *, mode: int = 0o644) -> None:
        """Write a file, making the folders above it; links in *path* stay within the root."""
        script = 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"'
        self.run("sh", "-c", script, "write", path, f"{mode:o}", given=content)

    def read(self, path: str) -> bytes:
        """The bytes of a file; FileNotFoundError when it cannot be read."""
        result = self._run(("cat", path), b"", 60, {})
        if result.returncode != 0:
            raise FileNotFoundError(result.stderr.decode("utf-8", "replace").strip())
        return result.stdout

    def _run(
        self,
        command: Sequence[str],
        given: bytes,
        timeout_seconds: float,
        environment: Mapping[str, str],
    ) -> subprocess.CompletedProcess[bytes]:
        enter = ["sh", "-c", _ENTER, "enter", str(self.folder), *self._mounts(), "--"]
        return subprocess.run(
            [*_NAMESPACES, "--", *enter, *command],
            input=given,
            capture_output=True,
            check=False,
            timeout=timeout_seconds,
            env={**_ENVIRONMENT, **_proxies(), **environment},
            cwd="/",
        )

    def _mounts(self) -> list[str]:
        return [
            word
            for place, source in self.binds.items()
            for word in (str(source.resolve(strict=True)), place, _read_only(source))
        ]

    def _prepare(self) -> None:
        """What tells this root from a machine: names from the host, no services, no fsync."""
        self.run("rm", "-f", "/etc/resolv.conf")
        self.write("/etc/resolv.conf", Path("/etc/resolv.conf").read_bytes())
        self.write("/usr/sbin/policy-rc.d", b"#!/bin/sh\nexit 101\n", mode=0o755)
        self.write("/etc/dpkg/dpkg.cfg.d/throwaway", b"force-unsafe-io\n")


def _proxies() -> dict[str, str]:
    """The host's web proxies, which are not for what listens on loopback."""
    proxies = {
        name: value
        for name, value in os.environ.items()
        if name.lower() in ("http_proxy", "https_proxy")
    }
    return proxies | {"no_proxy": "127.0.0.1,localhost," + os.environ.get("no_proxy", "")}


def _read_only(source: Path) -> str:
    flags = os.statvfs(source).f_flag
    return ",".join(["ro", *(name for bit, name in _MOUNT_OPTIONS.items() if flags & bit)])


def _unpack(tarball: Path, folder: Path) -> None:
    """Unpack all but the device nodes, which nobody may make in a user namespace."""
    tar = ["tar", "--extract", f"--file={tarball}", f"--directory={folder}", "--numeric-owner"]
    result = subprocess.run(
        [*_USERS, "--", *tar, "--preserve-permissions", "--exclude=./dev/*"],
        capture_output=True,
        check=False,
        text=True,
    )
    if result.returncode != 0:
        raise CommandFailed(result)


@contextlib.contextmanager
def _scratch_folder(scratch: Path) -> Iterator[Path]:
    """A new folder in *scratch*, locked while it is in use; it goes at the end, with all in it.

    Folders that nobody holds any more (their process was killed) go as well.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with _locked(scratch):
        for left in scratch.glob("throwaway-*"):
            _remove_unless_in_use(left)
        folder = Path(tempfile.mkdtemp(prefix="throwaway-", dir=scratch))
        holder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        _remove(folder)
        os.close(holder)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_unless_in_use(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        _remove(folder)
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    subprocess.run([*_USERS, "--", "rm", "-rf", str(folder)], check=True)
