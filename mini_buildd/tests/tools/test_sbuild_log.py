"""Reading logs of sbuild."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.tests.web import logs
from mini_buildd.tools import sbuild_log
from mini_buildd.tools.sbuild_log import (
    TITLE,
    Phase,
    heading,
    is_error,
    phases,
    phases_in,
    summary,
    unfinished_heading,
)
from mini_buildd.web.application import static_folders

GOOD = logs.succeeded("hello", "2.10-5", "amd64")
BAD = logs.failed("zlib", "1.3-1", "i386")
TITLES = [
    "Update chroot",
    "Fetch source files",
    "Install package build dependencies",
    "Check architectures",
    "Build environment",
    "Build",
]


def test_phases_are_the_boxed_headings_but_not_the_title_of_the_log() -> None:
    found = [phase.title for phase in phases(GOOD.split("\n"))]
    assert found == [*TITLES, "Changes", "Post Build", "Cleanup", "Summary"]


def test_the_line_of_a_phase_is_that_of_its_title() -> None:
    lines = GOOD.split("\n")
    for phase in phases(lines):
        assert lines[phase.line_number - 1].startswith(f"| {phase.title} ")


def test_a_box_within_a_line_or_half_a_box_is_no_phase() -> None:
    border = f"+{'-' * 78}+"
    assert phases(["x" + border, "| Fake |", border]) == ()
    assert phases([border, "| Fake |", "no border"]) == ()
    assert phases([border, "| Real |", border]) == (Phase("Real", 2),)


@given(st.data())
def test_a_log_read_piece_by_piece_has_the_same_phases(data: st.DataObject) -> None:
    log = GOOD.encode()
    found: list[Phase] = []
    offset, line = 0, 1
    while offset < len(log):
        size = data.draw(st.integers(min_value=600, max_value=3000))
        piece = log[offset : offset + size]
        whole = piece if offset + size >= len(log) else piece[: piece.rfind(b"\n") + 1]
        whole = whole[: unfinished_heading(whole)]
        found += phases_in(whole, line)
        offset, line = offset + len(whole), line + whole.count(b"\n")
    assert tuple(found) == phases(GOOD.split("\n"))


def test_the_summary_is_read_as_its_fields() -> None:
    found = summary(BAD)
    assert found["Status"] == "attempted"
    assert found["Fail-Stage"] == "build"
    assert found["Build-Time"] == "94"


def test_a_log_that_broke_off_has_no_summary() -> None:
    assert summary(BAD[: BAD.index("| Cleanup")]) == {}
    assert summary("") == {}


def test_a_summary_printed_by_the_package_is_not_taken_for_sbuilds() -> None:
    fake = logs.heading("Summary") + "Status: successful\n"
    assert summary(fake + BAD)["Status"] == "attempted"


@pytest.mark.parametrize(
    "line",
    [
        "main.c:3:5: error: expected ';'",
        "make[1]: *** [Makefile:98: check] Error 139",
        "E: Build failure (dpkg-buildpackage died)",
        "FAIL: test-suite",
        "Segmentation fault",
        "Traceback (most recent call last):",
        "error[E0308]: mismatched types",
        "     unsat-dependency: libfoo-dev:amd64 (>= 1.2)",
        'meson.build:3:0: ERROR: Dependency "x11" not found',
        "E       assert 41 == 42",
        "AssertionError: 2 != 3",
        "--- FAIL: TestSum (0.00s)",
        "2/3 Test #2: bad .......***Failed    0.00 sec",
        " 2/3 bad   FAIL            0.01s   exit status 1",
        "not ok 3 - the answer",
        "cc1plus: fatal error: Killed signal terminated program cc1plus",
        "/usr/bin/ld: final link failed: No space left on device",
        " sbuild-build-depends-main-dummy : Depends: libfoo-dev but it is not installable",
        'dh_install: warning: Cannot find (any matches for) "usr/bin/x" (tried in ., debian/tmp)',
    ],
)
def test_reasons_of_failures_are_told(line: str) -> None:
    assert is_error(line)


@pytest.mark.parametrize(
    "line",
    [
        "gcc -Werror=format-security -c a.c",
        "make: [clean] Error 1 (ignored)",
        "0 errors, 2 warnings",
        "# ERROR: 0",
        "# FAIL:  0",
        "not ok 4 - later # TODO",
        "XFAIL: test-known",
        "Merged Build-Depends: debhelper-compat (= 13), build-essential",
        "checking for error_at_line... yes",
        "I: Built successfully",
    ],
)
def test_harmless_lines_are_left_alone(line: str) -> None:
    assert not is_error(line)


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    lines = text.split("\n")
    phases(lines)
    summary(text)


def test_the_page_that_follows_a_log_tells_errors_by_the_same_rules() -> None:
    script = (static_folders()["mini_buildd"] / "log.js").read_text()
    for name, rule in (("ERROR", sbuild_log._ERROR), ("HARMLESS", sbuild_log._HARMLESS)):
        assert f"const {name} = /{rule.pattern}/;\n" in script


def test_a_heading_may_be_dated() -> None:
    text = heading("Build                                    Wed, 25 Nov 2026 21:38:33 +0000")
    assert [phase.title for phase in phases(text.splitlines())] == ["Build"]
    match = TITLE.fullmatch(text.splitlines()[2])
    assert match is not None
    assert match[1] == "Build"
