"""Files that are there whole or not at all."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mini_buildd.kit.atomic import beside, place, point, sync_filesystem, write_file

_OTHER_FILE_SYSTEM = Path("/dev/shm")  # noqa: S108  # links cannot cross to it


def _read_while(writer: threading.Thread, path: Path) -> set[bytes]:
    seen = set()
    writer.start()
    while writer.is_alive():
        seen.add(path.read_bytes())
    writer.join()
    return seen


def test_a_reader_sees_the_old_bytes_or_the_new_ones_never_half(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([letter]) * 300_000 for letter in b"abc"]
    write_file(path, contents[0])

    def write() -> None:
        for number in range(60):
            write_file(path, contents[number % 3])

    assert _read_while(threading.Thread(target=write), path) <= set(contents)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_whoever_reads_through_a_link_sees_one_target_or_the_other(tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    link = tmp_path / "link"
    point(link, "1")

    def swap() -> None:
        for number in range(200):
            point(link, str(number % 2 + 1))

    seen = _read_while(threading.Thread(target=swap), link / "file")
    assert seen <= {b"1", b"2"}
    assert {each.name for each in tmp_path.iterdir()} == {"1", "2", "link"}


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, b"old")
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from mini_buildd.kit.atomic import write_file\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_file(Path(sys.argv[1]), b'new' * 1000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], check=False, capture_output=True, text=True
    )
    assert "OSError" in done.stderr
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_killed_at_any_moment_the_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, b"a" * 200_000)
    script = (
        "import sys; from pathlib import Path; from mini_buildd.kit.atomic import write_file\n"
        "print('begun', flush=True)\n"
        "while True:\n"
        "    for letter in b'ab':\n"
        "        write_file(Path(sys.argv[1]), bytes([letter]) * 200_000)\n"
    )
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            before = path.stat().st_ino
            while path.stat().st_ino == before:
                pass
            process.send_signal(signal.SIGKILL)
        assert path.read_bytes() in (b"a" * 200_000, b"b" * 200_000)


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_has_the_mode_that_was_asked_for_whatever_the_umask(
    tmp_path: Path, mode: int
) -> None:
    before = os.umask(0o077)
    try:
        write_file(tmp_path / "file", b"", mode=mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


def test_placing_gives_a_second_name_and_never_overwrites(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "deep" / "er" / "target"
    source.write_bytes(b"one")
    assert place(source, target)
    assert target.samefile(source)
    other = tmp_path / "other"
    other.write_bytes(b"two")
    assert not place(other, target)
    assert target.read_bytes() == b"one"
    assert [each.name for each in target.parent.iterdir()] == ["target"]


def test_placing_copies_where_links_cannot_cross(tmp_path: Path) -> None:
    source = beside(_OTHER_FILE_SYSTEM / "mini-buildd-test")
    if not _OTHER_FILE_SYSTEM.is_dir() or _same_file_system(_OTHER_FILE_SYSTEM, tmp_path):
        pytest.skip("there is no second file system here")
    source.write_bytes(b"one")
    try:
        assert place(source, tmp_path / "target")
    finally:
        source.unlink()
    assert (tmp_path / "target").read_bytes() == b"one"


def _same_file_system(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def test_of_many_who_place_at_once_just_one_wins(tmp_path: Path) -> None:
    sources = [tmp_path / f"source-{number}" for number in range(16)]
    for number, source in enumerate(sources):
        source.write_bytes(b"%d" % number)
    target = tmp_path / "target"
    new: list[Path] = []
    gate = threading.Barrier(len(sources))

    def run(source: Path) -> None:
        gate.wait()
        if place(source, target):
            new.append(source)

    threads = [threading.Thread(target=run, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = new
    assert target.read_bytes() == winner.read_bytes()


def test_what_is_not_there_cannot_be_placed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        place(tmp_path / "none", tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_a_name_beside_is_hidden_fresh_and_in_the_same_folder(tmp_path: Path) -> None:
    one, two = beside(tmp_path / "file"), beside(tmp_path / "file")
    assert one != two
    assert one.parent == tmp_path
    assert one.name.startswith(".")
    assert len(os.fsencode(one.name)) < len("file") + 30


def test_a_whole_file_system_is_made_durable_or_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"new")
    sync_filesystem(tmp_path)
    with pytest.raises(NotADirectoryError):
        sync_filesystem(tmp_path / "file")
