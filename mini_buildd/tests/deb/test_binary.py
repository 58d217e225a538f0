"""Binary packages, made by the real dpkg-deb and damaged in every way."""

import contextlib
import subprocess
from pathlib import Path

import pytest
from debian.deb822 import Packages
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_buildd.deb.binary import packages_paragraph, read_binary
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import MalformedName
from mini_buildd.kit.hashing import hash_file

_CONTROL = """Package: tiny
Version: 1:1.0-1
Architecture: all
Maintainer: Pat Packager <pat@example.invalid>
Section: contrib/misc
Description: nothing
 in
 .
 particular
"""


def make_deb(folder: Path, control: str = _CONTROL, *, compression: str = "xz") -> Path:
    """A package with just that control file."""
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True, exist_ok=True)
    (tree / "DEBIAN" / "control").write_text(control, encoding="utf-8")
    path = folder / "tiny.deb"
    subprocess.run(
        ["dpkg-deb", f"-Z{compression}", "--root-owner-group", "-b", str(tree), str(path)],
        check=True,
        capture_output=True,
    )
    return path


@pytest.fixture(scope="module")
def deb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_deb(tmp_path_factory.mktemp("deb"))


@pytest.mark.parametrize("compression", ["xz", "gzip", "none"])
def test_a_package_says_what_it_is(tmp_path: Path, compression: str) -> None:
    found = read_binary(make_deb(tmp_path, compression=compression))
    assert (found.package, found.version, found.architecture) == ("tiny", "1:1.0-1", "all")
    assert (found.source, found.source_version) == ("tiny", "1:1.0-1")
    assert (found.component, found.is_udeb) == ("contrib", False)


def test_a_package_may_come_of_a_source_of_another_name_and_version(tmp_path: Path) -> None:
    found = read_binary(make_deb(tmp_path, "Source: big (2:7.0)\n" + _CONTROL))
    assert (found.source, found.source_version) == ("big", "2:7.0")


def test_without_an_area_in_its_section_a_package_is_in_main(tmp_path: Path) -> None:
    found = read_binary(make_deb(tmp_path, _CONTROL.replace("contrib/", "")))
    assert found.component == "main"


@pytest.mark.parametrize("section", ["NON-FREE/x", "../x", "/x", "a b/x"])
def test_a_section_of_no_archive_area_is_refused_at_once(tmp_path: Path, section: str) -> None:
    with pytest.raises(MalformedName, match="component"):
        read_binary(make_deb(tmp_path, _CONTROL.replace("contrib/misc", section)))


def test_the_paragraph_in_packages_is_what_python_debian_expects_there(deb: Path) -> None:
    digests = hash_file(deb)
    text = packages_paragraph(read_binary(deb), digests, filename="pool/contrib/t/tiny/tiny.deb")
    found = Packages(text)
    assert found["Filename"] == "pool/contrib/t/tiny/tiny.deb"
    assert (found["Size"], found["SHA256"]) == (str(digests.size_bytes), digests.sha256)
    assert found["Description"] == "nothing\n in\n .\n particular"
    assert text.endswith("\n")
    assert "\n\n" not in text


@pytest.mark.parametrize(
    "line",
    ["Filename: ../../evil.deb", "size: 1", f"SHA256: {'0' * 64}", f"SHA512: {'0' * 128}"],
)
def test_a_package_cannot_say_what_only_the_archive_may_say(tmp_path: Path, line: str) -> None:
    deb = make_deb(tmp_path, f"{line}\n{_CONTROL}")
    digests = hash_file(deb)
    text = packages_paragraph(read_binary(deb), digests, filename="pool/t.deb")
    name = line.partition(":")[0].lower()
    said = [each for each in text.splitlines() if each.lower().startswith(f"{name}:")]
    assert line not in text
    assert len(said) <= 1


@pytest.mark.parametrize("content", [b"", b"!<arch>\n", b"no package", b"!<arch>\n" + b"x" * 60])
def test_what_is_no_package_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tiny.deb"
    path.write_bytes(content)
    with pytest.raises(MalformedControl):
        read_binary(path)


def test_a_package_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedControl):
        read_binary(tmp_path / "none.deb")


@given(data=st.data())
@settings(deadline=None, max_examples=300)
def test_a_damaged_package_is_read_or_refused(
    deb: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(deb.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(content))))
    path = tmp_path_factory.getbasetemp() / "damaged.deb"
    path.write_bytes(content[:cut])
    with contextlib.suppress(MalformedControl, MalformedName):
        read_binary(path)
