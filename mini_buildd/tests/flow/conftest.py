"""A scene for each test; its keys are made once."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.archive.sign import Signer
from mini_buildd.keys import gpg
from mini_buildd.keys.archive_key import ArchiveKey, ensure_archive_key
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
    key = ensure_archive_key(home, "example")
    yield Signer(key.clearsign, key.sign_detached, key.public_key)
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


@pytest.fixture(scope="session")
def base_key(short_folder: Path) -> Iterator[ArchiveKey]:
    """The key of the base release's archive."""
    home = Path(tempfile.mkdtemp(dir=short_folder))
    yield ensure_archive_key(home, "base")
    gpg.stop_agent(home)


@pytest.fixture
def base_archive(scene: Scene, base_key: ArchiveKey, tmp_path: Path) -> BaseArchive:
    """A base with libc6 2.36."""
    made = BaseArchive(Repository(tmp_path / "base", base_key), scene)
    made.publish(paragraph("libc6", version="2.36"))
    made.configure()
    return made
