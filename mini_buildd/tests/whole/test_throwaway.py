"""A throw-away root is a Debian of its own while it lasts, and nothing of it is left afterwards."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.deb.names import Codename
from mini_buildd.tests.throwaway import CommandFailed, ThrowawayRoot
from mini_buildd.tools.hostapt import keyring_of, read_host_sources, sources_for

pytestmark = pytest.mark.whole


@pytest.fixture(scope="session")
def tarball() -> Path:
    """A small root of the host's own release, from where the host's own apt has it."""
    codename = Codename(platform.freedesktop_os_release()["VERSION_CODENAME"])
    path = Path(os.environ["MINI_BUILDD_CACHE"]) / f"throwaway-{codename}.tar.zst"
    if not path.exists():
        _make(path, codename)
    return path


def _make(path: Path, codename: Codename) -> None:
    lines = [
        f"deb [signed-by={keyring_of('Debian')}] {each.url} {each.suite} main"
        for each in sources_for(codename, "Debian", read_host_sources(), with_updates=False)
    ]
    beside = path.with_name(f"new-{path.name}")
    command = ["mmdebstrap", "--mode=unshare", "--variant=apt", codename, str(beside), *lines]
    subprocess.run(command, check=True)
    beside.rename(path)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def root(tarball: Path, scratch: Path) -> Iterator[ThrowawayRoot]:
    shared = scratch / "shared"
    shared.mkdir()
    (shared / "file").write_text("from the host")
    with ThrowawayRoot(tarball, scratch, binds={"/srv/shared": shared}) as opened:
        yield opened


def test_commands_run_as_its_root(root: ThrowawayRoot) -> None:
    assert root.run("id", "-u").stdout == "0\n"


def test_apt_installs_what_the_host_can_reach(root: ThrowawayRoot) -> None:
    root.run("apt-get", "update")
    root.run("apt-get", "install", "--yes", "--no-install-recommends", "hello")
    assert root.run("hello").stdout == "Hello, world!\n"


def test_services_of_installed_packages_stay_off(root: ThrowawayRoot) -> None:
    assert root.run("policy-rc.d", check=False).returncode == 101


def test_written_files_are_read_again(root: ThrowawayRoot) -> None:
    root.write("/etc/new/folder/file", b"\0bytes\n", mode=0o600)
    assert root.read("/etc/new/folder/file") == b"\0bytes\n"
    assert root.run("stat", "-c", "%a %U", "/etc/new/folder/file").stdout == "600 root\n"


def test_reading_what_is_not_there_is_an_error(root: ThrowawayRoot) -> None:
    with pytest.raises(FileNotFoundError, match="/no/such"):
        root.read("/no/such")


def test_a_link_cannot_lead_writing_out_of_the_root(root: ThrowawayRoot, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    root.run("ln", "-s", str(tmp_path), "/way-out")
    root.run("mkdir", "-p", str(tmp_path))
    root.write("/way-out/file", b"inside")
    assert list(tmp_path.iterdir()) == []


def test_bound_folders_are_readable_and_not_writable(root: ThrowawayRoot) -> None:
    assert root.read("/srv/shared/file") == b"from the host"
    result = root.run("touch", "/srv/shared/new", check=False)
    assert "Read-only file system" in result.stderr


def test_files_of_other_users_keep_their_owners(root: ThrowawayRoot) -> None:
    root.run("sh", "-c", "touch /of-mail && chown mail: /of-mail")
    assert root.run("stat", "-c", "%U", "/of-mail").stdout == "mail\n"
    assert (root.folder / "of-mail").stat().st_uid not in (0, os.getuid())


def test_a_failure_says_what_and_how(root: ThrowawayRoot) -> None:
    with pytest.raises(CommandFailed, match=r"(?s)status 3.*the reason") as failed:
        root.run("sh", "-c", "echo the reason >&2; exit 3")
    assert failed.value.result.returncode == 3


def test_a_command_takes_its_background_processes_along(root: ThrowawayRoot) -> None:
    root.run("sh", "-c", "sleep 86399 >/dev/null 2>&1 &")
    _wait_until_gone("86399")


def test_a_command_that_takes_too_long_is_killed_with_its_children(root: ThrowawayRoot) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        root.run("sh", "-c", "sleep 86398; true", timeout_seconds=0.5)
    _wait_until_gone("86398")


def test_nothing_is_left_afterwards(tarball: Path, tmp_path: Path) -> None:
    mounts = Path("/proc/self/mounts").read_bytes()
    with ThrowawayRoot(tarball, tmp_path) as opened:
        opened.run("sh", "-c", "mkdir -m 0 /closed && chown mail: /closed")
    assert list(tmp_path.iterdir()) == []
    assert Path("/proc/self/mounts").read_bytes() == mounts
    with pytest.raises(RuntimeError, match="with block"):
        opened.run("true")


def test_what_a_killed_process_left_goes_with_the_next_root(tarball: Path, tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from mini_buildd.tests.throwaway import ThrowawayRoot\n"
        "with ThrowawayRoot(Path(sys.argv[1]), Path(sys.argv[2])):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tarball), str(tmp_path)], check=False)
    (left,) = tmp_path.iterdir()
    with ThrowawayRoot(tarball, tmp_path) as first, ThrowawayRoot(tarball, tmp_path) as second:
        assert first.folder.exists()
        assert second.folder.exists()
        assert not left.exists()


def _wait_until_gone(argument: str) -> None:
    deadline = time.monotonic() + 10
    while any(argument.encode() in line for line in _command_lines()):
        assert time.monotonic() < deadline, f"a process with the argument {argument} still runs"
        time.sleep(0.02)


def _command_lines() -> Iterator[list[bytes]]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().split(b"\0")
        except OSError:
            continue
