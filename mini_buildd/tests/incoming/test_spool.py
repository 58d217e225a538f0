"""The spool keeps what arrived, within its folder and its bounds."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.python.threadpool import ThreadPool

from mini_buildd.deb.names import MalformedName, PlainFilename
from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.rates import Rates
from mini_buildd.incoming.resumable import Resumables
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.incoming.sftp_files import Unstoppable
from mini_buildd.incoming.spool import Arrival, Spool, SpoolFull


def _spool(root: Path, *, file: int = 10_000, spool: int = 100_000) -> Spool:
    return Spool(root, max_file_bytes=file, max_spool_bytes=spool)


def _bring(spool: Spool, name: str, content: bytes = b"x") -> Arrival:
    with spool.open_part() as part:
        part.write(content)
        return part.commit(PlainFilename(name))


def test_what_is_committed_is_there_and_what_is_not_has_never_been(tmp_path: Path) -> None:
    spool = _spool(tmp_path)
    arrival = _bring(spool, "name", b"content")
    with spool.open_part() as part:
        part.write(b"not this")
    assert arrival.path.read_bytes() == b"content"
    assert spool.named(PlainFilename("name")) == [arrival]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [arrival.path]


def test_the_same_name_is_kept_as_often_as_it_comes(tmp_path: Path) -> None:
    spool = _spool(tmp_path)
    first, second = _bring(spool, "name", b"1"), _bring(spool, "name", b"2")
    assert {each.token for each in spool.named(PlainFilename("name"))} == {
        first.token,
        second.token,
    }
    assert (first.path.read_bytes(), second.path.read_bytes()) == (b"1", b"2")


@given(
    st.one_of(st.text(max_size=250), st.lists(st.sampled_from(["..", "/", "a", "."])).map("".join))
)
@settings(deadline=None)
def test_whatever_the_name_nothing_is_stored_outside_its_folder(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    root = tmp_path_factory.getbasetemp() / "property"
    spool = _spool(root / "spool")
    try:
        arrival = _bring(spool, name)
    except MalformedName:
        return
    assert arrival.path.resolve().parent.parent == (root / "spool" / "files").resolve()
    spool.drop([arrival])
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_changes_are_told_oldest_first(tmp_path: Path) -> None:
    spool = _spool(tmp_path)
    arrivals = [_bring(spool, f"{name}.changes") for name in "cab"]
    _bring(spool, "other.dsc")
    assert spool.changes() == arrivals


def test_gathered_files_stay_when_their_arrivals_are_dropped(tmp_path: Path) -> None:
    spool = _spool(tmp_path)
    arrivals = [_bring(spool, "a.changes", b"a"), _bring(spool, "b.dsc", b"b")]
    for _ in range(2):  # again after a crash
        folder = spool.gather(arrivals[0].token, arrivals)
    spool.drop(arrivals)
    spool.drop(arrivals)
    assert spool.named(PlainFilename("b.dsc")) == []
    assert list((tmp_path / "files").iterdir()) == []
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "a.changes": b"a",
        "b.dsc": b"b",
    }
    spool.drop_upload(arrivals[0].token)
    assert not folder.exists()


@pytest.mark.parametrize("token", ["..", "../x", "", ".", "a/b"])
def test_an_upload_is_never_outside_its_folder(tmp_path: Path, token: str) -> None:
    with pytest.raises(MalformedName):
        _spool(tmp_path).upload(token)


def test_after_a_restart_arrivals_count_and_parts_are_gone(tmp_path: Path) -> None:
    spool = _spool(tmp_path)
    arrival = _bring(spool, "name", b"x" * 10_000)
    left = spool.open_part()
    left.write(b"half")
    again = _spool(tmp_path, spool=20_000)
    assert list((tmp_path / "parts").iterdir()), "another process may be receiving it"
    again.drop_parts()
    assert list((tmp_path / "parts").iterdir()) == []
    assert again.named(PlainFilename("name")) == [arrival]
    with pytest.raises(SpoolFull):
        _bring(again, "more", b"x" * 6_000)
    again.drop([arrival])
    _bring(again, "more", b"x" * 6_000)
    left.abort()


def test_a_file_and_the_spool_have_bounds_and_room_is_given_back(tmp_path: Path) -> None:
    spool = _spool(tmp_path, file=50_000, spool=60_000)
    for _ in range(5):
        with pytest.raises(SpoolFull, match="at most 50000"):
            _bring(spool, "large", b"x" * 50_001)
        with spool.open_part() as part:
            part.write(b"x" * 40_000)
            with pytest.raises(SpoolFull, match="no room"), spool.open_part() as other:
                other.write(b"x" * 40_000)
        spool.drop([_bring(spool, "fits", b"x" * 50_000)])


def test_a_disk_that_is_full_is_told_even_when_the_last_bytes_fitted_in_part(
    tmp_path: Path,
) -> None:
    script = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from mini_buildd.incoming.spool import Spool\n"
        "spool = Spool(Path(sys.argv[1]), max_file_bytes=10**9, max_spool_bytes=10**9)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "with spool.open_part() as part:\n"
        "    try:\n        part.write(b'x' * 1500)\n"
        "    except OSError as fault:\n        print(fault.strerror)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=True, capture_output=True, text=True
    )
    assert told.stdout == "File too large\n"
    assert list((tmp_path / "parts").iterdir()) == []


def test_leftovers_expire_and_what_is_young_stays(tmp_path: Path) -> None:
    spool = _spool(tmp_path)
    old, young = _bring(spool, "old"), _bring(spool, "young")
    past = time.time() - 100
    os.utime(old.path, (past, past))
    assert spool.expire(50) == 1
    assert spool.named(PlainFilename("old")) == []
    assert spool.named(PlainFilename("young")) == [young]


def test_those_who_bring_look_and_drop_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    spool = _spool(tmp_path, spool=1 << 30)
    faults: list[BaseException] = []
    done = threading.Event()

    def bring_and_drop() -> None:
        for _ in range(150):
            spool.drop([_bring(spool, "same.changes")])

    def look() -> None:
        while not done.is_set():
            spool.drop(spool.changes()[:1])
            spool.named(PlainFilename("same.changes"))
            spool.expire(0)

    def noting(work: object) -> None:
        try:
            assert callable(work)
            work()
        except BaseException as fault:  # noqa: BLE001  # of whatever kind
            faults.append(fault)

    bringers = [threading.Thread(target=noting, args=(bring_and_drop,)) for _ in range(3)]
    lookers = [threading.Thread(target=noting, args=(look,)) for _ in range(2)]
    for thread in (*bringers, *lookers):
        thread.start()
    for thread in bringers:
        thread.join()
    done.set()
    for thread in lookers:
        thread.join()
    assert faults == []
    spool.expire(-10)
    assert spool._used_bytes == 0


def test_that_more_can_follow_is_known_as_soon_as_the_file_is_there(tmp_path: Path) -> None:
    """Not only when the reactor comes round to it: somebody may look between the two."""
    spool, sessions, pool, later = _spool(tmp_path), Sessions(), ThreadPool(1, 1), _Later()
    dock = Dock(later, pool, spool, sessions, Rates(later, 0), lambda: None)
    sessions.begin("peer")
    part = spool.open_part()
    writing = dock.writing(part, Unstoppable(), lambda failure: failure.raiseException())
    pool.start()
    dock.land(writing, part, PlainFilename("a.changes"), "peer")
    pool.stop()
    (arrival,) = spool.changes()
    assert sessions.can_follow(arrival)
    sessions.end("peer")
    assert not sessions.can_follow(arrival)


class _Later:
    """A reactor that is busy with something else."""

    def callFromThread(self, *call: object) -> None:  # noqa: N802  # Twisted's name
        """Some time."""


def test_a_disk_that_is_slow_to_move_a_file_lets_others_be_received(tmp_path: Path) -> None:
    spool = _spool(tmp_path)
    name, moving, goes_on = PlainFilename("a"), threading.Event(), threading.Event()

    class SlowPath(type(tmp_path)):  # type: ignore[misc]  # the system's kind of path
        def rename(self, target: Path) -> None:
            moving.set()
            assert goes_on.wait(20)
            super().rename(target)

    (tmp_path / "parts" / "0").write_bytes(b"x")
    mover = threading.Thread(target=spool.take, args=(SlowPath(tmp_path / "parts" / "0"), name))
    mover.start()
    assert moving.wait(20)
    receiver = threading.Thread(target=spool.claim, args=(1, 1))
    receiver.start()
    receiver.join(5)
    was_received = not receiver.is_alive()
    goes_on.set()
    for thread in (mover, receiver):
        thread.join()
    assert was_received
    assert len(spool.named(name)) == 1


def test_a_resumable_that_cannot_be_begun_takes_no_room(tmp_path: Path) -> None:
    spool = _spool(tmp_path / "spool")
    resumables = Resumables(spool, tmp_path / "resumable")
    (tmp_path / "resumable").rmdir()
    with pytest.raises(OSError, match="No such file"):
        resumables.begin(PlainFilename("a"), 1)
    assert spool._used_bytes == 0


def test_more_can_follow_while_the_peer_is_connected_and_not_afterwards(tmp_path: Path) -> None:
    sessions = Sessions()
    arrival = Arrival(PlainFilename("a.changes"), "token", tmp_path)
    assert not sessions.can_follow(arrival)
    sessions.begin("peer")
    sessions.begin("peer")
    sessions.begin("other")
    sessions.brings("peer", arrival.token)
    sessions.end("peer")
    assert sessions.can_follow(arrival)
    sessions.end("peer")
    assert not sessions.can_follow(arrival)
    sessions.brings("peer", arrival.token)  # it was gone before its file was stored
    assert not sessions.can_follow(arrival)
