"""Names: what is made by parsing can be joined to a path and written into an index."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.deb.names import (
    Architecture,
    ArchitectureWildcard,
    Codename,
    Component,
    Fingerprint,
    MalformedName,
    Name,
    PackageName,
    PlainFilename,
    Sha256,
    SourceName,
    pool_prefix,
)
from mini_buildd.deb.version import Version
from mini_buildd.domain.distribution import RepositoryName, SuiteName

_KINDS: list[type[Name]] = [
    SourceName,
    PackageName,
    Architecture,
    ArchitectureWildcard,
    Component,
    Codename,
    PlainFilename,
    Sha256,
    Fingerprint,
    Version,
    RepositoryName,
    SuiteName,
]
_HOSTILE = [
    "",
    ".",
    "..",
    "../x",
    "a/../b",
    "/etc/passwd",
    ".hidden",
    "-x",
    "a b",
    "a\nb",
    "a\n",
    "a\0b",
    "a\rb",
    "a\tb",
    "ä",
    "a\u2028b",
    "a\x85b",
    "x" * 1000,
    "$(id)",
    "a;b",
    "a'b",
    'a"b',
    "a\\b",
    "~root",
    "*",
    "%s",
]


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("text", _HOSTILE)
def test_a_hostile_text_is_no_name_of_any_kind(kind: type[Name], text: str) -> None:
    with pytest.raises(MalformedName) as caught:
        kind(text)
    assert kind.kind in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@given(st.text(max_size=300), st.sampled_from(_KINDS))
def test_any_text_is_a_name_that_stays_in_its_folder_or_is_refused(
    text: str, kind: type[Name]
) -> None:
    try:
        name = kind(text)
    except MalformedName:
        return
    assert name == text
    assert name.isascii()
    assert name.isprintable()
    assert not set(name) & set("/ \\'\"$`;&|<>*?[](){}!#%,=@^")
    assert Path("/folder", name).parent == Path("/folder")
    assert not name.startswith((".", "-", "~"))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SourceName, "libc++-13"),
        (SourceName, "0ad"),
        (PackageName, "g++"),
        (Architecture, "kfreebsd-amd64"),
        (ArchitectureWildcard, "any-arm64"),
        (Component, "non-free-firmware"),
        (Codename, "trixie"),
        (PlainFilename, "hello_2.10-3~test13+1_amd64.buildinfo"),
        (PlainFilename, "hello_2.10.orig-po.tar.gz.asc"),
        (PlainFilename, "gcc_4:13.2.0_amd64.deb"),
        (Sha256, "0" * 64),
        (Fingerprint, "0123456789ABCDEF0123456789ABCDEF01234567"),
    ],
)
def test_names_that_debian_has_are_taken(kind: type[Name], text: str) -> None:
    assert kind(text) == text


@pytest.mark.parametrize(
    ("source", "prefix"),
    [("hello", "h"), ("libzip", "libz"), ("lib3ds", "lib3"), ("lib", "l"), ("liba", "liba")],
)
def test_a_pool_is_sharded_as_debian_does(source: str, prefix: str) -> None:
    assert pool_prefix(SourceName(source)) == prefix
