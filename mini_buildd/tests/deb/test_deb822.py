"""One paragraph, read strictly, and written again as it was."""

import subprocess
from pathlib import Path

import pytest
from debian.deb822 import Deb822
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_buildd.deb.deb822 import MalformedControl, format_field, parse_paragraph

_NAMES = st.from_regex(r"[A-Z][A-Za-z0-9-]{0,12}", fullmatch=True)
_LINES = st.from_regex(r"[!-~äöü]([ -~äöü]{0,20}[!-~])?", fullmatch=True)
_VALUES = st.lists(_LINES, min_size=1, max_size=4).map("\n".join)
_FIELDS = st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=6).filter(
    lambda fields: len({name.lower() for name in fields}) == len(fields)
)
# Bytes near the grammar, where a reader goes wrong.
_NEARLY = st.lists(
    st.sampled_from(
        b"A: b|\n| c|:|#| |\t|\r|\n\n|A|-|\0|\xff|b: \n".split(b"|")
        + b"\xc2\x85|\xe2\x80\xa8|\x0b|\x0c|\x1c|\xef\xbb\xbf".split(b"|")
    ),
    max_size=12,
).map(b"".join)


@given(st.one_of(st.binary(max_size=200), _NEARLY))
def test_any_bytes_are_one_paragraph_or_malformed(data: bytes) -> None:
    try:
        paragraph = parse_paragraph(data)
    except MalformedControl:
        return
    assert paragraph.fields.keys() == paragraph.written.keys()
    for name in paragraph.fields:
        parse_paragraph(paragraph.format(name).encode())


@given(_FIELDS)
def test_what_is_written_is_read_again_by_us_and_by_python_debian(fields: dict[str, str]) -> None:
    text = "\n".join(format_field(name, value) for name, value in fields.items()) + "\n"
    paragraph = parse_paragraph(text.encode())
    theirs = Deb822(text.encode())
    for name, value in fields.items():
        assert paragraph.get(name.upper()) == value
        assert paragraph.format(name) == format_field(name, value)
        assert [line.strip() for line in theirs[name].split("\n")] == [
            line.strip() for line in value.split("\n")
        ]


@given(_NEARLY)
@settings(max_examples=300)
def test_python_debian_sees_no_other_fields_than_we_do(data: bytes) -> None:
    try:
        ours = parse_paragraph(data)
    except MalformedControl:
        return
    try:
        theirs = list(Deb822.iter_paragraphs(data, use_apt_pkg=False))
    except ValueError:  # it takes U+0085 within a line for the end of it, and refuses what follows
        return
    assert len(theirs) == 1
    assert {name.lower() for name in theirs[0]} == set(ours.fields)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no paragraph"),
        ("\n\n", "no paragraph"),
        ("A: 1\n\nB: 2\n", "second paragraph begins at line 3"),
        ("A: 1\n \nB: 2\n", "second paragraph"),
        ("A: 1\n\t\nB: 2\n", "second paragraph"),
        ("A: 1\na: 2\n", "stands twice"),
        (" A: 1\n", "continues a field"),
        ("# comment\nA: 1\n", "not a field"),
        ("A: 1\n# comment\n", "not a field"),
        ("A 1\n", "not a field"),
        (": 1\n", "not a field"),
        ("-A: 1\n", "not a field"),
        ("-----BEGIN PGP SIGNED MESSAGE-----\n\nA: 1\n", "not a field"),
        ("\ufeffA: 1\n", "not a field"),
        ("A: 1\rB: 2\n", "control character in line 1"),
        ("A: 1\r\r\n", "control character"),
        ("A: \0\n", "control character"),
        ("A: 1\x0bB: 2\n", "control character"),
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_refused(text: str, why: str) -> None:
    with pytest.raises(MalformedControl, match=why):
        parse_paragraph(text.encode())


def test_what_is_not_utf_8_is_refused_with_its_place() -> None:
    with pytest.raises(MalformedControl, match="at byte 3"):
        parse_paragraph(b"A: \xff")


def test_more_than_four_mebibytes_are_refused() -> None:
    with pytest.raises(MalformedControl, match="more than"):
        parse_paragraph(b"A: " + b"x" * (4 << 20))


def test_lines_end_at_a_line_feed_perhaps_after_a_carriage_return() -> None:
    assert parse_paragraph(b"A: 1\r\nB:\r\n 2\r\n 3\r\n").fields == {"a": "1", "b": "\n2\n3"}


@pytest.mark.parametrize("odd", ["\x85", "\u2028", "\u2029"])
def test_only_a_line_feed_makes_another_line_of_a_field(odd: str) -> None:
    paragraph = parse_paragraph(f"Files:\n one{odd}two\n three\n".encode())
    assert paragraph.lines("Files") == [f"one{odd}two", "three"]


def test_a_required_field_must_be_there_and_not_empty() -> None:
    paragraph = parse_paragraph(b"A:\nB: 1\n")
    assert paragraph.require("b") == "1"
    for name in ("A", "C"):
        with pytest.raises(MalformedControl, match=f"field {name} is missing"):
            paragraph.require(name)


def test_dpkg_reads_again_the_description_that_we_write(tmp_path: Path) -> None:
    value = "short\nlong\n.\n  verbatim\nend"
    text = format_field("Description", value)
    status = tmp_path / "status"
    status.write_text(
        "Package: one\nStatus: install ok installed\nMaintainer: x <x@example.invalid>\n"
        f"Architecture: all\nVersion: 1\n{text}\n"
    )
    told = subprocess.run(
        ["dpkg-query", f"--admindir={tmp_path}", "-W", "-f", "${Description}", "one"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout == text.removeprefix("Description: ")
    assert parse_paragraph(text.encode()).get("Description") == value
