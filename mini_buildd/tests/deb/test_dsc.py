"""The .dsc, and the paragraph that apt finds in Sources."""

import pytest
from debian.deb822 import Sources

from mini_buildd.deb.deb822 import MalformedControl, parse_paragraph
from mini_buildd.deb.dsc import parse_dsc, sources_paragraph
from mini_buildd.deb.names import MalformedName
from mini_buildd.kit.hashing import Digests

_SHA256 = "b" * 64
GOOD = f"""Format: 3.0 (quilt)
Source: hello
Binary: hello, hello-doc,
 hello-extra
Architecture: any all
Version: 1:2.10-3
Maintainer: Pat Packager <pat@example.invalid>
Build-Depends: debhelper-compat (= 13),
 help2man
Package-List:
 hello deb devel optional arch=any
 hello-doc deb doc optional arch=all
Checksums-Sha1:
 {"c" * 40} 200 hello_2.10.orig.tar.gz
Checksums-Sha256:
 {_SHA256} 200 hello_2.10.orig.tar.gz
Files:
 {"a" * 32} 200 hello_2.10.orig.tar.gz
"""
_FILES = {
    "hello_2.10.orig.tar.gz": Digests(200, "a" * 32, "c" * 40, _SHA256),
    "hello_2.10-3.dsc": Digests(100, "d" * 32, "e" * 40, "f" * 64),
}


def _paragraph(text: str) -> str:
    return sources_paragraph(
        parse_dsc(text.encode()),
        _FILES,
        directory="pool/main/h/hello",
        section="devel",
        priority="",
    )


def test_a_dsc_is_read() -> None:
    dsc = parse_dsc(GOOD.encode())
    assert (dsc.source, dsc.version, dsc.format) == ("hello", "1:2.10-3", "3.0 (quilt)")
    assert dsc.architectures == ("any", "all")
    assert dsc.binaries == ("hello", "hello-doc", "hello-extra")
    assert [file.name for file in dsc.files] == ["hello_2.10.orig.tar.gz"]
    assert dsc.is_known_format


def test_a_dsc_without_format_is_of_the_first_one_and_unknown_ones_are_told() -> None:
    assert parse_dsc(GOOD.replace("Format: 3.0 (quilt)\n", "").encode()).format == "1.0"
    assert not parse_dsc(GOOD.replace("(quilt)", "(custom)").encode()).is_known_format


def test_a_dsc_without_sha_256_is_refused() -> None:
    with pytest.raises(MalformedControl, match="Checksums-Sha256 is missing"):
        parse_dsc(GOOD.replace("Checksums-Sha256", "Checksums-Sha512").encode())


def test_binaries_must_be_names() -> None:
    with pytest.raises(MalformedName):
        parse_dsc(GOOD.replace("hello-doc,", "../doc,").encode())


def test_the_paragraph_in_sources_is_what_python_debian_expects_there() -> None:
    found = Sources(_paragraph(GOOD))
    assert (found["Package"], found["Directory"]) == ("hello", "pool/main/h/hello")
    assert (found["Priority"], found["Section"]) == ("optional", "devel")
    assert "Source" not in found
    assert {each["name"]: each["sha256"] for each in found["Checksums-Sha256"]} == {
        name: digests.sha256 for name, digests in _FILES.items()
    }
    assert {each["name"]: int(each["size"]) for each in found["Files"]} == {
        name: digests.size_bytes for name, digests in _FILES.items()
    }
    assert found["Build-Depends"].split() == ["debhelper-compat", "(=", "13),", "help2man"]


@pytest.mark.parametrize(
    "line",
    [
        "Package: other",
        "Directory: pool/main/o/other",
        "Section: evil",
        "priority: required",
        f"Checksums-Sha512:\n {'0' * 128} 200 hello_2.10.orig.tar.gz",
    ],
)
def test_a_dsc_cannot_say_what_only_the_archive_may_say(line: str) -> None:
    text = _paragraph(f"{line}\n{GOOD}")
    assert text == _paragraph(GOOD)
    assert parse_paragraph(text.encode()).get("Package") == "hello"
