"""An instance is saved while it works, lost, and made anew: apt sees the same, and it goes on."""

import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from mini_buildd.tests.instance import Instance, wait_for

UNSTABLE = "trixie-test-unstable"


@pytest.fixture(scope="module")
def instance(short_folder: Path) -> Iterator[Instance]:
    """One whose unstable has bc, dash and hello."""
    made = Instance(Path(tempfile.mkdtemp(dir=short_folder)) / "home")
    made.configure()
    made.call(
        "setup",
        "--codename=trixie",
        "--architecture=amd64",
        "--archive-url=http://deb.example/debian",
        "--no-chroots",
    )
    furnish = Path(__file__).with_name("furnish.py")
    subprocess.run([sys.executable, str(furnish), str(made.home), "whole"], check=True)
    yield made
    made.kill()
    subprocess.run(["gpgconf", "--homedir", str(made.home / "gnupg"), "--kill", "all"], check=True)


def tree(home: Path) -> Mapping[str, bytes | str]:
    """The archive: what each file has, and where each link leads."""
    return {
        str(path.relative_to(home)): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        for path in (home / "archive").rglob("*")
        if path.is_symlink() or path.is_file()
    }


def restored(instance: Instance, source: Path) -> Instance:
    """A new instance from what was saved at *source*, on other ports."""
    made = Instance(instance.home.parent / f"again-{source.name}"[:20])
    done = made.call("restore", str(source))
    assert "all is well" in done.stdout
    made.configure()
    return made


class Bringing(threading.Thread):
    """Somebody who uploads file after file, as long as it goes on."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(daemon=True)
        self._url = f"{instance.url}/upload"
        self._is_over = threading.Event()
        self.count = 0

    def run(self) -> None:
        while not self._is_over.is_set():
            name = f"{self._url}/some_{self.count}.dsc"
            request = urllib.request.Request(name, data=b"x" * 5000, method="PUT")
            try:
                with urllib.request.urlopen(request, timeout=30):
                    self.count += 1
            except OSError:  # the daemon may have been killed
                return

    def stop(self) -> None:
        self._is_over.set()
        self.join()


def test_saved_during_uploads_killed_and_made_anew_it_goes_on(instance: Instance) -> None:
    target = instance.home.parent / "saved"
    instance.start()
    bringing = Bringing(instance)
    bringing.start()
    wait_for("some have come", lambda: bringing.count > 3, seconds=30)
    first = instance.call("backup", "--verify", str(target)).stdout
    before = bringing.count
    wait_for("more have come", lambda: bringing.count > before, seconds=30)
    bringing.stop()
    instance.kill()
    assert "saved to" in first
    seen = tree(instance.home)
    secret = (instance.home / "secret-key").read_bytes()

    again = restored(instance, target)
    assert tree(again.home) == seen
    assert (again.home / "secret-key").read_bytes() == secret
    with again:
        path = f"/archive/test/dists/{UNSTABLE}/InRelease"
        assert again.get(path)[1] == seen[str(pointed(seen) / "InRelease")]
        # What it does by its key and its rows goes on.
        done = again.call("archive", "migrate", UNSTABLE, "hello")
        assert "published as version" in done.stdout
        listed = again.call("archive", "show", UNSTABLE).stdout
        assert all(name in listed for name in ("bc", "dash", "hello"))
        spooled = list((again.home / "spool" / "files").glob("some_*.dsc/*"))
        assert len(spooled) > 3


def pointed(seen: Mapping[str, bytes | str]) -> Path:
    """The version of unstable that apt is shown."""
    link = seen[f"archive/test/dists/{UNSTABLE}"]
    return Path("archive/test/suites") / Path(str(link)).relative_to("../suites")


def test_the_next_backup_takes_room_only_for_what_is_new(instance: Instance) -> None:
    target = instance.home.parent / "again-and-again"
    instance.call("backup", str(target))
    instance.call("backup", str(target))
    older, newer = sorted(target.iterdir())
    notes = [json.loads((each / "backup.json").read_text()) for each in (older, newer)]
    # All but the database, and what is written to in its place.
    assert notes[1]["files"] - notes[1]["linked"] < 6
    of_pool = next((older / "home/archive/test/pool").rglob("*.dsc"))
    same = newer / of_pool.relative_to(older)
    assert same.stat().st_ino == of_pool.stat().st_ino
    shutil.rmtree(older)  # each is whole by itself
    assert tree(restored(instance, target).home) == tree(instance.home)


@pytest.mark.parametrize("name", ["saved.tar", "saved.tar.zst"])
def test_one_file_will_do(instance: Instance, name: str) -> None:
    target = instance.home.parent / name
    instance.call("backup", str(target))
    assert target.stat().st_mode & 0o777 == 0o600
    assert not list(instance.home.glob(".backup*"))
    again = restored(instance, target)
    assert tree(again.home) == tree(instance.home)
    assert (again.home / "gnupg").stat().st_mode & 0o777 == 0o700


def test_nothing_is_restored_over_what_is_there(instance: Instance) -> None:
    target = instance.home.parent / "not-over"
    instance.call("backup", str(target))
    refused = instance.call("restore", str(target), check=False)
    assert refused.returncode == 1
    assert "[backup-impossible]" in refused.stderr
    assert "all is well" in instance.call("archive", "check").stdout


def test_what_lacks_a_file_is_not_taken_for_a_backup(instance: Instance) -> None:
    target = instance.home.parent / "lacking"
    file = next((instance.home / "archive/test/pool").rglob("*.dsc"))
    away = file.with_name("away")
    file.rename(away)
    try:
        refused = instance.call("backup", str(target), check=False)
        assert file.name in refused.stderr
    finally:
        away.rename(file)
    assert list(target.iterdir()) == []


def test_a_database_that_was_changed_afterwards_is_refused(instance: Instance) -> None:
    target = instance.home.parent / "changed"
    instance.call("backup", str(target))
    (saved,) = target.iterdir()
    with closing(sqlite3.connect(saved / "home/db.sqlite3")) as database:
        database.execute("DELETE FROM mini_buildd_sourcefile")
        database.commit()
    home = instance.home.parent / "never"
    refused = Instance(home).call("restore", str(target), check=False)
    assert (refused.returncode, home.exists()) == (1, False)
    assert not list(home.parent.glob(".never*"))


@pytest.mark.parametrize(
    "way", ["up", "absolute", "link", "device", "hard link", "hard link by a link"]
)
def test_a_file_that_leads_elsewhere_is_refused(tmp_path: Path, way: str) -> None:
    file, outside = tmp_path / "bad.tar", tmp_path / "outside"
    with tarfile.open(file, "w") as tar:
        if way == "link":
            link = tarfile.TarInfo("home/link")
            link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
            tar.addfile(link)
        names = {"up": "home/../../outside", "absolute": str(outside), "link": "home/link/outside"}
        member = tarfile.TarInfo(names.get(way, "home/device"))
        if way == "device":
            member.type = tarfile.CHRTYPE
        if way.startswith("hard link"):
            (tmp_path / "private").write_text("secret")
            link = tarfile.TarInfo("home/link")
            link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
            tar.addfile(link)
            member.type = tarfile.LNKTYPE
            member.linkname = "home/link/private" if "by" in way else str(tmp_path / "private")
        tar.addfile(member)
    refused = Instance(tmp_path / "home").call("restore", str(file), check=False)
    assert refused.returncode == 1
    assert "[backup-impossible]" in refused.stderr
    assert ("links inside of the instance" in refused.stderr) == way.startswith("hard link")
    assert not outside.exists()
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("lost", ["the end", "gnupg", "the database"])
def test_what_was_cut_off_on_the_way_is_not_taken_for_the_whole(
    instance: Instance, tmp_path: Path, lost: str
) -> None:
    """A tar file that ends between two members is none that tar complains of."""
    whole, part = tmp_path / "whole.tar", tmp_path / "part.tar"
    instance.call("backup", str(whole))
    with tarfile.open(whole) as source:
        members = source.getmembers()
        files = [each for each in members if each.isfile()]
        kept = {
            "the end": members[: members.index(files[-1])],
            "gnupg": [each for each in members if "gnupg/" not in each.name],
            "the database": [each for each in members if not each.name.endswith("db.sqlite3")],
        }[lost]
        assert len(kept) < len(members)
        with tarfile.open(part, "w") as target:
            for each in kept:
                target.addfile(each, source.extractfile(each) if each.isfile() else None)
    refused = Instance(tmp_path / "home").call("restore", str(part), check=False)
    assert refused.returncode == 1
    assert "[backup-impossible]" in refused.stderr
    assert not (tmp_path / "home").exists()


def test_a_backup_does_not_go_into_the_instance_itself(instance: Instance) -> None:
    refused = instance.call("backup", str(instance.home / "saved"), check=False)
    assert "[backup-impossible]" in refused.stderr


def test_sockets_and_what_is_being_written_are_left_out(instance: Instance) -> None:
    target = instance.home.parent / "left-out"
    part = instance.home / "archive/test/.being-written"
    part.write_text("half")
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(instance.home / "gnupg/S.test"))
        try:
            instance.call("backup", str(target))
        finally:
            part.unlink()
            (instance.home / "gnupg/S.test").unlink()
    (saved,) = target.iterdir()
    assert not (saved / "home/archive/test/.being-written").exists()
    assert not (saved / "home/gnupg/S.test").exists()
    assert (saved / "home/gnupg/pubring.kbx").exists()
