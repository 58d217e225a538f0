"""Indexes of chunks: what others read out of them, and that changing one equals making it anew."""

import gzip
import hashlib
import lzma
import subprocess
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_buildd.archive import chunks
from mini_buildd.archive.chunks import FORMATS, ChunkLost, ChunkStore, Item
from mini_buildd.archive.index import Index, build, put_together, read_groups, replace_groups

_TOOLS = {"gz": ["gzip", "-dc"], "xz": ["xz", "-dc"], "zst": ["zstd", "-dc"]}


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few hundred bytes a chunk: all that may happen happens with few items."""
    monkeypatch.setattr(chunks, "TARGET_BYTES", 400)
    monkeypatch.setattr("mini_buildd.archive.index._SMALL_BYTES", 100)


@pytest.fixture
def store(tmp_path: Path) -> ChunkStore:
    (tmp_path / "blobs").mkdir()
    return ChunkStore(tmp_path / "chunks", FORMATS)


def item(name: str, version: str = "1", size: int = 60) -> Item:
    text = f"Package: {name}\nVersion: {version}\nX: {'x' * size}\n\n"
    return Item(f"{name}\0{version}".encode(), text.encode())


def text_of(store: ChunkStore, index: Index) -> bytes:
    return b"".join(store.read(chunk, "") for chunk in index.chunks)


@pytest.mark.parametrize("count", [0, 1, 3, 200])
def test_every_form_is_read_by_its_own_tool_and_hashed_as_it_is(
    store: ChunkStore, tmp_path: Path, count: int
) -> None:
    blobs = tmp_path / "blobs"
    made = build(store, (item(f"p{number:04}") for number in range(count)))
    index = put_together(store, made, blobs)
    text = text_of(store, index)
    assert text.count(b"Package: ") == count
    for file in index.files:
        if not file.form:
            assert (file.size_bytes, file.sha256) == (len(text), hashlib.sha256(text).hexdigest())
            continue
        data = (blobs / file.sha256).read_bytes()
        assert (file.size_bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        told = subprocess.run(_TOOLS[file.form], input=data, check=True, capture_output=True)
        assert told.stdout == text
    assert {path.name for path in blobs.iterdir()} == {file.sha256 for file in index.files[1:]}


def test_the_xz_file_is_one_stream_of_many_blocks(store: ChunkStore, tmp_path: Path) -> None:
    made = build(store, (item(f"p{number:04}") for number in range(100)))
    index = put_together(store, made, tmp_path / "blobs")
    file = next(each for each in index.files if each.form == "xz")
    named = tmp_path / "index.xz"
    named.hardlink_to(tmp_path / "blobs" / file.sha256)
    told = subprocess.run(
        ["xz", "--robot", "--list", "--force", str(named)],
        check=True,
        capture_output=True,
        text=True,
    )
    fields = next(line for line in told.stdout.splitlines() if line.startswith("file")).split("\t")
    assert fields[1] == "1"
    assert int(fields[2]) == len(index.chunks) > 10


names = st.text("abc", min_size=1, max_size=3)
versions = st.sampled_from(["1", "2", "10"])
groups = st.dictionaries(names, st.lists(versions, unique=True, max_size=3), max_size=12)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(first=groups, changes=st.lists(groups, max_size=4), size=st.sampled_from([0, 60, 500]))
def test_an_index_that_was_changed_says_what_one_made_anew_says(
    store: ChunkStore, first: dict[str, list[str]], changes: list[dict[str, list[str]]], size: int
) -> None:
    def items(content: dict[str, list[str]]) -> list[Item]:
        return sorted(
            (item(name, version, size) for name, all_ in content.items() for version in all_),
            key=lambda each: each.key,
        )

    content = dict(first)
    index = build(store, items(content))
    for change in changes:
        content |= change
        index = replace_groups(
            store, index, {name.encode(): items({name: all_}) for name, all_ in change.items()}
        )
    assert text_of(store, index) == b"".join(each.text for each in items(content))
    assert [chunk.first for chunk in index.chunks] == sorted(chunk.first for chunk in index.chunks)
    found = read_groups(store, index, [name.encode() for name in content])
    assert found == {name.encode(): items({name: all_}) for name, all_ in content.items()}


def test_only_what_changed_is_compressed_again(store: ChunkStore) -> None:
    index = build(store, (item(f"p{number:04}") for number in range(500)))
    changed = replace_groups(store, index, {b"p0250": [item("p0250", "2")]})
    assert len(set(changed.chunks) - set(index.chunks)) <= 2
    assert len(index.chunks) > 50


def test_a_change_that_changes_nothing_leaves_the_index_as_it_is(store: ChunkStore) -> None:
    index = build(store, (item(f"p{number:04}") for number in range(50)))
    assert replace_groups(store, index, {b"p0025": [item("p0025")], b"q": []}) is index


def test_an_index_that_shrinks_does_not_stay_in_many_small_chunks(store: ChunkStore) -> None:
    index = build(store, (item(f"p{number:04}") for number in range(500)))
    many = len(index.chunks)
    for number in range(500):
        if number % 50:
            index = replace_groups(store, index, {f"p{number:04}".encode(): []})
    assert text_of(store, index).count(b"Package: ") == 10
    assert len(index.chunks) <= 10 < many


@pytest.mark.parametrize("how", ["gone", "short"])
def test_a_chunk_that_is_lost_is_told(store: ChunkStore, tmp_path: Path, how: str) -> None:
    index = build(store, (item(f"p{number:04}") for number in range(50)))
    victim = store.folder / index.chunks[3].name
    if how == "gone":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:10])
    with pytest.raises(ChunkLost):
        put_together(store, index, tmp_path / "blobs")
    assert not list((tmp_path / "blobs").glob(".*"))


def test_all_forms_say_the_same(store: ChunkStore, tmp_path: Path) -> None:
    made = build(store, (item(f"p{number:04}") for number in range(30)))
    index = put_together(store, made, tmp_path / "blobs")
    text = text_of(store, index)
    data = {file.form: (tmp_path / "blobs" / file.sha256) for file in index.files[1:]}
    assert gzip.decompress(data["gz"].read_bytes()) == text
    assert lzma.decompress(data["xz"].read_bytes()) == text
    reader = zstandard.ZstdDecompressor().stream_reader(
        data["zst"].read_bytes(), read_across_frames=True
    )
    assert reader.read() == text
