"""Sweeping: whatever an attempt left behind goes, and nothing of anybody else."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mini_buildd.buildd import sweep
from mini_buildd.kit.process import ProcessIdentity, identify, is_alive
from mini_buildd.tests.instance import wait_for
from mini_buildd.tools.namespace import enter_command, find_own_subids

Start = Callable[..., ProcessIdentity]

# Becomes somebody else's child, ignores that it is asked to end, and says who it is.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open(sys.argv[1], "w").write(str(os.getpid()))
        time.sleep(300)
os._exit(0)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """That of an attempt."""
    made = tmp_path / "builds" / ("b" * 32)
    made.mkdir(parents=True)
    return made


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts double-forked processes that ignore SIGTERM; those left end with the test."""
    made: list[ProcessIdentity] = []

    def begin(
        *wrapper: str, environment: dict[str, str] | None = None, cwd: Path | None = None
    ) -> ProcessIdentity:
        note = tmp_path / f"pid-{len(made)}"
        subprocess.run(
            [*wrapper, sys.executable, "-c", STUBBORN, str(note)],
            env={**os.environ, **(environment or {})},
            cwd=cwd,
            check=True,
        )
        wait_for("it says who it is", lambda: note.exists() and note.read_text(), seconds=20)
        pid = int(note.read_text())
        identity = identify(pid)
        assert identity is not None
        made.append(identity)
        return identity

    yield begin
    for identity in made:
        if is_alive(identity):
            os.kill(identity.pid, signal.SIGKILL)


def test_one_that_has_the_folder_in_its_environment_goes_and_others_stay(
    folder: Path, start: Start
) -> None:
    ours = start(environment={"SBUILD_CONFIG": f"{folder}/sbuildrc"})
    other = start(environment={"SBUILD_CONFIG": f"{folder.with_name('c' * 32)}/sbuildrc"})
    assert sweep.find_stragglers(folder) == [ours]
    assert sweep.end_stragglers(folder)
    assert not is_alive(ours)
    assert is_alive(other)
    assert sweep.find_stragglers(folder) == []


def test_who_looks_at_the_folder_or_reads_its_log_stays(folder: Path, start: Start) -> None:
    (folder / "log").write_text("Build")
    with (folder / "log").open() as log:
        reader = subprocess.Popen(["tail", "-f", str(folder / "log")], stdin=log)
        looker = start(environment={"PWD": str(folder), "OLDPWD": str(folder)}, cwd=folder)
        assert sweep.find_stragglers(folder) == []
        assert sweep.end_stragglers(folder)
        assert is_alive(looker)
        assert reader.poll() is None
        reader.kill()
        reader.wait()


def test_who_writes_to_its_log_goes(folder: Path) -> None:
    with (folder / "log").open("ab") as log:
        writer = subprocess.Popen(["sleep", "300"], stdout=log)
    assert sweep.end_stragglers(folder)
    assert writer.wait(20) == -signal.SIGKILL


def test_children_go_with_their_parents(folder: Path) -> None:
    """They may have cleaned their environment; an orphan of those is the cell's to end."""
    parent = subprocess.Popen(
        ["sh", "-c", "env --ignore-environment PATH=/usr/bin:/bin sleep 300 & wait"],
        env={**os.environ, "SBUILD_CONFIG": str(folder)},
    )
    wait_for("both run", lambda: len(sweep.find_stragglers(folder)) == 2, seconds=20)
    child = next(each for each in sweep.find_stragglers(folder) if each.pid != parent.pid)
    assert sweep.end_stragglers(folder)
    assert parent.wait(20) == -signal.SIGKILL
    assert not is_alive(child)


def test_those_of_subordinate_users_in_namespaces_of_their_own_go_by_what_is_mounted(
    folder: Path, start: Start
) -> None:
    (folder / "work").mkdir()
    subids = find_own_subids()
    assert subids is not None
    enter = enter_command(subids, "--mount")
    mounting = ["sh", "-c", f'mount --bind {folder}/work /mnt && exec "$@"', "sh"]
    clean = ["env", "--ignore-environment", f"PATH={os.environ['PATH']}"]
    folder.parent.parent.chmod(0o777)  # for its note
    straggler = start(*enter, *mounting, *clean)
    assert Path(f"/proc/{straggler.pid}").stat().st_uid != os.getuid()
    assert sweep.find_stragglers(folder) == [straggler]
    assert sweep.end_stragglers(folder)
    assert not is_alive(straggler)


def test_it_ends_neither_itself_nor_who_has_started_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a daemon that was started by hand out of such a folder's environment."""
    code = (
        "import sys; from pathlib import Path; from mini_buildd.buildd import sweep;"
        "sys.exit(not sweep.end_stragglers(Path(sys.argv[1])))"
    )
    monkeypatch.setenv("SOMETHING", str(folder))
    command = ["sh", "-c", f"{sys.executable} -c '{code}' {folder}; echo $?"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


def test_files_of_subordinate_users_are_removed(folder: Path) -> None:
    subids = find_own_subids()
    assert subids is not None
    work = folder / "work"
    work.mkdir()
    work.chmod(0o777)
    tree = (
        f"mkdir -p {work}/a/b && touch {work}/a/b/c && chmod 0 {work}/a/b && chown -R 5:5 {work}/a"
    )
    subprocess.run([*enter_command(subids), "sh", "-c", tree], check=True)
    with contextlib.suppress(PermissionError):
        (work / "a" / "b" / "c").unlink()
        pytest.fail("it is ours after all")
    assert sweep.remove_folder(work)
    assert not work.exists()
    assert sweep.remove_folder(work), "gone already"


def test_what_cannot_be_removed_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert not sweep.remove_folder(Path("/proc/self/fdinfo"))
    assert "/proc/self/fdinfo cannot be removed" in caplog.text
