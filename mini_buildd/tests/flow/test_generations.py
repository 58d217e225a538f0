"""Generations on the disk: which are whole, which go, and who keeps one from going."""

import os
import subprocess
from pathlib import Path

import pytest

from mini_buildd.flow.generations import Generations, made_at_of, own_subids
from mini_buildd.kit.lock import locked
from mini_buildd.tools.root import RootCommands

OLD, NEW = "20261125T120000Z", "20261125T130000Z"


@pytest.fixture
def generations(tmp_path: Path) -> Generations:
    found = Generations(tmp_path / "trixie-amd64")
    found.folder.mkdir()
    return found


def _lay_down(generations: Generations, *names: str) -> None:
    """Folders with a root that belongs to a subordinate id, as unpacking leaves one."""
    for name in names:
        folder = generations.path(name)
        folder.mkdir()
        (folder / "lock").touch()
        subprocess.run(RootCommands(own_subids()).make_folder(folder / "root"), check=True)
        assert (folder / "root").stat().st_uid != os.getuid()


def test_only_whole_ones_count_and_the_newest_is_last(generations: Generations) -> None:
    _lay_down(generations, NEW, OLD, f"making-{NEW}")
    (generations.folder / "20261125T140000Z").mkdir()  # without a root
    assert generations.names() == [OLD, NEW]
    assert made_at_of(NEW).isoformat() == "2026-11-25T13:00:00+00:00"
    with generations.alone():
        generations.remove_unused(but=())
    assert list(generations.folder.iterdir()) == []


def test_what_nobody_holds_goes_with_what_a_crash_has_left(generations: Generations) -> None:
    _lay_down(generations, OLD, NEW, f"making-{OLD}", f"gone-{OLD}")
    with generations.alone():
        generations.remove_unused(but={NEW})
    assert [each.name for each in generations.folder.iterdir()] == [NEW]


def test_one_that_a_build_holds_stays_until_it_lets_go(generations: Generations) -> None:
    _lay_down(generations, OLD, NEW)
    with locked(generations.path(OLD) / "lock", is_shared=True):
        with generations.alone():
            generations.remove_unused(but={NEW})
        assert generations.names() == [OLD, NEW]
    with generations.alone():
        generations.remove_unused(but={NEW})
    assert generations.names() == [NEW]


def test_one_that_is_borrowed_is_given_back(generations: Generations, tmp_path: Path) -> None:
    others = Generations(tmp_path / "others")
    others.folder.mkdir()
    _lay_down(others, OLD)
    generations.path(OLD).symlink_to(others.path(OLD))
    assert generations.names() == [OLD]
    with generations.alone():
        generations.remove_unused(but=())
    assert generations.names() == []
    assert others.names() == [OLD]
    subprocess.run(RootCommands(own_subids()).remove(others.folder / OLD), check=True)
