"""``mini-buildd build debug``: a shell where a build ended, and nothing left of it afterwards."""

import os
import pty
import re
import select
import time
from collections.abc import Iterator

import pytest

from mini_buildd.tests.instance import processes, wait_for
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import tiny

pytestmark = pytest.mark.whole


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command: list[str]) -> None:
        self.said, self._is_open = "", True
        pid, self._descriptor = pty.fork()
        if pid == 0:
            os.execvp(command[0], command)  # noqa: S606  # it is to have this terminal
        self._pid = pid

    def wait_for(self, pattern: str, seconds: float) -> str:
        """Read until *pattern* was said since the last time; gives what was said."""
        start, deadline = len(self.said), time.monotonic() + seconds
        while not re.search(pattern, self.said[start:]):
            left = deadline - time.monotonic()
            if left < 0 or not self._read(left):
                raise AssertionError(f"not said: {pattern}\n{self.said[-3000:]}")
        return self.said[start:]

    def _read(self, seconds: float) -> bool:
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # the last one has closed it
            return False
        self.said += data.decode(errors="replace")
        return bool(data)

    def type(self, text: str) -> None:
        """As on the keyboard."""
        os.write(self._descriptor, text.encode())

    def status(self) -> int:
        """Wait for its end."""
        while self._read(60):
            pass
        self._is_open = False
        os.close(self._descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def hang_up(self) -> None:
        """As when the window is closed; harmless afterwards."""
        if self._is_open:
            self._is_open = False
            os.close(self._descriptor)
            os.waitpid(self._pid, 0)


@pytest.fixture(scope="module")
def failed(scene: Scenario) -> int:
    """The number of a build that failed."""
    tree = tiny("mbd-tiny", scene.folder / "sources" / "failing")
    control = tree / "debian" / "control"  # of a name that no other test has, in any version
    control.write_text(control.read_text().replace("mbd-tiny", "mbd-broken"))
    rules = tree / "debian" / "rules"
    rules.write_text(
        rules.read_text().replace(
            "build-arch build-indep:\n",
            "build-arch build-indep:\n\techo made > made-by-the-build; false\n",
        )
    )
    version = scene.version("0.1")
    scene.packager.change(tree, version=version, distribution=scene.distribution, text="Fails.")
    upload = scene.packager.build_source(tree)
    scene.packager.dput(scene.instance, upload)
    row = scene.instance.upload_of(upload.name)
    scene.instance.wait_for_source(row["id"], "failed")
    job = scene.instance.job_of(row["id"])
    assert job is not None
    return int(job["id"])


@pytest.fixture
def terminal(scene: Scenario, failed: int) -> Iterator[Terminal]:
    """Its debugging."""
    before = {path.name for path in (scene.instance.home / "builds").iterdir()}
    attempts = len(scene.instance.rows("SELECT id FROM mini_buildd_attempt"))
    made = Terminal(scene.instance.command("build", "debug", str(failed)))
    yield made
    made.hang_up()
    home = str(scene.instance.home).encode()
    wait_for(
        "nothing is left",
        lambda: (
            {path.name for path in (scene.instance.home / "builds").iterdir()} == before
            and not [
                pid for pid, command in processes() if home in command and b"debug-" in command
            ]
        ),
        seconds=60,
    )
    assert len(scene.instance.rows("SELECT id FROM mini_buildd_attempt")) == attempts


def test_a_failed_build_gives_a_shell_where_it_ended(terminal: Terminal) -> None:
    terminal.wait_for(r"[#$] $", 180)
    terminal.type("cat made-by-the-build; id -u; echo don''e\n")
    assert re.search(r"made\r\n0\r\n", terminal.wait_for(r"done\r\n", 30))
    terminal.type("exit\n")
    assert terminal.status() == 0
    assert "nothing of this is kept" in terminal.said


def test_a_window_that_is_closed_ends_it(terminal: Terminal) -> None:
    terminal.wait_for(r"[#$] $", 180)
    terminal.hang_up()
