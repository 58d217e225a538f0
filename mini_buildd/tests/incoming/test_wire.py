"""The network around the servers: IPv6, routers, and peers that come too often or too fast."""

import ftplib
import io
import socket
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.task import Clock

from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.http_channel import Pause
from mini_buildd.incoming.http_door import HttpExchange, Works
from mini_buildd.incoming.peers import peer_of
from mini_buildd.incoming.rates import Rates
from mini_buildd.incoming.sessions import Bounds, Sessions
from mini_buildd.incoming.spool import Spool
from mini_buildd.tests.incoming.run import run
from mini_buildd.tests.incoming.server import Server, serve
from mini_buildd.tests.instance import wait_for


def _connect(server: Server, host: str) -> ftplib.FTP:
    client = ftplib.FTP(timeout=20)  # noqa: S321  # what we serve
    client.connect(host, server.port)
    client.login()
    return client


# --- addresses -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        (IPv4Address("TCP", "192.0.2.1", 1), "192.0.2.1"),
        (IPv6Address("TCP", "::ffff:192.0.2.1", 1), "192.0.2.1"),
        (IPv6Address("TCP", "::FFFF:C000:201", 1), "192.0.2.1"),
        (IPv6Address("TCP", "2001:DB8::0:1", 1), "2001:db8::1"),
        (IPv6Address("TCP", "fe80::1%eth0", 1), "fe80::1"),
        (UNIXAddress(b"/x"), ""),
        (None, ""),
    ],
)
def test_a_peer_has_one_spelling(address: object, peer: str) -> None:
    assert peer_of(address) == peer


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("tls", [[], ["--ssl-reqd", "--insecure"]])
def test_one_server_takes_both_ipv4_and_ipv6(tmp_path: Path, host: str, tls: list[str]) -> None:
    file = tmp_path / "x.changes"
    file.write_bytes(b"content")
    with serve(tmp_path / "spool", interface="::", wire={"tls_use": "offered"}) as server:
        url = f"ftp://{f'[{host}]' if ':' in host else host}:{server.port}/"
        said = run("curl", "-sSv", "--noproxy", "*", *tls, "-T", file, url)
        assert "> EPSV" in said
        assert "> PASV" not in said
        assert list(server.next_changes().values()) == [True]
        assert server.files() == {"x.changes": [b"content"]}


def test_an_ipv4_client_of_an_ipv6_socket_can_use_pasv(tmp_path: Path) -> None:
    with (
        serve(tmp_path / "spool", interface="::") as server,
        closing(_connect(server, "127.0.0.1")) as ftp,
    ):
        ftp.storbinary("STOR x", io.BytesIO(b"x"))
        assert "(127,0,0,1," in ftp.sendcmd("PASV")
        assert server.files() == {"x": [b"x"]}


def test_over_ipv6_a_stranger_may_not_take_the_data_connection(tmp_path: Path) -> None:
    with (
        serve(tmp_path / "spool", interface="::") as server,
        closing(_connect(server, "127.0.0.1")) as ftp,
    ):
        port = int(ftp.sendcmd("EPSV").split("|")[3])
        stranger = socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.2", 0))
        with closing(stranger):
            stranger.settimeout(20)
            assert stranger.recv(1) == b""


def test_pasv_tells_the_address_that_the_router_has_and_epsv_tells_none(tmp_path: Path) -> None:
    wire = {"public_address": "192.0.2.7"}
    file = tmp_path / "x"
    file.write_bytes(b"content")
    with serve(tmp_path / "spool", wire=wire) as server:
        with closing(server.connect()) as client:
            assert "(192,0,2,7," in client.sendcmd("PASV")
        for options in (["--ftp-skip-pasv-ip", "--disable-epsv"], []):
            url = f"ftp://127.0.0.1:{server.port}/"
            run("curl", "-sS", "--noproxy", "*", *options, "-T", file, url)
        assert server.files() == {"x": [b"content", b"content"]}


# --- how many ----------------------------------------------------------------------------


def test_a_peer_has_a_bound_on_its_connections_and_they_all_have_one() -> None:
    sessions = Sessions(Bounds(in_all=3, per_peer=2))
    for peer in ("a", "a", "b"):
        assert sessions.may_begin(peer)
        sessions.begin(peer)
    assert not sessions.may_begin("a")
    assert not sessions.may_begin("c")
    sessions.end("a")
    assert sessions.may_begin("a")
    assert sessions.may_begin("c")


def test_one_connection_too_many_is_told_so_and_the_next_one_after_it_is_taken(
    tmp_path: Path,
) -> None:
    with serve(tmp_path / "spool", bounds={"per_peer": 3}) as server:
        with ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(server.connect())
            with pytest.raises(ftplib.error_temp, match="421"):
                server.greet()
        client = wait_for("room", lambda: _try(server), seconds=20)
        with client:
            client.storbinary("STOR x", io.BytesIO(b"x"))


def _try(server: Server) -> ftplib.FTP | None:
    try:
        return server.connect()
    except ftplib.error_temp:
        return None


# --- how fast ------------------------------------------------------------------------------


def test_a_peer_pays_for_what_it_sent_over_all_its_connections_and_others_do_not() -> None:
    clock = Clock()
    clock.advance(1000)
    rates = Rates(clock, 100)
    assert rates.took("a", 100) == 0
    assert rates.took("a", 50) == 0.5
    assert rates.took("a", 50) == 1
    assert rates.took("b", 100) == 0
    clock.advance(1)
    assert rates.took("a", 100) == 1
    clock.advance(3600)
    assert rates.took("a", 100) == 0
    assert rates.took("a", 100) == 1, "a pause of an hour saves up a second, and no more"


def test_pieces_that_came_at_once_are_all_paid_for_before_more_is_read(tmp_path: Path) -> None:
    """As those of a body in chunks, of which many are in one packet."""
    clock = Clock()
    clock.advance(1000)
    nothing: Any = None
    spool = Spool(tmp_path, max_file_bytes=1 << 20, max_spool_bytes=1 << 20)
    dock = Dock(clock, nothing, spool, Sessions(), Rates(clock, 100), lambda: None)
    works = Works(dock, nothing)
    request: Any = _Request()
    exchange = HttpExchange(works, request, nothing, as_json=False)
    for _ in range(10):
        exchange.write(b"x" * 100)
    assert request.pauses == {Pause.RATE}
    assert len(clock.getDelayedCalls()) == 1
    clock.advance(8.5)
    assert request.pauses == {Pause.RATE}
    clock.advance(1)
    assert request.pauses == set()


class _Request:
    """One whose pauses can be seen."""

    peer = "192.0.2.1"

    def __init__(self) -> None:
        self.pauses: set[Pause] = set()
        self.pause = self.pauses.add
        self.resume = self.pauses.discard


def test_without_a_bound_nobody_waits() -> None:
    assert Rates(Clock(), 0).took("a", 1 << 40) == 0


def test_peers_that_may_go_on_are_forgotten() -> None:
    clock = Clock()
    clock.advance(1000)
    rates = Rates(clock, 1)
    for number in range(5000):
        rates.took(str(number), 1)
        clock.advance(0.001)
    assert len(rates._empty_until) < 2500


@pytest.mark.parametrize("tls", [[], ["--ssl-reqd", "--insecure"]])
def test_a_bound_on_the_rate_slows_a_transfer_and_drops_nothing(
    tmp_path: Path, tls: list[str]
) -> None:
    content = bytes(range(256)) * 4000
    file = tmp_path / "x"
    file.write_bytes(content)
    wire = {"tls_use": "offered"}
    with serve(tmp_path / "spool", rate=400_000, idle_seconds=1, wire=wire) as server:
        url = f"ftp://127.0.0.1:{server.port}/"
        began_at = time.monotonic()
        run("curl", "-sS", "--noproxy", "*", *tls, "-T", file, url)
        took_seconds = time.monotonic() - began_at
        assert server.files() == {"x": [content]}
    # A second's worth is free, and kernels hold some of the rest.
    assert took_seconds > (len(content) - 400_000) / 400_000 / 2


# --- a disk that is behind -----------------------------------------------------------------


@pytest.mark.parametrize("tls", [[], ["--ssl-reqd", "--insecure"]])
def test_a_file_comes_as_it_was_sent_while_the_disk_is_behind(
    tmp_path: Path, tls: list[str]
) -> None:
    content = bytes(range(256)) * 80_000
    file = tmp_path / "x"
    file.write_bytes(content)
    wire = {"tls_use": "offered"}
    with serve(tmp_path / "spool", is_slow_disk=True, wire=wire) as server:
        url = f"ftp://127.0.0.1:{server.port}/"
        run("curl", "-sS", "--noproxy", "*", *tls, "-T", file, url)
        assert server.files() == {"x": [content]}


def test_a_full_spool_is_told_while_the_disk_is_behind(tmp_path: Path) -> None:
    with serve(tmp_path / "spool", is_slow_disk=True, max_spool_bytes=3_000_000) as server:
        with server.connect() as client, pytest.raises(ftplib.error_perm, match="552"):
            client.storbinary("STOR large", io.BytesIO(b"x" * 20_000_000))
        server.wait_for_no_parts()
        with server.connect() as client:
            client.storbinary("STOR fits", io.BytesIO(b"x" * 2_000_000))
        assert set(server.files()) == {"fits"}
