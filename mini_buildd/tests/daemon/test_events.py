"""Events as they happen, from a real daemon: nothing is lost, nothing comes twice."""

import json
import random
import select
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from mini_buildd.client.api import Api
from mini_buildd.client.connection import Connection, Refused
from mini_buildd.client.server import Server
from mini_buildd.client.tls import Unreachable
from mini_buildd.tests.client.cutting import cutting
from mini_buildd.tests.daemon.event_stream import (
    STREAM,
    Teller,
    listening,
    telling,
)
from mini_buildd.tests.daemon.test_private_by_daemon import _SEED, SECRET, say
from mini_buildd.tests.instance import Instance, free_port, wait_for
from mini_buildd.tests.nginx import running


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """An instance with the repository "hush", which ada may see when it is private."""
    instance = Instance(tmp_path_factory.mktemp("events"))
    instance.configure()
    subprocess.run([sys.executable, "-c", _SEED, str(instance.home)], check=True, timeout=300)
    return instance


@pytest.fixture(scope="module")
def teller(seeded: Instance) -> Iterator[Teller]:
    with telling(seeded) as found:
        yield found


def ids(messages: list[dict[str, Any]]) -> list[int]:
    """Their numbers."""
    return [message["id"] for message in messages]


def test_what_happens_is_told_at_once_as_the_list_has_it(teller: Teller) -> None:
    with listening(teller.port) as stream:
        assert stream.answer.getheader("Content-Type") == "text/event-stream; charset=utf-8"
        assert stream.answer.getheader("X-Accel-Buffering") == "no"
        last = teller.happen(3)
        told = stream.take(3)
    assert ids(told) == [last - 2, last - 1, last]
    listed = json.loads(teller.instance.get(f"/api/v1/events/?after={last - 3}")[1])
    assert told == listed["items"]


def test_curl_hears_what_comes_after_a_number(teller: Teller) -> None:
    last = teller.happen(2)
    url = f"{teller.instance.url}{STREAM}?after={last - 1}"
    with subprocess.Popen(["curl", "-sN", url], stdout=subprocess.PIPE, text=True) as curl:
        assert curl.stdout is not None
        seen = []
        for line in iter(curl.stdout.readline, ""):
            seen.append(line)
            if line == f"id: {last + 1}\n":
                break
            if line.startswith(f"id: {last}"):
                teller.happen()
        curl.terminate()
    assert f"id: {last - 1}\n" not in seen


def test_nothing_is_lost_and_nothing_twice_over_dropped_connections(teller: Teller) -> None:
    chance = random.Random(7)  # noqa: S311  # the same each time
    first = teller.happen() + 1
    ending = threading.Event()

    def go_on() -> int:
        while not ending.is_set():
            last = teller.happen(chance.randrange(1, 30))
        return last

    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(go_on)
        seen: list[int] = []
        last = str(first - 1)
        for _ in range(25):
            with listening(teller.port, f"?after={first - 1}", last=last) as stream:
                seen += ids(stream.take(chance.randrange(1, 60)))
                last = stream.last
                stream.cut()
        ending.set()
        end = work.result()
    with listening(teller.port, last=last) as stream:
        seen += ids(stream.take(end - int(last)))
    assert seen == list(range(first, end + 1))
    assert len(seen) > 100


def test_only_what_fits_is_told_and_the_rest_moves_on(teller: Teller) -> None:
    with listening(teller.port, "?source=hello&kind=upload.arrived&kind=job.failed") as stream:
        teller.happen(1, "other")
        teller.happen(2, "hello")
        assert [each["source"] for each in stream.take(2)] == ["hello", "hello"]
        newest = teller.happen(5)
        # With the next beat it is told how far it is, so that it need not be looked for again.
        lines = iter(stream.answer.readline, b"")
        assert next(line for line in lines if line == b"id: %d\n" % newest)


def test_a_slow_one_keeps_nobody_waiting_takes_no_memory_and_misses_nothing(
    teller: Teller,
) -> None:
    count = 12_000
    with (
        listening(teller.port, receive_bytes=4096) as slow,
        listening(teller.port) as quick,
    ):
        before = teller.memory_bytes()
        with ThreadPoolExecutor(1) as pool:
            taken = pool.submit(quick.take, count)
            last = teller.happen(count, together=True)
            assert ids(taken.result()) == list(range(last - count + 1, last + 1))
        # It is cut off when it takes nothing for long, and comes again where it is.
        seen, position = ids(slow.take(count)), slow.last
        while len(seen) < count:
            with listening(teller.port, last=position) as again:
                seen += ids(again.take(count - len(seen)))
                position = again.last
    assert seen == list(range(last - count + 1, last + 1))
    assert teller.memory_bytes() - before < 40 << 20


def test_who_takes_nothing_of_what_was_is_cut_off_as_well(teller: Teller) -> None:
    teller.happen(12_000, together=True)
    with listening(teller.port, "?after=0", receive_bytes=4096) as idle:
        ended = select.poll()
        ended.register(idle.descriptor, 0)  # an end is told whatever is asked for
        wait_for("it is cut off", lambda: ended.poll(0), seconds=60)


def test_of_what_is_private_only_those_hear_who_may(teller: Teller) -> None:
    with (
        listening(teller.port) as nobody,
        listening(teller.port, token=SECRET) as ada,
    ):
        public = teller.happen(1, "open", "hush")
        assert ids(nobody.take(1)) == ids(ada.take(1)) == [public]
        say(teller.instance, "UPDATE mini_buildd_repository SET is_private = 1")
        secret = teller.happen(1, "closed", "hush")
        after = teller.happen()
        assert ids(ada.take(2)) == [secret, after]
        assert ids(nobody.take(1)) == [after]
    with listening(teller.port, f"?after={public - 1}") as nobody:
        last = teller.happen()
        assert ids(nobody.take(2)) == [after, last]
    say(teller.instance, "UPDATE mini_buildd_repository SET is_private = 0")


def test_whose_token_is_revoked_is_cut_off(teller: Teller) -> None:
    with listening(teller.port, token=SECRET) as ada, listening(teller.port) as nobody:
        first = teller.happen()
        assert ids(ada.take(1)) == [first]
        say(teller.instance, "UPDATE mini_buildd_apitoken SET revoked_at = '2026-01-01 00:00:00'")
        assert ada.take(1) == []
        with listening(teller.port, token=SECRET) as ada_again:
            assert ada_again.answer.status == 401
            assert b"sign-in-failed" in ada_again.answer.read()
        last = teller.happen()
        assert ids(nobody.take(2)) == [first, last]
    say(teller.instance, "UPDATE mini_buildd_apitoken SET revoked_at = NULL")


@pytest.mark.parametrize("query", ["?kind=nonsense", "?nonsense=1", "?after=-1"])
def test_what_cannot_be_meant_is_refused(teller: Teller, query: str) -> None:
    with listening(teller.port, query) as stream:
        assert stream.answer.status in {400, 422}
        assert stream.answer.getheader("Content-Type") == "application/problem+json"


def _wait(teller: Teller, query: str) -> dict[str, Any]:
    url = f"{teller.instance.url}/api/v1/events/?{query}"
    with urllib.request.urlopen(url, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def test_many_wait_for_one_event_and_none_keeps_a_thread(teller: Teller) -> None:
    last = teller.happen()
    with ThreadPoolExecutor(31) as pool:
        query = f"after={last}&wait=50&source=awaited"
        waiting = [pool.submit(_wait, teller, query) for _ in range(30)]
        others = pool.submit(_wait, teller, f"after={last}&wait=1&source=nothing")
        assert others.result()["items"] == []
        assert not any(each.done() for each in waiting)
        assert teller.instance.get("/")[0] == 200
        teller.happen()
        new = teller.happen(1, "awaited")
        assert {tuple(ids(each.result()["items"])) for each in waiting} == {(new,)}


def test_the_client_library_follows_over_drops_and_never_hears_twice(teller: Teller) -> None:
    first, last = teller.happen() + 1, teller.happen(60, together=True)
    # In the middle of the head, of a line, of a message.
    cuts = [100, 2000, 2500, 3000, 9000]
    with cutting(teller.port, [], [5000, *cuts]) as port:
        following = Api(Connection(Server(f"http://127.0.0.1:{port}"))).follow(
            first - 1, kind=["upload.arrived", "key.rotated"]
        )
        following.pause = lambda _: None
        seen = []
        for event in following:
            seen.append(event.id)
            if event.id == last:
                break
    assert seen == list(range(first, last + 1))
    assert following.last == last


def test_the_client_library_says_so_when_nobody_answers_or_lets_it_in(teller: Teller) -> None:
    nobody = Api(Connection(Server(f"http://127.0.0.1:{free_port()}")))
    with pytest.raises(Unreachable):
        next(iter(nobody.follow()))
    stranger = Api(Connection(Server(teller.instance.url, token="mbd_" + "x" * 43)))
    with pytest.raises(Refused) as refused:
        next(iter(stranger.follow()))
    assert refused.value.details.code == "sign-in-failed"


def test_other_processes_events_are_told_as_well(teller: Teller) -> None:
    with listening(teller.port) as stream:
        say(
            teller.instance,
            "INSERT INTO mini_buildd_event (kind, at, detail, package, person)"
            " VALUES ('key.rotated', '2026-01-01 00:00:00', 'by hand', '', '')",
        )
        assert [each["detail"] for each in stream.take(1)] == ["by hand"]


def test_nginx_before_it_hands_on_what_comes_at_once(teller: Teller, tmp_path: Path) -> None:
    with (
        running(tmp_path, home=teller.instance.home, daemon_port=teller.port) as (port, _),
        listening(port) as stream,
    ):
        last = teller.happen()
        assert ids(stream.take(1)) == [last]


def _ask(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/api/v1/events/")
    assert connection.getresponse().status == HTTPStatus.OK
    connection.close()


def test_a_stop_ends_streams_and_waits_and_a_restart_goes_on(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    instance.configure()
    with telling(instance) as teller:
        last = teller.happen()
        _ask(teller.port)  # the first call of all takes long
        connection = HTTPConnection("127.0.0.1", teller.port, timeout=30)
        connection.request("GET", f"/api/v1/events/?after={last}&wait=50")
        _ask(teller.port)  # it comes in later, so the other one is waiting by now
        with listening(teller.port) as stream:
            wait_for("it is told", stream.answer.readline, seconds=10)
            teller.process.terminate()
            assert stream.take(1) == []
            position = stream.last
        assert json.load(connection.getresponse())["items"] == []
        connection.close()
        assert teller.process.wait(30) == 0
    with telling(instance) as teller, listening(teller.port, last=position) as stream:
        new = teller.happen()
        assert ids(stream.take(1)) == [new]
