"""The daemon on a full disk: it says so once, shows it to people, and goes on by itself."""

import tempfile
from pathlib import Path

import pytest

from mini_buildd.tests.instance import Instance, wait_for
from mini_buildd.tests.scenario import host_codename
from mini_buildd.tests.small_disk import SmallDisk, on_small_disk

pytestmark = pytest.mark.whole

_SUITE = f"{host_codename()}-test-unstable"


def test_a_full_disk_is_told_and_over_as_soon_as_there_is_room(short_folder: Path) -> None:
    instance = Instance(Path(tempfile.mkdtemp(prefix="full-", dir=short_folder)))
    instance.configure()
    instance.call("setup", f"--codename={host_codename()}", "--no-chroots")

    def home_page() -> str:
        return instance.get("/")[1].decode()

    def play(disk: SmallDisk) -> None:
        with disk.with_room(0):
            instance.start()
            wait_for("the page tells", lambda: f"{_SUITE} cannot be" in home_page(), seconds=30)
            assert f"room on the disk of {disk.folder}" in home_page()
        wait_for("nothing is told any more", lambda: _SUITE not in home_page(), seconds=60)
        assert (disk.folder / "test" / "dists" / _SUITE / "InRelease").is_file()
        log = instance.daemon_log.read_text(encoding="utf-8")
        assert log.count(f"publish {_SUITE} failed") == 1
        assert f"publish {_SUITE} goes on" in log
        assert "Traceback" not in log
        assert instance.stop() == 0

    def work(disk: SmallDisk) -> None:
        try:
            play(disk)
        finally:
            instance.kill()

    on_small_disk(instance.home / "archive", 4 << 20, work)
