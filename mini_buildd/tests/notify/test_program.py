"""Programs of hooks.d, really run: which may be, with what, and for how long."""

import os
import threading
import time
from pathlib import Path

import pytest

from mini_buildd.notify.program import Runner, RunStopped, find_programs


def put(folder: Path, name: str, text: str = "exit 0", mode: int = 0o755) -> Path:
    """A shell script."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    path.parent.chmod(0o755)
    return path


def test_what_is_executable_and_named_plainly_is_a_program(tmp_path: Path) -> None:
    for name in ("chat", "suite.published/mirror", "old.dpkg-old", "chat~", ".hidden"):
        put(tmp_path, name)
    put(tmp_path, "README", mode=0o644)
    found = {each.name: each.kind for each in find_programs(tmp_path)}
    assert found == {"chat": "", "suite.published/mirror": "suite.published"}
    assert find_programs(tmp_path / "nothing") == ()


@pytest.mark.parametrize("place", ["file", "folder"])
def test_what_others_may_write_is_not_trusted(tmp_path: Path, place: str) -> None:
    program = put(tmp_path / "hooks.d", "chat")
    assert [each.fault for each in find_programs(program.parent)] == [""]
    (program if place == "file" else program.parent).chmod(0o777)
    (found,) = find_programs(program.parent)
    assert "can be written by others" in found.fault


def test_a_folder_that_cannot_be_read_is_told_and_hides_no_other(tmp_path: Path) -> None:
    put(tmp_path, "chat")
    closed = put(tmp_path, "suite.published/mirror").parent
    closed.chmod(0o000)
    found = {each.name: each.fault for each in find_programs(tmp_path)}
    closed.chmod(0o755)
    assert found == {"chat": "", closed.name: f"{closed} cannot be read: Permission denied"}
    tmp_path.chmod(0o600)
    (fault,) = (each.fault for each in find_programs(tmp_path))
    tmp_path.chmod(0o755)
    assert "cannot be read" in fault


def test_it_gets_the_event_and_what_it_says_is_kept(tmp_path: Path) -> None:
    program = put(tmp_path, "chat", 'cat; echo " $MINI_BUILDD_EVENT $HOME" >&2; exit 3')
    run = Runner(20).run(program, {"MINI_BUILDD_EVENT": "x", "PATH": "/bin:/usr/bin"}, b"{}" * 3)
    assert (run.status, run.output, run.is_good) == (3, "{}{}{} x \n", False)
    assert Runner(20).run(put(tmp_path, "good"), {}, b"").is_good


def test_it_may_leave_its_input_unread_and_write_without_end(tmp_path: Path) -> None:
    program = put(tmp_path, "chat", "head -c 3000000 /dev/zero | tr '\\0' x; echo the end")
    run = Runner(60).run(program, {"PATH": "/bin:/usr/bin"}, b"{}" * 1_000_000)
    assert run.is_good
    assert run.output.endswith("xxxthe end\n")
    assert len(run.output) == 4096


def test_who_takes_too_long_is_ended_with_all_that_it_has_begun(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = put(tmp_path, "slow", f"sleep 1000 & echo $! >{note}; echo begun; wait")
    run = Runner(2).run(program, {"PATH": "/bin:/usr/bin"}, b"")
    assert (run.status, run.output) == (None, "begun\n")
    assert ends(int(note.read_text()))


def test_what_it_leaves_behind_is_ended_too(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = put(tmp_path, "leaving", f"sleep 1000 & echo $! >{note}")
    run = Runner(60).run(program, {"PATH": "/bin:/usr/bin"}, b"")
    assert run.is_good
    assert ends(int(note.read_text()))


def test_stopping_ends_what_runs(tmp_path: Path) -> None:
    fifo = tmp_path / "begun"
    os.mkfifo(fifo)
    program = put(tmp_path, "slow", f"echo >{fifo}; sleep 1000")
    runner = Runner(1000)

    def stop() -> None:
        fifo.read_text()
        runner.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(RunStopped):
        runner.run(program, {"PATH": "/bin:/usr/bin"}, b"")
    thread.join(10)
    with pytest.raises(RunStopped):
        runner.run(program, {}, b"")


def ends(pid: int) -> bool:
    """Whether that process, which was killed, is gone soon."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not is_alive(pid):
            return True
        time.sleep(0.01)
    return False


def is_alive(pid: int) -> bool:
    """Whether that process does anything still; one that nobody has waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
