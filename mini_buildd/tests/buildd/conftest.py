"""A builder's bench for each test."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.kit.process import ProcessIdentity, is_alive
from mini_buildd.tests.buildd.scripts import Bench
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
