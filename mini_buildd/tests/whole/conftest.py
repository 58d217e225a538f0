"""The real daemon with the real tools, once for all tests of the whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.tests.scenario import Scenario


@pytest.fixture(scope="session")
def scene(short_folder: Path) -> Iterator[Scenario]:
    """An instance that serves, and a packager who may upload to it."""
    scene = Scenario(short_folder / "scene")
    scene.set_up()
    scene.instance.start()
    yield scene
    scene.close()


@pytest.fixture(scope="session")
def tarball(scene: Scenario) -> Path:
    """A root of this machine's release."""
    return scene.chroot
