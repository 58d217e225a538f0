"""The demo and the tests on machines where nothing was installed before.

A bare Debian root is made for each codename and entered with pivot_root in namespaces of its own:
inside a plain chroot the kernel refuses the user namespaces that the builds need
(user_namespaces(7)). Its network is the host's, and so are its way to packages and libraries:
apt's sources and proxies, local certificates, pip's configuration.
"""

import contextlib
import fcntl
import os
import re
import shlex
import shutil
import subprocess
import textwrap
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.deb.names import Codename
from mini_buildd.tools.hostapt import keyring_of, read_host_sources, sources_for

_CODENAMES = ("bookworm", "trixie")
_COMMANDS = (("./devel", "demo", "--exit"), ("./devel", "test"))
_CLONE = "root/mini-buildd"
_HOSTS = b"127.0.0.1 localhost\n127.0.1.1 fresh\n::1 localhost ip6-localhost ip6-loopback\n"

# The first process stays a shell: like any init it has to collect the orphans of the others.
_NAMESPACES = [
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--pid", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child"),
]

# $1 is the root; then come folders to show read-only, up to "--"; then the command.
_ENTER = f"""
set -eu
root=$1; shift
echo fresh >/proc/sys/kernel/hostname
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
for node in null zero full random urandom tty; do
  : >"$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
while [ "$1" != -- ]; do
  mkdir -p "$root$1"
  mount --bind "$1" "$root$1"
  mount -o remount,bind,ro "$root$1"
  shift
done
shift
cd "$root"
mkdir -p .host
pivot_root . .host
cd "/{_CLONE}"
umount -l /.host
rmdir /.host
unset OLDPWD
"$@"
exit $?
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One command in one root."""

    codename: str
    command: str
    status: int
    seconds: float


def run(arguments: list[str]) -> int:
    """Run `[CODENAME …] [-- COMMAND …]`; returns 0 when all commands did in all roots."""
    codenames, commands = _asked(arguments)
    scratch = Path(os.environ["MINI_BUILDD_CACHE"]) / "fresh"
    tree = Path(os.environ["MINI_BUILDD_TREE"])
    outcomes: list[Outcome] = []
    for codename in codenames:
        with _bare_root(scratch, codename, tree) as root:
            outcomes += [_try(root, codename, command) for command in commands]
    print(_table(outcomes))
    return 0 if all(each.status == 0 for each in outcomes) else 1


def _asked(arguments: Sequence[str]) -> tuple[list[Codename], Sequence[Sequence[str]]]:
    words = list(arguments)
    command = words[words.index("--") + 1 :] if "--" in words else []
    named = words[: words.index("--")] if "--" in words else words
    return [Codename(each) for each in named or _CODENAMES], [command] if command else _COMMANDS


@contextlib.contextmanager
def _bare_root(scratch: Path, codename: Codename, tree: Path) -> Iterator[Path]:
    """A Debian with nothing but apt, and the committed state of *tree* in it."""
    root = scratch / codename
    scratch.mkdir(parents=True, exist_ok=True)
    with (scratch / f"{codename}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _remove(root)
        try:
            _say(codename, "making a bare root")
            _install(root, codename)
            _copy_host(root)
            _clone(tree, root / _CLONE)
            yield root
        finally:
            _remove(root)


def _install(root: Path, codename: Codename) -> None:
    sources = sources_for(codename, "Debian", read_host_sources(), with_updates=True)
    if not sources:
        raise SystemExit(
            f"campaign fresh: this machine's apt knows no Debian to get {codename} from"
        )
    lines = [f"deb {each.url} {each.suite} {' '.join(each.components)}" for each in sources]
    # A mirror over https is of no use before its certificate can be checked.
    extra = ["--include=ca-certificates"] if any("https:" in line for line in lines) else []
    keyring = [f"--keyring={keyring_of('Debian')}"]
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", *extra, *keyring]
    subprocess.run([*command, codename, str(root), *lines], check=True)


def _copy_host(root: Path) -> None:
    """What the person who installed this machine would have set up: names, proxies, pip."""
    _write(root, Path("/etc/resolv.conf"), Path("/etc/resolv.conf").read_bytes())
    _write(root, Path("/etc/hosts"), _HOSTS)
    _write(root, Path("/etc/apt/apt.conf.d/80proxy"), _apt_proxies())
    certificates = Path("/usr/local/share/ca-certificates").glob("**/*.crt")
    for path in (*certificates, *_pip_configurations()):
        _write(root, path, path.read_bytes())


def _apt_proxies() -> bytes:
    told = subprocess.run(["apt-config", "dump"], check=True, capture_output=True)
    wanted = re.compile(rb"Acquire::https?::\S*Proxy\S* ", re.IGNORECASE)
    return b"\n".join(line for line in told.stdout.splitlines() if wanted.match(line)) + b"\n"


def _pip_configurations() -> list[Path]:
    """Where pip looks for its configuration (its documentation, "Configuration")."""
    home = Path.home()
    named = os.environ.get("PIP_CONFIG_FILE", "")
    paths = [Path("/etc/pip.conf"), home / ".pip/pip.conf", home / ".config/pip/pip.conf"]
    return [path for path in (*paths, Path(named)) if path.is_file()]


def _environment() -> dict[str, str]:
    """A root login's environment, with the host's settings for pip and for proxies."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("PIP_") or name.lower().endswith("_proxy")
    }
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return kept | {"PATH": path, "HOME": "/root", "USER": "root", "LOGNAME": "root"}


def _package_folders() -> list[str]:
    """Local folders that pip takes packages from; an index has its files beside it."""
    texts = [path.read_text(encoding="utf-8") for path in _pip_configurations()]
    texts += [value for name, value in os.environ.items() if name.startswith("PIP_")]
    words = [word.removeprefix("file://") for text in texts for word in text.split()]
    paths = [Path(word) for word in words if word.startswith("/")]
    folders = [path.parent if path.name == "simple" else path for path in paths]
    return sorted({str(each) for each in folders if each.is_dir() and each != Path("/")})


def _write(root: Path, path: Path, content: bytes) -> None:
    target = root / path.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.write_bytes(content)


def _clone(tree: Path, target: Path) -> None:
    """What is committed, as somebody else would get it."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", tree, target], check=True)
    status = ["git", "--no-optional-locks", "-C", str(tree), "status", "--porcelain"]
    changed = subprocess.run(status, check=True, capture_output=True)
    if changed.stdout:
        print("campaign fresh: the tree has changes that are not committed; they are not tried")


def _try(root: Path, codename: Codename, command: Sequence[str]) -> Outcome:
    words = textwrap.shorten(shlex.join(command), 60, placeholder=" …")
    _say(codename, words)
    started_at = time.monotonic()
    status = _run_inside(root, codename, command)
    seconds = time.monotonic() - started_at
    _say(codename, f"{words} ended with status {status} after {seconds:.0f} s")
    return Outcome(codename, words, status, seconds)


def _run_inside(root: Path, codename: Codename, command: Sequence[str]) -> int:
    """Run a command, showing what it says; all of its processes end with it."""
    enter = ["sh", "-c", _ENTER, "enter", str(root), *_package_folders(), "--", *command]
    with subprocess.Popen(
        [*_NAMESPACES, "--", *enter],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            for line in process.stdout or ():
                _say(codename, line.decode("utf-8", "replace").rstrip())
        except BaseException:
            process.kill()
            raise
    return process.returncode


def _say(codename: Codename, text: str) -> None:
    print(f"{codename} | {text}", flush=True)


def _table(outcomes: Sequence[Outcome]) -> str:
    rows = [("codename", "command", "status", "minutes")]
    rows += [
        (each.codename, each.command, str(each.status), f"{each.seconds / 60:.1f}")
        for each in outcomes
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _remove(root: Path) -> None:
    """Remove a root; nothing is mounted in it out here, and if so it is not crossed."""
    if root.exists():
        subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=True)
    shutil.rmtree(root, ignore_errors=True)
