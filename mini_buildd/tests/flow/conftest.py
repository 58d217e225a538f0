"""A scene for each test; its keys are made once."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.archive.sign import Signer
from mini_buildd.flow.keys import signer_of
from mini_buildd.keys import gpg
from mini_buildd.keys.archive_keys import ArchiveKeys, ensure_archive_keys
from mini_buildd.tests.archive.repository import Repository
from mini_buildd.tests.flow.base_archive import BaseArchive, paragraph
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.packager import Packager


@pytest.fixture(scope="session")
def packager(short_folder: Path) -> Iterator[Packager]:
    """Pat, whose key is registered."""
    pat = Packager(Path(tempfile.mkdtemp(dir=short_folder)))
    yield pat
    pat.close()


@pytest.fixture(scope="session")
def stranger(short_folder: Path) -> Iterator[Packager]:
    """Somebody whose key is not."""
    someone = Packager(Path(tempfile.mkdtemp(dir=short_folder)), "Some Stranger", "s@example.test")
    yield someone
    someone.close()


@pytest.fixture(scope="session")
def signer(short_folder: Path) -> Iterator[Signer]:
    """The archive's key."""
    home = Path(tempfile.mkdtemp(dir=short_folder))
    ensure_archive_keys(home, "example")
    yield signer_of(home)
    gpg.stop_agent(home)


@pytest.fixture
def bare(tmp_path: Path, packager: Packager, signer: Signer, db: None) -> Scene:
    """An instance that nobody has set up."""
    del db
    return Scene(tmp_path, packager, signer)


@pytest.fixture
def scene(bare: Scene) -> Scene:
    """An instance for trixie on amd64."""
    bare.set_up()
    return bare


@pytest.fixture
def real(tmp_path: Path, packager: Packager, signer: Signer, transactional_db: None) -> Scene:
    """The same, with commits that other threads and processes see."""
    del transactional_db
    made = Scene(tmp_path, packager, signer)
    made.set_up()
    return made


@pytest.fixture
def keyed(tmp_path: Path, packager: Packager, db: None) -> Iterator[Scene]:
    """An instance whose keys are its own, and can be rotated."""
    del db
    yield from _keyed(tmp_path, packager)


@pytest.fixture
def keyed_real(tmp_path: Path, packager: Packager, transactional_db: None) -> Iterator[Scene]:
    """The same, with commits that other threads and processes see."""
    del transactional_db
    yield from _keyed(tmp_path, packager)


def _keyed(home: Path, packager: Packager) -> Iterator[Scene]:
    made = Scene(home, packager, signer_of(home / "gnupg"))
    ensure_archive_keys(made.site.places.gnupg, "example")
    made.set_up()
    yield made
    gpg.stop_agent(made.site.places.gnupg)


@pytest.fixture(scope="session")
def base_keys(short_folder: Path) -> Iterator[ArchiveKeys]:
    """The key of the base release's archive."""
    home = Path(tempfile.mkdtemp(dir=short_folder))
    yield ensure_archive_keys(home, "base")
    gpg.stop_agent(home)


@pytest.fixture
def base_archive(scene: Scene, base_keys: ArchiveKeys, tmp_path: Path) -> BaseArchive:
    """A base with libc6 2.36."""
    made = BaseArchive(Repository(tmp_path / "base", base_keys), scene)
    made.publish(paragraph("libc6", version="2.36"))
    made.configure()
    return made
