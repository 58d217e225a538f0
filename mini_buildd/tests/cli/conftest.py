"""An instance whose suites have something, and the command line for it, in this process."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mini_buildd.cli import main as command_line
from mini_buildd.cli.archive import run_archive
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.domain.problem import Problem
from mini_buildd.flow.open_site import open_site
from mini_buildd.flow.publish import begin
from mini_buildd.keys import gpg
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import Shelf
from mini_buildd.tests.packager import Packager


@pytest.fixture(scope="session")
def packager(short_folder: Path) -> Iterator[Packager]:
    """Pat, whose key is registered."""
    pat = Packager(Path(tempfile.mkdtemp(dir=short_folder)))
    yield pat
    pat.close()


@dataclass(frozen=True, slots=True)
class Desk:
    """``mini-buildd archive`` as somebody types it."""

    scene: Scene
    shelf: Shelf
    capsys: pytest.CaptureFixture[str]

    def call(self, *words: str) -> tuple[int, str, str]:
        """Its exit status, what it says, and what it complains of."""
        options = command_line._parser().parse_args(["archive", *words])
        self.capsys.readouterr()
        try:
            status = run_archive(options, self.scene.settings, self.scene.site.places)
        except Problem as problem:
            command_line._explain(problem)
            status = 1
        said = self.capsys.readouterr()
        return status, said.out, said.err

    def say(self, *words: str) -> str:
        """What it says; it must end well."""
        status, said, complained = self.call(*words)
        assert (status, complained) == (0, "")
        return said


@pytest.fixture
def desk(
    short_folder: Path, packager: Packager, db: None, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    """Unstable: version 1 is empty, 2 has hello 1.0 and bc 1.0, 3 has hello 1.1. Testing: empty."""
    del db
    home = Path(tempfile.mkdtemp(dir=short_folder))
    places = Places(home)
    places.make()
    signer = open_site(Settings(home=home, identity="example"), places).signer
    scene = Scene(home, packager, signer)
    scene.set_up()
    shelf = Shelf(scene)
    shelf.check_installability(wanted=False)
    for suite in ("unstable", "testing"):
        begin(scene.site, scene.distribution(suite))
        shelf.publish(suite)
    shelf.put(shelf.source(), shelf.source("bc"))
    shelf.publish()
    shelf.put(shelf.source("hello", "1.1"))
    shelf.publish()
    yield Desk(scene, shelf, capsys)
    gpg.stop_agent(scene.site.places.gnupg)
