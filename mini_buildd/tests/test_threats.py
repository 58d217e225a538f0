"""The threat model names the test that shows each row; such a test exists, in the file it names."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
_TEXT = (_TESTS.parents[1] / "doc" / "explanation" / "threats.md").read_text(encoding="utf-8")
_NAMED = re.compile(r"`([a-z_]+/test_[a-z_]+\.py)::(test_[a-z0-9_]+)`")
_ROW = re.compile(r"^\| (?!---|they try|it tries|it is \||what may go wrong)(.*) \|$", re.MULTILINE)


@cache
def _tests_of(file: str) -> frozenset[str]:
    """The names of the tests in *file*."""
    path = _TESTS / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("file", "name"), sorted(set(_NAMED.findall(_TEXT))))
def test_a_test_that_the_threat_model_names_is_there(file: str, name: str) -> None:
    assert name in _tests_of(file)


def test_each_threat_has_what_stops_it_and_a_test_that_shows_it() -> None:
    rows = [row.split(" | ") for row in _ROW.findall(_TEXT)]
    assert len(rows) > 50
    assert [row for row in rows if len(row) != 3 or not _NAMED.search(row[2])] == []


def test_what_is_written_like_the_name_of_a_test_is_one() -> None:
    """One with a slip in its form would not be looked for."""
    written = re.findall(r"`[^`]*::[^`]*`", _TEXT)
    assert len(written) == len(_NAMED.findall(_TEXT))


def test_a_name_that_is_none_is_found_out() -> None:
    assert "test_nothing_of_the_kind" not in _tests_of("flow/test_receive.py")
    assert "test_it_waits_while_its_sender_may_still_send" in _tests_of("flow/test_receive.py")
    assert _tests_of("flow/test_no_such_file.py") == frozenset()
