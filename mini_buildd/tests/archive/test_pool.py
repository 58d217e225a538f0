"""Files in the pool: the same again is harmless, another one is refused."""

from pathlib import Path

import pytest

from mini_buildd.archive import pool
from mini_buildd.archive.tree import Tree, pool_folder, pool_path
from mini_buildd.deb.names import Component, PlainFilename, SourceName
from mini_buildd.kit.hashing import hash_file


def _add(root: Path, source: Path, path: str = "pool/main/t/tiny/tiny.dsc") -> Path:
    pool.add(Tree(root, root / "cache"), path, source, sha256=hash_file(source).sha256)
    return root / path


def test_a_file_is_added_once_and_nobody_may_write_it(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"one")
    for _ in range(2):
        placed = _add(tmp_path / "archive", source)
    assert placed.read_bytes() == b"one"
    assert placed.stat().st_mode & 0o777 == 0o444


def test_another_file_of_the_same_name_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"one")
    other.write_bytes(b"other")
    placed = _add(tmp_path / "archive", one)
    with pytest.raises(pool.PoolConflict) as caught:
        _add(tmp_path / "archive", other)
    assert caught.value.sha256 == hash_file(one).sha256
    assert placed.read_bytes() == b"one"
    assert list(placed.parent.iterdir()) == [placed]


def test_a_pool_is_laid_out_as_debians() -> None:
    source = SourceName("libzip")
    assert pool_folder(Component("contrib"), source) == "pool/contrib/libz/libzip"
    name = PlainFilename("libzip_1.dsc")
    assert pool_path(Component("contrib"), source, name) == "pool/contrib/libz/libzip/libzip_1.dsc"
