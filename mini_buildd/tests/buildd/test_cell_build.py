"""Real builds in real cells, without a daemon: where they write, how they are cut short."""

import os
import secrets
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.buildd.layers import Layers
from mini_buildd.tests.instance import processes, wait_for
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import tiny
from mini_buildd.wire.task import BuildStatus, Limits, Result, Task

_SUPERVISE = """
import sys
from pathlib import Path
from mini_buildd.buildd import room, supervisor
room.available_bytes = lambda: int(sys.argv[2])
supervisor.supervise(supervisor.TaskFolder(Path(sys.argv[1])))
"""
_MB = 1 << 20


@dataclass
class Yard:
    """Where tasks are built; *dsc* makes a source package whose build runs a script."""

    scene: Scenario
    base: Path
    made: int = 0

    def dsc(self, script: str) -> Path:
        self.made += 1
        folder = self.scene.folder / "yard" / str(self.made)
        tree = tiny("mbd-tiny", folder)
        rules = tree / "debian" / "rules"
        text = rules.read_text().replace("build-arch build-indep:", "build-indep:")
        rules.write_text(f"{text}\nbuild-arch:\n\tsh debian/try.sh\n")
        (tree / "debian" / "try.sh").write_text(script)
        version, suite = self.scene.version("9.0"), self.scene.distribution
        self.scene.packager.change(tree, version=version, distribution=suite, text="Tried.")
        upload = self.scene.packager.build_source(tree, sign=False)
        return next(path for path in upload.files if path.suffix == ".dsc")

    def task(self, script: str, **changes: Any) -> TaskFolder:
        """A task folder for a build of that script."""
        token = secrets.token_hex(16)
        task = Task(
            attempt=token,
            fence=1,
            source="mbd-tiny",
            version=self.scene.version("9.0"),
            dsc=str(self.dsc(script)),
            codename=str(self.scene.codename),
            distribution=self.scene.distribution,
            architecture=self.scene.architecture,
            builds_any=True,
            builds_all=True,
            backend="unshare",
            chroot="",
            apt_sources=(),
            base=str(self.base.parent),
            layers=str(self.scene.instance.home / "layers"),
        )
        folder = TaskFolder(self.scene.instance.home / "builds" / token)
        folder.create(msgspec.structs.replace(task, **changes))
        return folder

    def start(self, folder: TaskFolder, available: int = 8 << 30) -> subprocess.Popen[bytes]:
        """Its supervisor, on a machine with so much memory."""
        command = [sys.executable, "-c", _SUPERVISE, str(folder.path), str(available)]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def run(self, folder: TaskFolder, available: int = 8 << 30) -> Result:
        """Build to the end."""
        assert self.start(folder, available).wait(300) == 0
        result = folder.result()
        assert result is not None
        return result


@pytest.fixture(scope="session")
def yard(base_scene: Scenario, base: Path) -> Yard:
    """One for all tests."""
    return Yard(base_scene, base)


def nothing_is_left(folder: TaskFolder) -> bool:
    """No process, no mount, no folder that it worked in."""
    name = folder.path.name
    mounts = Path("/proc/self/mountinfo").read_text()
    left = [command for _, command in processes() if name.encode() in command]
    return not left and name not in mounts and not folder.work.exists()


def said(folder: TaskFolder, text: str) -> bool:
    """Whether the log has *text*."""
    return folder.log.exists() and text in folder.log.read_text(errors="replace")


def test_a_build_that_fills_its_memory_is_to_be_tried_on_the_disk_and_succeeds_there(
    yard: Yard,
) -> None:
    script = "head -c 300000000 /dev/zero > large && echo has room"
    folder = yard.task(script, work="tmpfs")
    result = yard.run(folder, available=400 * _MB)
    assert (result.status, result.stage) == (BuildStatus.INFRASTRUCTURE, "disk")
    assert nothing_is_left(folder)
    folder = yard.task(script, work="disk")
    result = yard.run(folder)
    assert result.status is BuildStatus.SUCCEEDED, result.reason
    assert result.disk_bytes > 0
    assert nothing_is_left(folder)


@pytest.mark.parametrize(
    ("limits", "script", "stage"),
    [
        (
            Limits(memory_bytes=200 * _MB),
            "perl -e '$x = \"x\" x 500_000_000; sleep 300'",
            "memory",
        ),
        (
            Limits(disk_bytes=300 * _MB),
            "for i in 1 2 3 4; do head -c 99M /dev/zero > $i; done; sleep 300",
            "disk",
        ),
    ],
)
def test_a_build_that_takes_too_much_is_ended_with_that_reason(
    yard: Yard, limits: Limits, script: str, stage: str
) -> None:
    folder = yard.task(script, limits=limits)
    result = yard.run(folder)
    assert (result.status, result.stage) == (BuildStatus.FAILED, stage), result.reason
    assert result.reason in folder.log.read_text(errors="replace")
    assert nothing_is_left(folder)


def test_processes_and_sizes_of_files_have_an_end(yard: Yard) -> None:
    script = (
        "head -c 900M /dev/zero > big || echo too big\n"
        "for i in $(seq 200); do sleep 20 & done; echo started all\n"
    )
    limits = Limits(processes=100, disk_bytes=500 * _MB)
    folder = yard.task(script, limits=limits)
    yard.run(folder)
    assert said(folder, "too big")
    assert not said(folder, "started all")
    assert nothing_is_left(folder)


@pytest.mark.parametrize("work", ["tmpfs", "disk"])
def test_a_guess_that_is_wrong_is_mended(yard: Yard, work: str) -> None:
    first = yard.run(yard.task("true", work=work))
    folder = yard.scene.instance.home / "layers"
    notes = {note: note.read_text() for note in folder.glob("kind-*")}
    assert first.layer in notes.values()
    other = work[0].ljust(64, "0")
    making = Layers(folder).begin(other)
    (making / "upper").mkdir()
    assert Layers(folder).keep(making, other)
    for note in notes:
        note.write_text(other)
    again = yard.task("true", work=work)
    second = yard.run(again)
    assert second.status is BuildStatus.SUCCEEDED, second.reason
    assert second.layer == first.layer
    assert {note: note.read_text() for note in notes} == notes
    assert nothing_is_left(again)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_whoever_ends_the_supervisor_ends_all(yard: Yard, end: signal.Signals) -> None:
    deaf = "trap '' TERM INT HUP; setsid sh -c 'while :; do sleep 1; done' & echo begun; sleep 300"
    folder = yard.task(deaf)
    process = yard.start(folder)
    wait_for("it builds", lambda: said(folder, "\nbegun\n"), seconds=120)
    process.send_signal(end)
    process.wait(10)
    wait_for("no process is left", lambda: not _alive(folder), seconds=10)
    result = folder.result()
    if end == signal.SIGTERM:
        assert result is not None
        assert result.status is BuildStatus.CANCELLED
        assert nothing_is_left(folder)
    else:
        assert result is None
        assert not folder.is_locked()


def _alive(folder: TaskFolder) -> list[bytes]:
    name = folder.path.name.encode()
    mark = os.fsencode(folder.path)
    found = []
    for pid, command in processes():
        mounts = Path(f"/proc/{pid}/mountinfo")
        try:
            is_in_cell = mark in mounts.read_bytes()
        except OSError:
            continue
        if is_in_cell or name in command:
            found.append(command)
    return found
