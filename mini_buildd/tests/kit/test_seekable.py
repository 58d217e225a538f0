"""Compressed files that are read from any place."""

import io
import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_buildd.kit.seekable import FRAME_BYTES, DamagedFile, compress, open_seekable

PLAIN = b"".join(b"%d gcc -O2 -c part.c\n" % number for number in range(120_000))


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three frames."""
    source = tmp_path_factory.mktemp("seekable") / "log"
    source.write_bytes(PLAIN)
    assert 2 * FRAME_BYTES < len(PLAIN) < 3 * FRAME_BYTES
    assert compress(source, source.with_name("log.zst")) == len(PLAIN)
    return source.with_name("log.zst")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(PLAIN) + 100), st.integers(0, 2 * FRAME_BYTES))
def test_any_part_is_what_the_plain_file_has_there(packed: Path, begin: int, size: int) -> None:
    with open_seekable(packed) as stream:
        assert stream.seek(begin) == begin
        assert stream.read(size) == PLAIN[begin : begin + size]


def test_it_reads_like_a_file(packed: Path) -> None:
    with open_seekable(packed) as stream:
        assert stream.seek(0, io.SEEK_END) == len(PLAIN)
        assert stream.read(1) == b""
        stream.seek(-5, io.SEEK_END)
        assert stream.read() == PLAIN[-5:]
        stream.seek(FRAME_BYTES - 3)
        rest = PLAIN[FRAME_BYTES - 3 :]
        assert stream.readline() == rest[: rest.index(b"\n") + 1]
        assert stream.tell() == FRAME_BYTES - 3 + rest.index(b"\n") + 1


def test_zstd_itself_reads_it(packed: Path) -> None:
    command = ["zstd", "-dcq", str(packed)]
    assert subprocess.run(command, check=True, capture_output=True).stdout == PLAIN


def test_an_empty_file_stays_empty(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    compress(tmp_path / "log", tmp_path / "log.zst")
    with open_seekable(tmp_path / "log.zst") as stream:
        assert stream.read() == b""


def test_it_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        compress(tmp_path / "none", tmp_path / "log.zst")
    assert list(tmp_path.iterdir()) == []


def test_damage_is_told_and_never_read_as_something_else(packed: Path, tmp_path: Path) -> None:
    chance, whole = random.Random(3), packed.read_bytes()  # noqa: S311  # which byte, no secret
    for _ in range(200):
        place = chance.randrange(len(whole))
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chance.randrange(8)
        path = tmp_path / "damaged"
        path.write_bytes(damaged)
        with pytest.raises(DamagedFile), open_seekable(path) as stream:  # noqa: PT012  # either
            assert stream.read() != PLAIN, place
            raise AssertionError(place)


@pytest.mark.parametrize("size", [0, 5, 9, 30, 5000, -1])
def test_a_file_that_was_cut_is_told(packed: Path, tmp_path: Path, size: int) -> None:
    path = tmp_path / "cut"
    path.write_bytes(packed.read_bytes()[:size])
    with pytest.raises(DamagedFile):
        open_seekable(path)
