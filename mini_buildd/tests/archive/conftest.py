"""A key for the archives of the tests, and a repository."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.keys import gpg
from mini_buildd.keys.archive_keys import ArchiveKeys, ensure_archive_keys
from mini_buildd.tests.archive.repository import Repository


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveKeys]:
    home = tmp_path_factory.mktemp("k") / "g"
    home.mkdir(mode=0o700)
    yield ensure_archive_keys(home, "depot")
    gpg.stop_agent(home)


@pytest.fixture
def repository(tmp_path: Path, keys: ArchiveKeys) -> Repository:
    return Repository(tmp_path, keys)
