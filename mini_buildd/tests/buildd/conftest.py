"""A builder's bench for each test."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.kit.process import ProcessIdentity, is_alive
from mini_buildd.tests.buildd.cells import Cells
from mini_buildd.tests.buildd.scripts import Bench
from mini_buildd.tests.scenario import Scenario, generations_beside
from mini_buildd.wire.task import MalformedMessage


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Its supervisors end with the test, whatever has come of it."""
    made = Bench(tmp_path)
    monkeypatch.setenv("PATH", made.path)
    yield made
    for folder in (tmp_path / "builds").glob("*"):
        with contextlib.suppress(MalformedMessage):
            running = TaskFolder(folder).running()
            if running and is_alive(
                ProcessIdentity(running.pid, running.start_ticks, running.boot_id)
            ):
                os.kill(running.pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def base_scene(short_folder: Path) -> Iterator[Scenario]:
    """A scene with what builds start from; no daemon runs in it."""
    scene = Scenario(short_folder / "base")
    scene.set_up()
    yield scene
    scene.close()


@pytest.fixture(scope="session")
def base(base_scene: Scenario) -> Path:
    """The root of this machine's release that builds start from; made when none is there yet."""
    generations = generations_beside(base_scene.chroot)
    return generations.path(generations.names()[-1]) / "root"


@pytest.fixture
def cells(base: Path, tmp_path: Path) -> Iterator[Cells]:
    """A bench for cells."""
    made = Cells(base, tmp_path / "cells")
    made.folder.mkdir()
    yield made
    made.remove()
