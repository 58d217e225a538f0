"""Fixtures that several rooms share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A scratch folder with a short path: gpg-agent's sockets have room for 100 characters."""
    folder = Path(tempfile.mkdtemp(prefix="mbd-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
