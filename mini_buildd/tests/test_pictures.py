"""The pictures of the documentation are those that the tests take, small, and shown somewhere."""

import re
from pathlib import Path

import pytest

from mini_buildd.tests.pictures import DOC, MOST_BYTES, PICTURES

_SHOWN = re.compile(r"!\[[^\]]+\]\(([^)\s]+)\)")


def shown() -> set[Path]:
    """Every picture that a text shows."""
    texts = [DOC.parent / "README.md", *DOC.rglob("*.md")]
    return {
        (text.parent / found).resolve()
        for text in texts
        for found in _SHOWN.findall(text.read_text(encoding="utf-8"))
        if "://" not in found
    }


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_there_and_small(name: str) -> None:
    path = DOC / name
    assert path.is_file(), "take it: ./devel pictures"
    assert path.read_bytes()[8:12] == b"WEBP"
    assert path.stat().st_size < MOST_BYTES


def test_all_that_are_shown_are_taken_by_tests_and_the_other_way_round() -> None:
    assert shown() == {(DOC / name).resolve() for name in PICTURES}


@pytest.mark.parametrize("test", sorted(set(PICTURES.values())))
def test_a_test_that_takes_a_picture_is_there(test: str) -> None:
    file, _, name = test.partition("::")
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    assert f"def {name.partition('[')[0]}(" in text
