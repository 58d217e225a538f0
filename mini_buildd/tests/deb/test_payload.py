"""What packages install: files of every kind that the real dpkg-deb packs, and what is hostile."""

import bz2
import gzip
import io
import lzma
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from mini_buildd.deb.binary import read_binary
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import PackageName
from mini_buildd.deb.payload import Payload, read_payload
from mini_buildd.tests.fuzz.packages import with_checksum

_CONTROL = b"Package: tiny\nVersion: 1.0\nArchitecture: all\nMaintainer: P <p@example.invalid>\n"
_DOC = "usr/share/doc/tiny"
_NAME = PackageName("tiny")
Files = dict[str, bytes]


def build(folder: Path, files: Files, *options: str, links: dict[str, str] | None = None) -> Path:
    """A package by dpkg-deb itself."""
    tree = folder / "tree"
    for name, data in {"DEBIAN/control": _CONTROL + b"Description: x\n", **files}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(data)
    for name, target in (links or {}).items():
        (tree / name).symlink_to(target)
    path = folder / "tiny.deb"
    subprocess.run(
        ["dpkg-deb", *options, "--root-owner-group", "-b", str(tree), str(path)],
        check=True,
        capture_output=True,
    )
    return path


def ar(members: dict[str, bytes]) -> bytes:
    """An ar file."""
    made = b"!<arch>\n"
    for name, data in members.items():
        made += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
        made += data + b"\n" * (len(data) % 2)
    return made


def tar(*members: tuple[str, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar file by Python's own module."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as writer:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            writer.addfile(info, io.BytesIO(data))
    return made.getvalue()


def deb(folder: Path, *, control: bytes | None = None, **parts: bytes) -> Path:
    """A package put together by hand; in the names of *parts* "__" stands for a full stop."""
    given = {name.replace("__", "."): data for name, data in parts.items()}
    path = folder / "tiny.deb"
    plain = tar(("./control", _CONTROL)) if control is None else control
    path.write_bytes(ar({"debian-binary": b"2.0\n", "control.tar": plain, **given}))
    return path


@pytest.mark.parametrize("packed", ["-Zgzip", "-Zxz", "-Znone", "-Zzstd"])
def test_the_files_of_a_package_are_those_that_dpkg_lists(tmp_path: Path, packed: str) -> None:
    deep = "usr/share/tiny/" + "long-name/" * 25 + "end"
    files = {"usr/bin/tiny": b"x" * 5000, deep: b"", ".hidden": b"1", "usr/bin/ä b": b"2"}
    made = build(tmp_path, files, packed, links={"usr/bin/other": "tiny"})
    listed = subprocess.run(
        ["dpkg-deb", "--fsys-tarfile", str(made)], check=True, capture_output=True
    )
    with tarfile.open(fileobj=io.BytesIO(listed.stdout)) as reader:
        names = {each.name.removeprefix("./") for each in reader if not each.isdir()}
    found = read_payload(made, _NAME)
    assert {path.decode() for path in found.paths} == names
    assert names == {*files, "usr/bin/other"}
    assert found.changelog is None
    assert read_binary(made).package == "tiny"


@pytest.mark.parametrize(
    ("ending", "pack"),
    [("bz2", bz2.compress), ("lzma", lambda data: lzma.compress(data, lzma.FORMAT_ALONE))],
)
def test_what_only_older_packages_have_is_read_too(
    tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    made = deb(tmp_path, **{f"data__tar__{ending}": pack(tar(("./a", b"1")))})
    assert read_payload(made, _NAME) == Payload((b"a",), None)


def test_names_in_the_way_of_ustar_are_put_together(tmp_path: Path) -> None:
    name = "usr/share/" + "x" * 90 + "/" + "y" * 80
    made = deb(tmp_path, data__tar=tar((f"./{name}", b""), form=tarfile.USTAR_FORMAT))
    assert read_payload(made, _NAME).paths == (name.encode(),)


def test_the_changelog_of_debian_goes_before_that_of_upstream(tmp_path: Path) -> None:
    ours, theirs = gzip.compress(b"tiny (1.0-1)"), gzip.compress(b"upstream")
    files = {f"{_DOC}/changelog.gz": theirs, f"{_DOC}/changelog.Debian.gz": ours}
    assert read_payload(build(tmp_path, files), _NAME).changelog == b"tiny (1.0-1)"
    files = {f"{_DOC}/changelog.gz": theirs, "usr/share/doc/other/changelog.Debian.gz": ours}
    assert read_payload(build(tmp_path / "native", files), _NAME).changelog == b"upstream"


@pytest.mark.parametrize(
    "data",
    [b"not gzip", gzip.compress(b"cut")[:-9], gzip.compress(bytes(9 << 20))],
    ids=["not-gzip", "cut", "bomb"],
)
def test_a_changelog_that_cannot_be_read_is_none(tmp_path: Path, data: bytes) -> None:
    found = read_payload(build(tmp_path, {f"{_DOC}/changelog.gz": data}), _NAME)
    assert found == Payload((f"{_DOC}/changelog.gz".encode(),), None)


def _large_member(size: int) -> bytes:
    info = tarfile.TarInfo("./zeros")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def _bomb() -> bytes:
    """Two GiB of zeros in little; the second half is the first again."""
    block = zstandard.ZstdCompressor().compress(bytes(128 << 20))
    return zstandard.compress(_large_member(2 << 30)) + 16 * block


def test_a_bomb_in_either_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedControl, match="unpacks to more than"):
        read_payload(deb(tmp_path, data__tar__zst=_bomb()), _NAME)
    bomb = {"debian-binary": b"2.0\n", "control.tar.zst": _bomb()}
    (tmp_path / "tiny.deb").write_bytes(ar(bomb))
    with pytest.raises(MalformedControl, match="unpacks to more than"):
        read_binary(tmp_path / "tiny.deb")


def test_a_bomb_of_names_is_refused(tmp_path: Path) -> None:
    one = _large_member(0)
    many = lzma.compress(one * 1100, preset=0)
    (tmp_path / "tiny.deb").write_bytes(ar({"debian-binary": b"2.0\n", "control.tar.xz": many}))
    with pytest.raises(MalformedControl, match="more than 1000 files"):
        read_binary(tmp_path / "tiny.deb")


def test_a_control_file_that_is_too_long_is_refused(tmp_path: Path) -> None:
    long = tar(("./control", _CONTROL + b"X: " + b"x" * (5 << 20)))
    with pytest.raises(MalformedControl, match="where 4194304 are the most"):
        read_binary(deb(tmp_path, control=long))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (tar(("./a\nb", b"")), "line feed"),
        (tar(("./a", b"12345"))[:700], "ends too early"),
        (tar(("./a", b""))[:512], "ends too early"),
        (b"x" * 512, "damaged"),
        (with_checksum(tar(("./a", b""))[:124] + b"00000000800\0" + bytes(376)), "damaged"),
        (tar(("./" + "x" * 5000, b"")), "where 4096 are the most"),
        (tar(("./" + "é" * 99, b""), form=tarfile.PAX_FORMAT), "unknown kind"),
    ],
)
def test_a_damaged_or_hostile_list_of_files_is_refused(
    tmp_path: Path, data: bytes, said: str
) -> None:
    with pytest.raises(MalformedControl, match=said):
        read_payload(deb(tmp_path, data__tar=data), _NAME)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "no data.tar"),
        ({"data__tar__rar": b""}, "unknown way"),
        ({"data__tar__gz": b"not gzip"}, "cannot be unpacked"),
        ({"data__tar__xz": b"not xz"}, "cannot be unpacked"),
        ({"data__tar__zst": b"not zstd"}, "cannot be unpacked"),
        ({f"_{number}": b"" for number in range(20)}, "no data.tar"),
    ],
)
def test_a_package_without_a_readable_part_is_refused(
    tmp_path: Path, parts: dict[str, bytes], said: str
) -> None:
    with pytest.raises(MalformedControl, match=said):
        read_payload(deb(tmp_path, **parts), _NAME)


def test_debug_symbols_are_told_from_the_rest(tmp_path: Path) -> None:
    def is_debug(text: bytes) -> bool:
        return read_binary(deb(tmp_path, control=tar(("./control", text)))).is_debug

    assert not is_debug(_CONTROL)
    assert is_debug(_CONTROL + b"Auto-Built-Package: debug-symbols\n")
    assert is_debug(_CONTROL.replace(b"tiny", b"tiny-dbgsym") + b"Section: contrib/debug\n")
    assert not is_debug(_CONTROL.replace(b"tiny", b"tiny-dbg") + b"Section: debug\n")
