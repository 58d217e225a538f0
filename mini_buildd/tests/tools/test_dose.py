"""dose-debcheck as it is installed here, asked about tiny indexes."""

import contextlib
import subprocess
from pathlib import Path

import pytest
from debian.deb822 import Deb822
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.deb.names import Architecture
from mini_buildd.tools import dose

_LIBC = "Package: libc6\nVersion: 2.36-9\nArchitecture: amd64\nMulti-Arch: same\n\n"


def _package(name: str, *fields: str, version: str = "1.0", architecture: str = "amd64") -> str:
    lines = [f"Package: {name}", f"Version: {version}", f"Architecture: {architecture}", *fields]
    return "\n".join(lines) + "\n\n"


def _run(folder: Path, checked: str, known: str = _LIBC) -> "subprocess.CompletedProcess[str]":
    for name, text in (("checked", checked), ("known", known)):
        lines = text.splitlines(keepends=True)
        (folder / name).write_text("".join(dose.slim(lines)), encoding="utf-8")
    command = dose.command(
        architecture=Architecture("amd64"),
        checked=[str(folder / "checked")],
        known=[folder / "known"],
    )
    return subprocess.run(command, check=False, capture_output=True, text=True)


def _reasons(folder: Path, checked: str, known: str = _LIBC) -> dict[str, str]:
    done = _run(folder, checked, known)
    found = dose.read_result(done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (dose.STATUS_BROKEN if found else 0, "")
    return {each.package: each.reason for each in found}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("Depends: libfoo (>= 2), libc6", "depends on libfoo (>= 2), which nothing provides"),
        ("Pre-Depends: libfoo", "depends on libfoo, which nothing provides"),
        ("Depends: libc6 (<< 2)", "depends on libc6 (<< 2), which nothing provides"),
        ("Depends: libc6 (>> 9) | c", "depends on libc6 (>> 9) | c, which nothing provides"),
        ("Depends: libc6,\n g++-99\n (= 1:2)", "depends on g++-99 (= 1:2), which nothing provides"),
        ("depends: libfoo", "depends on libfoo, which nothing provides"),
        ("Depends: python:any", "depends on python, which nothing provides"),
        ("Depends: libc6:i386", "depends on libc6:i386, which nothing provides"),
        ("Depends: libc6\nConflicts: libc6", "conflicts with libc6, and needs libc6 2.36-9"),
        ("Depends: libc6\nBreaks: libc6 (<< 3)", "conflicts with libc6 (<< 3), and needs libc6"),
        ("Depends: libc6 (>= 2.3), libc6 (<= 9)", ""),
        ("Depends: libfoo | libc6,", ""),
        ("Depends:", ""),
        ("Recommends: libfoo\nSuggests: libbar\nEnhances: libbaz\nReplaces: libc6", ""),
        ("Description: ü\n Depends: nothing\n .\n more\nHomepage: x", ""),
    ],
)
def test_a_package_is_broken_by_its_own_relations(tmp_path: Path, fields: str, reason: str) -> None:
    found = _reasons(tmp_path, _package("app", fields))
    assert found.get("app", "").startswith(reason)
    assert bool(found) == bool(reason)


def test_a_package_is_broken_by_what_it_needs(tmp_path: Path) -> None:
    assert _reasons(
        tmp_path,
        _package("app", "Depends: one | two")
        + _package("one", "Depends: gone")
        + _package("two", "Depends: lost", version="1:2-1"),
    )["app"] == (
        "needs one 1.0, which depends on gone, which nothing provides; "
        "needs two 1:2-1, which depends on lost, which nothing provides"
    )


def test_a_package_is_broken_by_two_that_exclude_each_other(tmp_path: Path) -> None:
    text = _package("left", "Conflicts: right") + _package("right")
    assert _reasons(tmp_path, text + _package("app", "Depends: left, right")) == {
        "app": "needs left 1.0, which conflicts with right, and needs right 1.0"
    }
    text = _package("lib", version="1") + _package("lib", version="2")
    text += _package("other", "Depends: lib (= 2)")
    assert _reasons(tmp_path, text + _package("app", "Depends: lib (= 1), other")) == {
        "app": "needs both lib 1 and lib 2"
    }


def test_what_an_essential_package_conflicts_with_is_broken(tmp_path: Path) -> None:
    known = _package("init", "Essential: yes", "Conflicts: app")
    assert _reasons(tmp_path, _package("app"), known) == {
        "app": "needs init 1.0 (essential), which conflicts with app"
    }


def test_virtual_packages_count_with_their_versions(tmp_path: Path) -> None:
    text = _package("postfix", "Provides: mta, smtpd (= 2)", architecture="all")
    wanted = {"a": "mta", "b": "smtpd (>= 2)", "c": "smtpd (>= 3)", "d": "mta (>= 1)"}
    for name, relation in wanted.items():
        text += _package(name, f"Depends: {relation}", architecture="all")
    assert set(_reasons(tmp_path, text)) == {"c", "d"}


def test_a_package_of_any_architecture_will_do_where_it_allows_that(tmp_path: Path) -> None:
    text = _package("python3", "Multi-Arch: allowed") + _package("app", "Depends: python3:any")
    assert _reasons(tmp_path, text) == {}


def test_an_older_version_in_the_base_will_do(tmp_path: Path) -> None:
    text = _package("libc6", version="3") + _package("app", "Depends: libc6 (<< 3)")
    assert _reasons(tmp_path, text) == {}


def test_packages_of_other_architectures_are_passed_over(tmp_path: Path) -> None:
    assert _reasons(tmp_path, _package("app", "Depends: gone", architecture="arm64")) == {}


def test_only_what_is_to_be_checked_is_told(tmp_path: Path) -> None:
    assert _reasons(tmp_path, _package("app"), _package("known", "Depends: gone")) == {}
    assert _reasons(tmp_path, "", _LIBC) == {}


def test_a_text_that_is_no_index_is_told_by_the_status(tmp_path: Path) -> None:
    done = _run(tmp_path, _package("app", "Depends: what is this"))
    assert done.returncode not in (0, dose.STATUS_BROKEN)
    assert "app" in done.stderr
    with pytest.raises(dose.MalformedResult):
        dose.read_result(done.stdout.splitlines())


def test_a_result_that_was_cut_is_no_result(tmp_path: Path) -> None:
    checked = _package("app", "Depends: gone") + _package("bpp", "Depends: lost")
    lines = _run(tmp_path, checked).stdout.splitlines()
    assert len(dose.read_result(lines)) == 2
    for length in range(len(lines)):
        with pytest.raises(dose.MalformedResult):
            dose.read_result(lines[:length])


_WORDS = ["output-version: 1.2", "report:", " -", "  package: a", "  version: 1", "  reasons:"]
_WORDS += ["   -", "    missing:", "     pkg:", "    conflict:", "     pkg1:", "broken-packages: 1"]


@given(st.lists(st.one_of(st.sampled_from(_WORDS), st.text())))
def test_any_lines_are_a_result_or_are_malformed(lines: list[str]) -> None:
    with contextlib.suppress(dose.MalformedResult):
        dose.read_result(lines)


_NAMES = st.sampled_from(["Package", "depends", "PROVIDES", "Breaks", "Description", "Tag"])
_VALUES = st.lists(st.from_regex(r"[a-z(>=|,) ]{0,9}[a-z]", fullmatch=True), min_size=1, max_size=3)
_PARAGRAPHS = st.lists(st.dictionaries(_NAMES, _VALUES, min_size=1), max_size=3)


@given(_PARAGRAPHS)
def test_a_slim_index_says_the_same_to_another_reader(
    paragraphs: list[dict[str, list[str]]],
) -> None:
    text = "\n".join(
        "".join(f"{name}: " + "\n ".join(lines) + "\n" for name, lines in paragraph.items())
        for paragraph in paragraphs
    )
    slim = "".join(dose.slim(text.splitlines(keepends=True)))
    assert "".join(dose.slim(slim.splitlines(keepends=True))) == slim
    wanted = ("package", "depends", "provides", "breaks")
    read, original = (
        [
            {name: each[name].split() for name in wanted if name in each}
            for each in Deb822.iter_paragraphs(source, use_apt_pkg=False)
        ]
        for source in (slim, text)
    )
    assert [each for each in read if each] == [each for each in original if each]
