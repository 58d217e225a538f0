"""Taking things into the archive by the command line: a real archive of reprepro's, and copies."""

import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.keys import gpg
from mini_buildd.tests.cli.test_main import SETUP, Call
from mini_buildd.tests.cli.test_main import call as call  # noqa: PLC0414  # a fixture
from mini_buildd.tests.flow import foreign
from mini_buildd.tests.flow.package import BinaryPackage
from mini_buildd.tests.packager import Packager


@pytest.fixture
def packager(short_folder: Path) -> Iterator[Packager]:
    """Somebody with an archive."""
    someone = Packager(Path(tempfile.mkdtemp(dir=short_folder)))
    yield someone
    someone.close()


@pytest.fixture
def ready(call: Call, short_folder: Path) -> Iterator[Call]:
    """An instance whose suites take ready-made packages; GnuPG wants a short path."""
    home = Path(tempfile.mkdtemp(dir=short_folder))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return call(*arguments, MINI_BUILDD_HOME=str(home))

    for repository in ("test", "more"):
        assert run(*SETUP, "--architecture=i386", f"--repository={repository}").returncode == 0
    with sqlite3.connect(home / "db.sqlite3") as rows:
        rows.execute(
            "UPDATE mini_buildd_suite SET accepts_ready_made = 1, checks_installability = 0"
        )
    rows.close()
    yield run
    gpg.stop_agent(home / "gnupg")


def test_packages_are_taken_in_imported_and_copied(
    ready: Call, tmp_path: Path, packager: Packager
) -> None:
    deb = BinaryPackage("thing", "1.0").put(tmp_path)
    told = ready("archive-take", "trixie-test-unstable", str(deb), "--dry-run")
    assert "version 1: 1 source packages differ\n  added thing 1.0\n" in told.stdout, told.stderr
    taken = ready("archive-take", "trixie-test-unstable", os.path.relpath(deb), "--origin=us")
    assert taken.stdout == told.stdout
    again = ready("archive-take", "trixie-test-unstable", str(deb))
    assert (again.returncode, "[nothing-to-do]" in again.stderr) == (1, True)
    theirs = foreign.reprepro(tmp_path, packager)
    suites = ("old=trixie-test-stable", "new=trixie-test-unstable")
    unsure = ready("archive-import", str(theirs.root), *suites)
    assert unsure.returncode == 2
    keyring = f"--keyring={theirs.keyring}"
    done = ready("archive-import", str(theirs.root), *suites, keyring)
    assert "trixie-test-stable version 1: 1 source packages differ\n" in done.stdout, done.stderr
    assert "trixie-test-unstable version 2: 2 source packages differ\n" in done.stdout
    wrong = ready("archive-import", str(theirs.root), "../x=trixie-test-stable", keyring)
    assert (wrong.returncode, "is not a path in an archive" in wrong.stderr) == (1, True)
    copied = ready("archive-copy", "trixie-test-unstable", "trixie-more-stable", "hello", "thing")
    assert copied.stdout.splitlines()[1:] == ["  added hello 1.0-1", "  added thing 1.0"]
