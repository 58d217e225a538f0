"""The few lines that say why a build failed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.tests.tools.failures import FAILURES
from mini_buildd.tests.web import logs
from mini_buildd.tools.log_excerpt import MOST_LINES, excerpt

BAD = logs.failed("zlib", "1.3-1", "i386")


@pytest.mark.parametrize("kind", FAILURES)
def test_the_lines_that_tell_why_are_shown_and_few_others(kind: str) -> None:
    failure = FAILURES[kind]
    lines = failure.log.split("\n")
    found = excerpt(lines)
    texts = [line.text for line in found]
    assert set(failure.tells) <= set(texts)
    assert all(lines[line.number - 1] == line.text for line in found)
    assert not any("none.c" in text for text in texts)  # that step went well
    assert not any("Purging" in text for text in texts)
    assert len(texts) < 45


@pytest.mark.parametrize("kind", FAILURES)
def test_the_end_of_a_log_alone_has_the_same_excerpt(kind: str) -> None:
    lines = FAILURES[kind].log.split("\n")
    cut = next(place for place, line in enumerate(lines) if "part150.c" in line)
    assert excerpt(lines[cut:], cut + 1) == excerpt(lines)


def test_the_excerpt_shows_the_first_error_and_the_end_of_the_failing_phase() -> None:
    found = excerpt(BAD.split("\n"))
    texts = [line.text for line in found]
    assert "/bin/sh: line 2: 21140 Segmentation fault      ./example64" in texts
    assert texts[-1].startswith("dpkg-buildpackage: error: debian/rules binary")


def test_the_excerpt_joins_an_early_error_and_a_late_end() -> None:
    middle = [f"line {number}" for number in range(1000)]
    found = excerpt(["before", "main.c:3: error: no such type", *middle, "make: *** Error 2"])
    assert [line.number for line in found if line.is_error] == [2, 1003]
    assert len(found) < 30


def test_missing_build_dependencies_are_the_excerpt_of_their_phase() -> None:
    log = (
        logs.heading("Install package build dependencies")
        + "The following packages have unmet dependencies:\n"
        " sbuild-build-depends-main-dummy : Depends: libfoo-dev (>= 1.2)\n"
        "E: Unable to correct problems, you have held broken packages.\n"
        "apt-get failed.\nE: Package installation failed\n\n" + logs.summary(Status="given-back")
    )
    texts = [line.text for line in excerpt(log.split("\n"))]
    assert " sbuild-build-depends-main-dummy : Depends: libfoo-dev (>= 1.2)" in texts
    assert texts[-1] == "E: Package installation failed"


def test_a_phase_that_said_nothing_is_explained_by_the_one_before_it() -> None:
    log = "working\nthe last words\n" + logs.heading("Build") + logs.summary(Status="failed")
    assert [line.text for line in excerpt(log.split("\n"))][-1] == "the last words"


def test_a_thousand_failures_make_no_long_excerpt() -> None:
    lines = [f"FAILED test_x.py::test_{number} - boom" for number in range(5000)]
    assert len(excerpt(lines)) <= MOST_LINES


def test_a_line_without_end_is_cut() -> None:
    (line,) = excerpt(["error: " + "x" * 10**6])
    assert len(line.text) == 1001


_LINES = st.lists(
    st.sampled_from(
        [
            *BAD.split("\n")[-60:],
            "FAIL: x",
            "make[1]: *** [Makefile:1: all] Error 2",
            "   dh_auto_test",
            "",
            "quiet words",
            *logs.heading("Build").split("\n"),
        ]
    )
    | st.text(max_size=30),
    max_size=200,
)


@given(_LINES, st.integers(min_value=1, max_value=10**6))
def test_any_log_has_an_excerpt_of_its_own_lines_that_is_bounded(
    lines: list[str], first: int
) -> None:
    found = excerpt(lines, first)
    assert all(lines[line.number - first] == line.text for line in found)
    assert [line.number for line in found] == sorted({line.number for line in found})
    assert len(found) <= MOST_LINES


@given(st.lists(st.sampled_from(["FAIL: x", "", "make: *** [a] Error 2", "words", "-----"])))
def test_it_is_never_empty_where_the_log_has_a_word(lines: list[str]) -> None:
    has_words = any(line.strip("- ") for line in lines)
    assert bool(excerpt(["one", *lines, *logs.summary(Status="attempted").split("\n")]))
    assert bool(excerpt(lines)) or not has_words
