"""The .changes: what dpkg-genchanges writes is read, and whatever else comes is refused."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.deb.changes import Changes, parse_changes
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.dsc import parse_dsc
from mini_buildd.deb.names import MalformedName

_MD5, _SHA1, _SHA256 = "a" * 32, "c" * 40, "b" * 64
GOOD = f"""Format: 1.8
Date: Fri, 20 Nov 2026 12:00:00 +0000
Source: hello
Architecture: source
Version: 2.10-3~test13+1
Distribution: trixie-test-unstable
Urgency: low
Maintainer: Pat Packager <pat@example.invalid>
Changed-By: Kim Changer <kim@example.invalid>
Description:
 hello - greets
Changes:
 hello (2.10-3~test13+1) trixie-test-unstable; urgency=low
 .
   * New.
Checksums-Sha256:
 {_SHA256} 100 hello_2.10-3~test13+1.dsc
 {_SHA256} 200 hello_2.10.orig.tar.gz
Files:
 {_MD5} 100 devel optional hello_2.10-3~test13+1.dsc
 {_MD5} 200 devel optional hello_2.10.orig.tar.gz
"""


def _parse(text: str) -> Changes:
    return parse_changes(text.encode())


def test_a_changes_is_read() -> None:
    changes = _parse(GOOD)
    assert (changes.source, changes.version) == ("hello", "2.10-3~test13+1")
    assert changes.distribution == "trixie-test-unstable"
    assert changes.architectures == ("source",)
    assert (changes.urgency, changes.changed_by) == ("low", "Kim Changer <kim@example.invalid>")
    assert changes.changes.splitlines()[-1] == "  * New."
    dsc = changes.only(".dsc")
    assert dsc is not None
    assert (dsc.size_bytes, dsc.sha256, dsc.section) == (100, _SHA256, "devel")
    assert changes.only(".deb") is None


def test_the_order_of_the_two_file_lists_does_not_matter() -> None:
    head, _, files = GOOD.rpartition("Files:\n")
    lines = files.splitlines(keepends=True)
    assert _parse(head + "Files:\n" + "".join(reversed(lines))).files == _parse(GOOD).files


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("Source: hello\n", "", "field Source is missing"),
        ("Version: 2.10-3~test13+1\n", "", "field Version is missing"),
        ("Architecture: source\n", "", "field Architecture is missing"),
        ("Distribution: trixie-test-unstable", "Distribution:", "field Distribution is missing"),
        ("trixie-test-unstable\nUrgency", "one two\nUrgency", "exactly one name"),
        ("Source: hello", "Source: Hello", "not a source package name"),
        ("Source: hello", "Source: hello (1.0)", "Source says"),
        ("Version: 2.10", "Version: x2.10", "not a package version"),
        ("Source: hello", "Source: ../hello", "not a source package name"),
        (f" {_SHA256} 200 ", f" {_SHA256} 201 ", "do not name the same"),
        (f" {_SHA256} 200 hello_2.10.orig.tar.gz\n", "", "do not name the same"),
        (f" {_MD5} 200 devel optional hello_2.10.orig.tar.gz\n", "", "do not name the same"),
        (f" {_SHA256} 200 ", f" {_SHA256} -200 ", "not a size"),
        (f" {_SHA256} 200 ", f" {_SHA256} 2e2 ", "not a size"),
        (f" {_SHA256} 200 ", f" {_SHA256[1:]} 200 ", "not a SHA-256"),
        (f" {_SHA256} 200 ", f" {_SHA256.upper()} 200 ", "not a SHA-256"),
        (f" {_SHA256} 200 ", " 200 ", "does not have 3 columns"),
        ("optional hello_2.10.orig", "hello_2.10.orig", "does not have its columns"),
        (" hello_2.10.orig.tar.gz", " ../hello_2.10.orig.tar.gz", "not a plain file name"),
        (" hello_2.10.orig.tar.gz", " a/../b", "not a plain file name"),
        (" hello_2.10.orig.tar.gz", " .hidden", "not a plain file name"),
        (" hello_2.10.orig.tar.gz", " -x", "not a plain file name"),
        (" hello_2.10.orig.tar.gz", " hello_2.10-3~test13+1.dsc", "twice"),
        ("Checksums-Sha256:", "Checksums-Sha512:", "field Checksums-Sha256 is missing"),
        ("Files:", "Filez:", "do not name the same"),
        ("Files:", f"Checksums-Sha1:\n {_SHA1} 100 hello_2.10.dsc\nFiles:", "Checksums-Sha1 and"),
        ("Files:", f"Checksums-Sha1:\n {_SHA1} 1 2 3\nFiles:", "does not have 3 columns"),
        ("Files:", "Checksums-Md5:\nFiles:", "Checksums-Md5 and"),
    ],
)
def test_a_changes_that_is_wrong_somewhere_is_refused(old: str, new: str, why: str) -> None:
    text = GOOD.replace(old, new)
    assert text != GOOD
    with pytest.raises((MalformedControl, MalformedName), match=why):
        _parse(text)


def test_a_blank_that_dpkg_does_not_know_does_not_part_columns() -> None:
    with pytest.raises(MalformedControl, match="columns"):
        _parse(GOOD.replace(f"{_MD5} 200 devel optional", f"{_MD5} 200 devel\u2003optional"))


@pytest.mark.parametrize(
    ("version", "is_fine"), [("1.0-1+b2", True), ("1.0+beta1", False), ("1.0+b1~test13+1", False)]
)
def test_source_may_name_another_version_in_a_binary_only_upload(
    version: str, *, is_fine: bool
) -> None:
    text = GOOD.replace("Source: hello", "Source: hello (1.0-1)").replace(
        "Version: 2.10-3~test13+1", f"Version: {version}\nBinary-Only: yes"
    )
    if is_fine:
        changes = _parse(text)
        assert (changes.version, changes.source_version) == (version, "1.0-1")
        assert changes.is_binary_only
    else:
        with pytest.raises(MalformedControl, match="Source says"):
            _parse(text)


_MUTATIONS = st.lists(
    st.tuples(
        st.integers(0, len(GOOD) - 1),
        st.integers(0, 40),
        st.one_of(st.binary(max_size=4), st.sampled_from([b"\n", b"\n\n", b" ", b"../", b": "])),
    ),
    min_size=1,
    max_size=4,
)


def test_otherwise_both_versions_are_one() -> None:
    changes = _parse(GOOD)
    assert changes.source_version == changes.version
    assert not changes.is_binary_only


@pytest.mark.parametrize("parse", [parse_changes, parse_dsc])
@given(data=st.one_of(st.binary(max_size=300), _MUTATIONS))
def test_any_bytes_are_parsed_or_refused(
    parse: Callable[[bytes], object], data: bytes | list[tuple[int, int, bytes]]
) -> None:
    if isinstance(data, list):
        text = GOOD.encode()
        for place, length, replacement in data:
            text = text[:place] + replacement + text[place + length :]
        data = text
    with contextlib.suppress(MalformedControl, MalformedName):
        parse(data)
