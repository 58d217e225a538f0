"""Telling processes apart, and running one while its lines are read."""

import os
import select
import subprocess
import sys
from dataclasses import replace

import pytest

from mini_buildd.kit.process import (
    CommandFailed,
    identify,
    is_alive,
    open_pidfd,
    run_following,
)

# An awkward name: the kernel shows it in parentheses in /proc/PID/stat.
_ODD_NAME = "a) S 1 (b"


def test_a_process_is_itself_while_it_lives_and_nobody_afterwards() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        identity = identify(process.pid)
        assert identity is not None
        assert is_alive(identity)
        process.communicate()
    assert not is_alive(identity)
    assert identify(process.pid) is None


def test_a_dead_child_that_nobody_has_waited_for_is_not_alive() -> None:
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert identify(process.pid) is None
    process.wait()


def test_the_same_number_at_another_time_or_boot_is_another_process() -> None:
    here = identify(os.getpid())
    assert here is not None
    assert not is_alive(replace(here, start_ticks=here.start_ticks + 1))
    assert not is_alive(replace(here, boot_id="another"))
    assert open_pidfd(replace(here, boot_id="another")) is None


def test_a_command_name_with_parentheses_and_blanks_is_no_trouble() -> None:
    script = (
        "import ctypes, sys\n"
        f"ctypes.CDLL(None).prctl(15, {_ODD_NAME!r}.encode(), 0, 0, 0)\n"
        "print('named', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        identity = identify(process.pid)
        process.communicate()
    here = identify(os.getpid())
    assert identity is not None
    assert here is not None
    assert identity.start_ticks >= here.start_ticks


def test_the_descriptor_becomes_readable_when_the_process_ends() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        identity = identify(process.pid)
        assert identity is not None
        descriptor = open_pidfd(identity)
        assert descriptor is not None
        assert select.select([descriptor], [], [], 0)[0] == []
        process.communicate()
    assert select.select([descriptor], [], [], 10)[0] == [descriptor]
    os.close(descriptor)
    assert open_pidfd(identity) is None


def test_each_line_is_handed_on_and_what_is_not_utf_8_is_no_trouble() -> None:
    said: list[str] = []
    run_following(["printf", r"one\n\377two\nthree"], said.append)
    assert said == ["one", "\ufffdtwo", "three"]


def test_a_command_that_fails_says_how_it_ended_and_its_last_lines() -> None:
    with pytest.raises(CommandFailed, match=r"sh ended with status 3\n  line 9") as caught:
        run_following(["sh", "-c", "seq -f 'line %g' 20; exit 3"], lambda _: None)
    assert caught.value.status == 3
    assert "line 20" in str(caught.value)
    assert "line 8\n" not in str(caught.value)


def test_a_command_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        run_following(["/nonexistent/command"], lambda _: None)
