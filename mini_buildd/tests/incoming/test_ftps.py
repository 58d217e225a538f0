"""FTP over TLS, with real clients, and with those who try to get around it."""

import ftplib
import io
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mini_buildd.incoming.certificate import self_made
from mini_buildd.tests.incoming.run import run
from mini_buildd.tests.incoming.server import Server, serve

_CONTENT = bytes(range(256)) * 2000


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("ftps")
    with serve(folder / "spool", wire={"tls_use": "required"}) as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hello_1.0.tar.gz"
    path.write_bytes(_CONTENT)
    return path


def _client_context(server: Server) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(server.certificate))


def _connect(server: Server) -> ftplib.FTP_TLS:
    """A client that is logged in, and has not said yet how data go."""
    client = _greet(server)
    client.login()
    return client


def _greet(server: Server) -> ftplib.FTP_TLS:
    context = _client_context(server)
    client = ftplib.FTP_TLS(context=context, timeout=20)  # noqa: S321  # what we serve
    client.connect("127.0.0.1", server.port)
    return client


# --- clients ------------------------------------------------------------------------


@pytest.mark.parametrize("options", [[], ["--disable-epsv"], ["--tls-max", "1.2"]])
def test_curl_brings_a_file_and_trusts_the_certificate(
    server: Server, file: Path, options: list[str]
) -> None:
    url = f"ftp://127.0.0.1:{server.port}/"
    tls = ["--ssl-reqd", "--cacert", str(server.certificate)]
    run("curl", "-sS", "--noproxy", "*", *tls, *options, "-T", file, url)
    assert server.files() == {file.name: [_CONTENT]}


def test_curl_refuses_a_certificate_that_it_was_not_given(server: Server, file: Path) -> None:
    url = f"ftp://127.0.0.1:{server.port}/"
    said = run("curl", "-sS", "--noproxy", "*", "--ssl-reqd", "-T", file, url, check=False)
    assert "certificate" in said
    assert server.files() == {}


def test_a_certificate_that_is_replaced_is_shown_to_the_next_client_without_a_restart(
    tmp_path: Path, file: Path
) -> None:
    with serve(tmp_path / "spool", wire={"tls_use": "required"}) as server:
        url = f"ftp://127.0.0.1:{server.port}/"

        def bring(trusted: Path) -> str:
            tls = ["--ssl-reqd", "--cacert", str(trusted)]
            return run("curl", "-sS", "--noproxy", "*", *tls, "-T", file, url, check=False)

        old = tmp_path / "old.pem"
        old.write_bytes(server.certificate.read_bytes())
        assert bring(old) == ""
        made = self_made(tmp_path / "new", [], datetime.now(UTC))
        made.key.rename(server.certificate.with_name("key.pem"))
        made.certificate.rename(server.certificate)
        assert "certificate" in bring(old)
        assert bring(server.certificate) == ""
        assert server.files() == {file.name: [_CONTENT, _CONTENT]}


def test_lftp_brings_files_and_lists_nothing(server: Server, file: Path) -> None:
    script = (
        f"set net:max-retries 1; set cmd:fail-exit yes; set ssl:ca-file {server.certificate}; "
        "set ftp:ssl-force yes; set ftp:ssl-allow-anonymous yes; set ftp:ssl-protect-data yes; "
        "set ftp:ssl-protect-list yes; "
        f"open 127.0.0.1:{server.port}; "
    )
    run("lftp", "-c", f"{script} put {file}")
    assert run("lftp", "-c", f"{script} cls; nlist; ls") == ""
    assert server.files() == {file.name: [_CONTENT]}


def test_pythons_client_brings_files_and_lists_nothing(server: Server) -> None:
    with _connect(server) as client:
        client.prot_p()
        client.storbinary("STOR one", io.BytesIO(_CONTENT))
        assert client.nlst() == []
        client.storbinary("STOR two", io.BytesIO(b""))
        client.dir(pytest.fail)
        client.storbinary("STOR three", io.BytesIO(b"x"))
    assert server.files() == {"one": [_CONTENT], "two": [b""], "three": [b"x"]}


def test_a_large_file_comes_as_it_was_sent(server: Server) -> None:
    content = _CONTENT * 40
    with _connect(server) as client:
        client.prot_p()
        client.storbinary("STOR large", io.BytesIO(content))
    assert server.files() == {"large": [content]}


# --- required --------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["USER anonymous", "PASS x", "STOR x", "PASV", "LIST", "NOOP"])
def test_nothing_is_done_in_the_clear(server: Server, command: str) -> None:
    with closing(server.greet()) as client, pytest.raises(ftplib.error_perm, match="530 TLS is"):
        client.sendcmd(command)


def test_it_tells_what_it_offers_before_anything_else(server: Server) -> None:
    with closing(server.greet()) as client:
        told = client.sendcmd("FEAT").splitlines()
    assert {" AUTH TLS", " PBSZ", " PROT", " EPSV"} <= set(told)


def test_data_in_the_clear_are_refused(server: Server) -> None:
    with _connect(server) as client:
        client.sendcmd("PBSZ 0")
        with pytest.raises(ftplib.error_perm, match="534"):
            client.sendcmd("PROT C")
        with closing(socket.create_connection(client.makepasv())):
            for command in ("STOR x", "LIST", "NLST"):
                with pytest.raises(ftplib.error_perm, match="521"):
                    client.sendcmd(command)
        client.prot_p()
        client.storbinary("STOR x", io.BytesIO(b"x"))
    assert server.files() == {"x": [b"x"]}


def test_commands_of_tls_have_their_order(server: Server) -> None:
    with closing(server.greet()) as plain:
        for command in ("PBSZ 0", "PROT P"):
            with pytest.raises(ftplib.error_perm, match="503"):
                plain.sendcmd(command)
        for command in ("AUTH", "AUTH KERBEROS_V4"):
            with pytest.raises(ftplib.error_perm, match=r"50[14]"):
                plain.sendcmd(command)
    with _connect(server) as client:
        with pytest.raises(ftplib.error_perm, match="503"):
            client.sendcmd("PROT P")
        with pytest.raises(ftplib.error_perm, match="503"):
            client.sendcmd("AUTH TLS")
        client.sendcmd("PBSZ 0")
        with pytest.raises(ftplib.error_perm, match="504"):
            client.sendcmd("PROT E")


# --- who stands in between ---------------------------------------------------------------


def test_what_was_sent_in_the_clear_behind_auth_is_not_obeyed(server: Server) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.port), 20)) as plain:
        plain.recv(1000)
        plain.sendall(b"AUTH TLS\r\nUSER mallory\r\nPASS x\r\n")
        answer = plain.recv(1000)
        assert answer.startswith(b"234")
        assert answer.count(b"\n") == 1
        with _client_context(server).wrap_socket(plain, server_hostname="127.0.0.1") as secured:
            secured.sendall(b"PWD\r\n")
            assert secured.recv(1000).startswith(b"530")


def test_a_login_in_the_clear_does_not_count_under_tls(tmp_path: Path) -> None:
    with (
        serve(tmp_path / "spool", wire={"tls_use": "offered"}) as server,
        closing(_greet(server)) as client,
    ):
        client.sendcmd("USER anonymous")
        client.sendcmd("PASS x")
        client.auth()
        with pytest.raises(ftplib.error_perm, match="530"):
            client.sendcmd("PWD")


def test_a_transfer_that_is_cut_within_tls_is_told_so_and_forgotten(server: Server) -> None:
    with _connect(server) as client:
        client.prot_p()
        data = client.transfercmd("STOR cut")
        data.sendall(_CONTENT)
        # The stream ends, as anybody on the way can make it end; TLS does not say so.
        with closing(socket.socket(fileno=data.detach())) as raw:
            raw.shutdown(socket.SHUT_WR)
            with suppress(OSError):
                while raw.recv(65536):
                    pass
        with pytest.raises(ftplib.error_temp, match="426"):
            client.voidresp()
        server.wait_for_no_parts()
        assert server.files() == {}
        client.storbinary("STOR cut", io.BytesIO(b"again"))
    assert server.files() == {"cut": [b"again"]}


def test_a_data_connection_that_speaks_no_tls_brings_nothing(server: Server) -> None:
    with _connect(server) as client:
        client.prot_p()
        with closing(socket.create_connection(client.makepasv())) as data:
            client.putcmd("STOR plain")
            data.sendall(b"x" * 1000)
            data.shutdown(socket.SHUT_WR)
            answers = [client.getmultiline()]
            if answers[0].startswith("1"):
                answers.append(client.getmultiline())
        assert answers[-1][:3] in ("425", "426")
        server.wait_for_no_parts()
        assert server.files() == {}


# --- offered ------------------------------------------------------------------------------


def test_a_data_connection_from_before_its_protection_brings_nothing(server: Server) -> None:
    with _connect(server) as client, closing(socket.create_connection(client.makepasv())) as data:
        client.prot_p()
        with suppress(OSError):
            data.sendall(b"in the clear")
        with pytest.raises(ftplib.error_perm, match="503"):
            client.sendcmd("STOR clear")
    assert server.files() == {}


def test_where_tls_is_offered_both_ways_are_open(tmp_path: Path) -> None:
    with serve(tmp_path / "spool", wire={"tls_use": "offered"}) as server:
        with server.connect() as plain:
            plain.storbinary("STOR plain", io.BytesIO(b"1"))
        with _connect(server) as client:
            client.storbinary("STOR half", io.BytesIO(b"2"))
            client.prot_p()
            client.storbinary("STOR whole", io.BytesIO(b"3"))
            client.prot_c()
            client.storbinary("STOR again", io.BytesIO(b"4"))
        assert server.files() == {
            "plain": [b"1"],
            "half": [b"2"],
            "whole": [b"3"],
            "again": [b"4"],
        }
