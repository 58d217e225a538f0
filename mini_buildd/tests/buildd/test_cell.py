"""Cells: what can be done in one, what it can reach, and that nothing of it stays."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mini_buildd.buildd.cell import CellImpossible, open_cell
from mini_buildd.buildd.cell_build import own_subids
from mini_buildd.deb.names import Architecture
from mini_buildd.tests.buildd.cells import Cells, said_in
from mini_buildd.tests.instance import processes, wait_for
from mini_buildd.tools.cell import Bind, CellPlan
from mini_buildd.tools.foreign import (
    private_registration,
    register_script,
    runnable_architectures,
)

_BUILD_UID = "1000"
_PROGRAMS = Path("/usr/lib/arch-test")  # one for each architecture, which says that it runs


@pytest.fixture
def listener() -> Iterator[int]:
    """A port of the machine's loopback interface where somebody answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def connect(port: int) -> str:
    return (
        "perl -MIO::Socket::INET -e 'print IO::Socket::INET->new("
        f'PeerAddr => "127.0.0.1:{port}", Timeout => 5) ? "reached" : "not reached"\''
    )


def test_what_one_build_leaves_is_never_seen_by_the_next(cells: Cells) -> None:
    places = "/etc/left /tmp/left /usr/bin/left /var/cache/left /build-left /dev/shm/left"
    with cells.cell() as first:
        assert said_in(first, f"touch {places} && rm /etc/issue && echo x >> /etc/passwd") == ""
    with cells.cell() as second:
        assert said_in(second, f"ls {places} 2>/dev/null; ls /etc/issue").split() == ["/etc/issue"]
        assert "\nx\n" not in said_in(second, "cat /etc/passwd")


def test_two_cells_at_once_do_not_see_each_other(cells: Cells) -> None:
    with cells.cell() as first, cells.cell() as second:
        said_in(first, "touch /tmp/mine; setsid sleep 300 >/dev/null 2>&1 & ")
        assert said_in(second, "ls /tmp").strip() == ""
        assert "sleep" not in said_in(second, "cat /proc/[0-9]*/comm")
        assert "sleep" in said_in(first, "cat /proc/[0-9]*/comm")


def test_it_writes_to_a_folder_where_that_is_wanted(cells: Cells) -> None:
    upper = cells.folder / "upper"
    upper.mkdir()
    with cells.cell(upper=upper) as cell:
        said_in(cell, "echo kept > /srv/kept")
    assert (upper / "upper/srv/kept").read_text() == "kept\n"
    with cells.cell(upper / "upper") as cell:
        assert said_in(cell, "cat /srv/kept") == "kept\n"


def test_memory_that_it_may_write_to_has_an_end(cells: Cells) -> None:
    with cells.cell(tmpfs_bytes=8 << 20) as cell:
        assert "No space left" in said_in(cell, "head -c 20000000 /dev/zero > /tmp/large")


def test_nobody_but_root_has_a_network(cells: Cells, listener: int) -> None:
    with cells.cell() as cell:
        assert said_in(cell, connect(listener), online=True) == "reached"
        assert said_in(cell, connect(listener), user=_BUILD_UID) == "not reached"
        assert said_in(cell, connect(listener)) == "not reached"


def test_it_runs_programs_of_an_architecture_that_it_has_registered(cells: Cells) -> None:
    foreign = Architecture("s390x" if runnable_architectures()[0] == "arm64" else "arm64")
    registration = private_registration(foreign)
    if not registration or not (_PROGRAMS / foreign).exists():
        pytest.skip(f"needs Linux 6.7, qemu-user-static and arch-test to run {foreign}")
    shown = (Bind(_PROGRAMS, "/programs"),)
    for user in ("root", _BUILD_UID):
        with cells.cell(binds=shown, prepare=register_script(registration)) as cell:
            assert said_in(cell, f"/programs/{foreign}", user=user).strip() == "ok"
        with cells.cell(binds=shown) as cell:
            assert "Exec format error" in said_in(cell, f"/programs/{foreign}", user=user)


def test_it_can_talk_to_itself(cells: Cells) -> None:
    script = """perl -MIO::Socket::INET -e '
        $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1) or die "no server";
        IO::Socket::INET->new(PeerAddr => "127.0.0.1:" . $s->sockport) or die "no client";
        print "talked"'"""
    with cells.cell() as cell:
        assert said_in(cell, script, user=_BUILD_UID) == "talked"


@pytest.mark.parametrize("user", ["root", _BUILD_UID])
def test_it_cannot_reach_the_machines_files(cells: Cells, tmp_path: Path, user: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the key")
    direct = f"cat {secret}; ls -d {tmp_path}; find / -xdev -name {tmp_path.name}"
    by_process = f"cat /proc/1/root{secret} /proc/1/cwd{secret}"
    by_climbing = f"cd /proc/1/root && cat ../../../../..{secret}; cat /dev/fd/*{secret}"
    script = f"exec 2>/dev/null\n{direct}\n{by_process}\n{by_climbing}"
    with cells.cell() as cell:
        assert said_in(cell, script, user=user) == ""
        assert "No such file" in said_in(cell, f"cat {secret}", user=user)


def test_it_knows_nothing_of_the_daemons_environment(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINI_BUILDD_ADMIN_PASSWORD", "secret")
    with cells.cell() as cell:
        said = said_in(cell, "cat /proc/1/environ").split("\0")
    assert said == ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", ""]


def test_what_it_is_shown_it_cannot_change_not_even_as_root(cells: Cells, tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    shown.mkdir()
    (shown / "file").write_text("as it was")
    attempts = """
        echo changed > /run/shown/file
        mount -o remount,bind,rw /run/shown; echo changed > /run/shown/file
        umount /run/shown
        mount --bind /run/shown /mnt; mount -o remount,bind,rw /mnt; echo changed > /mnt/file
        unshare --mount sh -c 'mount -o remount,bind,rw /run/shown; echo changed > /run/shown/file'
        rm -rf /run/shown/file; chmod 777 /run/shown
        cat /run/shown/file"""
    with cells.cell(binds=(Bind(shown, "/run/shown"),)) as cell:
        said = said_in(cell, attempts)
    assert said.endswith("as it was"), said
    assert (shown / "file").read_text() == "as it was"


def test_a_folder_that_is_shared_belongs_to_the_builds_user(cells: Cells, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    with cells.cell(binds=(Bind(shared, "/run/shared", is_writable=True),)) as cell:
        assert said_in(cell, "echo built > /run/shared/object", user=_BUILD_UID) == ""
    assert (shared / "object").read_text() == "built\n"
    cells_own = shared.stat().st_uid
    assert cells_own == own_subids().first_uid + int(_BUILD_UID)
    subprocess.run(["chmod", "755", str(tmp_path)], check=True)


def test_it_sees_no_process_but_its_own_and_can_end_none(cells: Cells) -> None:
    with cells.cell() as cell:
        seen = said_in(cell, "ls /proc").split()
        numbers = [int(name) for name in seen if name.isdecimal()]
        assert len(numbers) < 6
        with subprocess.Popen(["sleep", "300"]) as outside:
            said_in(cell, f"kill -9 {os.getpid()} {outside.pid} -1")
            assert outside.poll() is None
            outside.kill()


def test_its_root_is_nobody_outside(cells: Cells) -> None:
    with cells.cell() as cell:
        status = Path(f"/proc/{cell.pid}/status").read_text()
        uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
        assert set(uids) == {str(own_subids().first_uid)}
        assert "cannot" in said_in(
            cell, f"chown {os.getuid()} /tmp; mknod /tmp/x b 8 0 || echo cannot"
        )


def test_with_it_all_that_ran_in_it_ends(cells: Cells) -> None:
    mark = f"cell-mark-{os.getpid()}"
    deaf = f"trap '' TERM HUP INT; while :; do sleep 0.1; done; : {mark}"
    with cells.cell() as cell:
        said_in(cell, f'setsid sh -c "{deaf}" >/dev/null 2>&1 &')
        assert [pid for pid, command in processes() if mark.encode() in command]
    assert not [pid for pid, command in processes() if mark.encode() in command]


_HOLDER = """
import signal, sys
from pathlib import Path
from mini_buildd.buildd.cell import open_cell
from mini_buildd.buildd.cell_build import own_subids
from mini_buildd.tools.cell import CellPlan
work = Path(sys.argv[2])
work.mkdir()
cell = open_cell(CellPlan((Path(sys.argv[1]),), work), own_subids(), sys.stderr.buffer)
print(cell.pid, flush=True)
signal.pause()
"""


def test_it_ends_with_whoever_made_it_and_leaves_no_mount(cells: Cells) -> None:
    work = cells.folder / "killed"
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(cells.base), str(work)], stdout=subprocess.PIPE
    )
    with holder:
        pid = int((holder.stdout or sys.stdin.buffer).readline())
        assert Path(f"/proc/{pid}").exists()
        holder.send_signal(signal.SIGKILL)
    wait_for("it is gone", lambda: not Path(f"/proc/{pid}").exists(), seconds=10)
    mounts = Path("/proc/self/mountinfo").read_text()
    assert str(work) not in mounts
    assert not list((work / "root").iterdir())
    (work / "root").rmdir()


def test_a_base_that_is_none_is_told(cells: Cells, tmp_path: Path) -> None:
    complaints = tmp_path / "complaints"
    with complaints.open("w+b") as stream, pytest.raises(CellImpossible):
        open_cell(CellPlan((tmp_path / "missing",), cells.folder / "w"), own_subids(), stream)
    assert "overlay" in complaints.read_text()


def test_it_ends_though_who_entered_it_was_killed_and_has_left_us_an_orphan(cells: Cells) -> None:
    """The kernel keeps its first process until somebody has waited for all others."""
    libc, subreaper = ctypes.CDLL(None), 36  # PR_SET_CHILD_SUBREAPER, as a supervisor is one
    libc.prctl(subreaper, 1, 0, 0, 0)
    try:
        with cells.cell() as cell:
            entered = subprocess.Popen(cell.command("sleep", "300"))
            children = Path(f"/proc/{entered.pid}/task/{entered.pid}/children")
            wait_for("it has entered", children.read_text, seconds=20)
            entered.kill()
            entered.wait()
            closing_began = time.monotonic()
        assert time.monotonic() - closing_began < 10
    finally:
        libc.prctl(subreaper, 0, 0, 0, 0)
