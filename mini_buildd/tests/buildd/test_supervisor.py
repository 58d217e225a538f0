"""The supervisor: every way in which a build can end, and what is left of it then."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.tests.buildd.scripts import GOOD, TASK, Bench, summary
from mini_buildd.tests.instance import processes, wait_for
from mini_buildd.wire.task import BuildStatus, Limits, Result


def start(bench: Bench) -> subprocess.Popen[bytes]:
    """A supervisor for TASK."""
    bench.folder.create(TASK)
    return subprocess.Popen(
        [sys.executable, "-m", "mini_buildd.buildd.supervisor", str(bench.folder.path)],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def run(bench: Bench, script: str) -> Result:
    """The result of a build by *script*."""
    bench.sbuild(script)
    process = start(bench)
    assert process.wait(30) == 0
    result = bench.result()
    assert result is not None
    assert (result.attempt, result.fence) == (TASK.attempt, TASK.fence)
    return result


def test_a_good_end_lists_what_was_made(bench: Bench) -> None:
    result = run(bench, GOOD)
    assert result.status is BuildStatus.SUCCEEDED
    assert result.changes == "hello_1.0~test13+1_amd64.changes"
    assert sorted(file.name for file in result.files) == [
        "hello_1.0~test13+1_amd64.changes",
        "hello_1.0~test13+1_amd64.deb",
    ]
    assert "building" in bench.log()
    running = bench.folder.running()
    assert running is not None
    assert running.started_at <= result.finished_at


@pytest.mark.parametrize(
    ("script", "status", "reason"),
    [
        (summary(Status="attempted", Fail_Stage="build") + "exit 2", BuildStatus.FAILED, "build"),
        (
            summary(Status="given-back", Fail_Stage="fetch-src") + "exit 3",
            BuildStatus.INFRASTRUCTURE,
            "fetch-src",
        ),
        (
            "echo ' sbuild-build-depends-x : Depends: libfoo-dev but it is not installable'"
            + summary(Status="given-back", Fail_Stage="install-deps")
            + "exit 3",
            BuildStatus.DEP_WAIT,
            "libfoo-dev",
        ),
        ("exit 0", BuildStatus.INFRASTRUCTURE, "without a summary"),
        ("kill -9 $$", BuildStatus.INFRASTRUCTURE, "-9"),
        (summary(Status="successful"), BuildStatus.INFRASTRUCTURE, "no .changes"),
    ],
)
def test_every_other_end_has_its_reason_and_no_files(
    bench: Bench, script: str, status: BuildStatus, reason: str
) -> None:
    result = run(bench, script)
    assert result.status is status
    assert reason in result.reason
    assert result.files == ()


WITHOUT_SBUILD = """
import sys
from pathlib import Path
from mini_buildd.buildd import sbuild_run, supervisor
sbuild_run._SYSTEM_PATH = ""
supervisor.supervise(supervisor.TaskFolder(Path(sys.argv[1])))
"""


def test_a_machine_without_sbuild_is_infrastructure(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    bench.folder.create(TASK)
    subprocess.run([sys.executable, "-c", WITHOUT_SBUILD, str(bench.folder.path)], check=True)
    result = bench.result()
    assert result is not None
    assert result.status is BuildStatus.INFRASTRUCTURE
    assert "could not be run" in result.reason


def test_only_plain_files_are_handed_in(bench: Bench) -> None:
    result = run(
        bench,
        "ln -s /etc/passwd link.deb; mkfifo pipe.deb; mkdir folder.deb; ln -s gone lost\n" + GOOD,
    )
    assert sorted(file.name for file in result.files) == [
        "hello_1.0~test13+1_amd64.changes",
        "hello_1.0~test13+1_amd64.deb",
    ]


def test_a_huge_log_is_kept_whole_and_its_end_is_read(bench: Bench) -> None:
    result = run(bench, "yes 'the same line again and again' | head -c 50000000\n" + GOOD)
    assert result.status is BuildStatus.SUCCEEDED
    assert bench.folder.log.stat().st_size > 50_000_000


def test_bytes_that_are_no_text_do_not_matter(bench: Bench) -> None:
    result = run(bench, "head -c 100000 /dev/urandom\n" + GOOD)
    assert result.status is BuildStatus.SUCCEEDED


def test_a_build_knows_next_to_nothing_of_the_daemons_environment(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINI_BUILDD_ADMIN_PASSWORD", "secret")
    run(bench, "env\n" + GOOD)
    assert "secret" not in bench.log()
    assert "LC_ALL=C.UTF-8" in bench.log()


def test_what_the_build_left_running_is_ended_before_the_result_counts(bench: Bench) -> None:
    """Double-forked, deaf to SIGTERM, in a session of its own."""
    straggler = "trap '' TERM; while :; do echo more >> late; sleep 0.05; done"
    result = run(bench, f'(setsid sh -c "{straggler}" &) ; sleep 0.2\n' + GOOD)
    assert result.status is BuildStatus.SUCCEEDED
    name = str(bench.root).encode()
    assert not [pid for pid, command in processes() if name in command or b"echo more" in command]


STARTER = """
import signal, subprocess, sys
supervisor = [sys.executable, "-m", "mini_buildd.buildd.supervisor", sys.argv[1]]
subprocess.Popen(supervisor, start_new_session=True)
signal.pause()
"""


def test_it_goes_on_when_its_starter_dies(bench: Bench) -> None:
    bench.sbuild("echo begun; sleep 0.5\n" + GOOD)
    bench.folder.create(TASK)
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(bench.folder.path)])
    wait_for("it builds", bench.said("begun"), seconds=30)
    starter.kill()
    starter.wait()
    result = wait_for("it ends", bench.result, seconds=30)
    assert result.status is BuildStatus.SUCCEEDED


def test_when_it_dies_the_kernel_ends_sbuild(bench: Bench) -> None:
    bench.sbuild("trap 'echo tidied; exit 1' TERM; echo begun; while :; do sleep 0.05; done")
    process = start(bench)
    wait_for("it builds", bench.said("begun"), seconds=30)
    process.kill()
    process.wait()
    wait_for("sbuild is told", bench.said("tidied"), seconds=30)
    assert bench.result() is None
    assert not bench.folder.is_locked()


def test_a_second_one_for_the_same_task_leaves_at_once(bench: Bench) -> None:
    bench.sbuild("echo begun; while [ ! -e go ]; do sleep 0.05; done\n" + GOOD)
    first = start(bench)
    wait_for("it builds", bench.said("begun"), seconds=30)
    assert start(bench).wait(30) == 0
    assert bench.result() is None
    assert bench.folder.is_locked()
    (bench.folder.results / "go").touch()
    assert first.wait(30) == 0
    before = bench.result()
    assert before is not None
    assert start(bench).wait(30) == 0, "and so does one that comes when all is done"
    assert bench.result() == before
    assert bench.log().count("begun") == 1


def test_the_lock_is_free_as_soon_as_its_holder_is_gone(tmp_path: Path) -> None:
    folder = TaskFolder(tmp_path)
    held = folder.lock()
    assert held is not None
    assert folder.lock() is None
    assert folder.is_locked()
    os.close(held)
    assert not folder.is_locked()


def test_a_task_that_is_none_has_no_result(bench: Bench) -> None:
    bench.sbuild(GOOD)
    bench.folder.create(TASK)
    (bench.folder.path / "task.json").write_text("{}")
    process = subprocess.run(
        [sys.executable, "-m", "mini_buildd.buildd.supervisor", str(bench.folder.path)],
        check=False,
        capture_output=True,
    )
    assert process.returncode != 0
    assert bench.result() is None
    assert not bench.folder.is_locked()


# --- limits and cancelling -------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "script", "stage", "reason"),
    [
        (Limits(minutes=1), "while :; do echo x; sleep 0.2; done", "time", "longer than 1 minutes"),
        (Limits(silent_minutes=1), "sleep 600", "silence", "said nothing for 1 minutes"),
        (Limits(log_bytes=1 << 20), "yes | head -c 30000000; sleep 600", "log", "grew past 1 MB"),
    ],
)
def test_a_build_that_passes_a_limit_is_ended_with_that_reason(
    bench: Bench, limits: Limits, script: str, stage: str, reason: str
) -> None:
    bench.sbuild(script)
    bench.folder.create(msgspec.structs.replace(TASK, limits=limits))
    quick = [sys.executable, "-c", QUICKER, str(bench.folder.path)]
    subprocess.run(quick, check=True, timeout=60)
    result = bench.result()
    assert result is not None
    assert (result.status, result.stage) == (BuildStatus.FAILED, stage)
    assert reason in result.reason
    assert result.reason in bench.log()
    assert not still_there(bench)


# A minute of this clock takes a second.
QUICKER = """
import sys, time
from pathlib import Path
from mini_buildd.buildd import supervisor, watch
began = time.monotonic()
class Quick:
    monotonic = staticmethod(lambda: began + (time.monotonic() - began) * 60)
watch.time = Quick
supervisor.supervise(supervisor.TaskFolder(Path(sys.argv[1])))
"""


def still_there(bench: Bench) -> list[int]:
    """Processes of the build."""
    name = str(bench.root).encode()
    return [pid for pid, command in processes() if name in command]


def test_the_first_sigterm_cancels_and_nothing_is_left(bench: Bench) -> None:
    bench.sbuild("trap '' TERM; (setsid sleep 600 &); echo begun; while :; do sleep 0.1; done")
    process = start(bench)
    wait_for("it builds", bench.said("begun"), seconds=30)
    process.terminate()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    result = bench.result()
    assert result is not None
    assert result.status is BuildStatus.CANCELLED
    assert "mini-buildd: cancelled" in bench.log()
    assert not still_there(bench)


def test_limits_that_nobody_keeps_are_told(bench: Bench) -> None:
    bench.sbuild(GOOD)
    limits = Limits(memory_bytes=1 << 30, processes=100)
    bench.folder.create(msgspec.structs.replace(TASK, limits=limits))
    assert start_again(bench) == 0
    result = bench.result()
    assert result is not None
    assert result.status is BuildStatus.SUCCEEDED
    assert result.notes == ("not limited in a session of schroot: memory, processes",)
    assert result.notes[0] in bench.log()


def start_again(bench: Bench) -> int:
    """A supervisor for the task that lies there already, to its end."""
    command = [sys.executable, "-m", "mini_buildd.buildd.supervisor", str(bench.folder.path)]
    return subprocess.run(command, check=False, timeout=60).returncode


def test_what_it_took_is_measured(bench: Bench) -> None:
    result = run(bench, "perl -e '$i++ while $i < 30000000'\n" + GOOD)
    assert result.cpu_seconds > 0.3
    assert [phase.title for phase in result.phases][-1] == "Summary"
