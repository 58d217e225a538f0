"""Digests that are kept: of the same bytes once, of others anew."""

import os
from pathlib import Path

import pytest

from mini_buildd.kit.digest_cache import DigestCache
from mini_buildd.kit.hashing import hash_file


def test_a_file_is_read_once_also_by_another_name(tmp_path: Path) -> None:
    cache, path = DigestCache(), tmp_path / "a"
    path.write_bytes(b"content")
    assert cache.of(path) == cache.of(path) == hash_file(path)
    (tmp_path / "b").hardlink_to(path)
    assert cache.of(tmp_path / "b") == hash_file(path)
    assert cache.hashed_bytes == 7


@pytest.mark.parametrize("content", [b"CONTENT", b"content!", b""])
def test_what_was_written_again_is_read_again(tmp_path: Path, content: bytes) -> None:
    cache, path = DigestCache(), tmp_path / "a"
    path.write_bytes(b"content")
    os.utime(path, ns=(0, 0))
    cache.of(path)
    path.write_bytes(content)
    assert cache.of(path) == hash_file(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        DigestCache().of(tmp_path / "none")


def test_what_is_large_is_hashed_by_somebody_else(tmp_path: Path) -> None:
    cache, path = DigestCache(), tmp_path / "a"
    path.write_bytes(b"content")
    assert cache.known_or_wanted(path, most_bytes=7) == hash_file(path)
    path.write_bytes(b"much content")
    assert cache.known_or_wanted(path, most_bytes=7) is None
    assert cache.is_wanting()
    assert cache.hash_wanted() == 1
    assert not cache.is_wanting()
    assert cache.known_or_wanted(path, most_bytes=7) == hash_file(path)


def test_what_went_meanwhile_is_not_missed(tmp_path: Path) -> None:
    cache, path = DigestCache(), tmp_path / "a"
    path.write_bytes(b"content")
    cache.known_or_wanted(path, most_bytes=1)
    path.unlink()
    assert cache.hash_wanted() == 0


def test_once_stopped_it_hashes_no_more(tmp_path: Path) -> None:
    cache, path = DigestCache(), tmp_path / "a"
    path.write_bytes(b"content")
    cache.known_or_wanted(path, most_bytes=1)
    cache.stop()
    assert cache.hash_wanted() == 0
    assert cache.of(path) == hash_file(path), "but who waits for it is told"
