"""The FTP server, with the clients that people use, and with those that they should not."""

import contextlib
import ftplib
import io
import os
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mini_buildd.tests.incoming.run import run
from mini_buildd.tests.incoming.server import Server, serve
from mini_buildd.tests.instance import wait_for

_CONTENT = bytes(range(256)) * 2000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hello_1.0.tar.gz"
    path.write_bytes(_CONTENT)
    return path


# --- clients --------------------------------------------------------------------


@pytest.mark.parametrize("options", [[], ["--disable-epsv"], ["--ftp-create-dirs"]])
def test_curl_brings_a_file(server: Server, file: Path, options: list[str]) -> None:
    url = f"ftp://127.0.0.1:{server.port}/incoming/"
    run("curl", "-sS", "--noproxy", "*", *options, "-T", str(file), url)
    assert server.files() == {file.name: [_CONTENT]}


def test_curl_does_not_fall_back_from_extended_passive_mode(server: Server, file: Path) -> None:
    said = run(
        *("curl", "-sSv", "--noproxy", "*", "-T", str(file)), f"ftp://127.0.0.1:{server.port}/"
    )
    assert "> EPSV" in said
    assert "> PASV" not in said


def test_lftp_brings_files_and_lists_nothing(server: Server, file: Path) -> None:
    script = f"set net:max-retries 1; set cmd:fail-exit yes; open 127.0.0.1:{server.port}; "
    run("lftp", "-c", f"{script} put {file}")
    run("lftp", "-c", f"{script} mput -a {file}")
    assert run("lftp", "-c", f"{script} cls; nlist; ls") == ""
    assert server.files()[file.name][0] == _CONTENT


def test_ftplib_brings_a_file_in_binary_and_in_text_mode(server: Server) -> None:
    with server.connect() as client:
        client.storbinary("STOR binary", io.BytesIO(_CONTENT))
        client.storlines("STOR text", io.BytesIO(b"one\ntwo\n"))
        assert client.nlst() == []
        client.storbinary("STOR again", io.BytesIO(_CONTENT))
    assert server.files() == {
        "binary": [_CONTENT],
        "again": [_CONTENT],
        "text": [b"one\r\ntwo\r\n"],
    }


def test_dput_brings_an_upload(server: Server, tmp_path: Path) -> None:
    tree = tmp_path / "tiny-1.0"
    (tree / "debian").mkdir(parents=True)
    for name, text in {
        "changelog": "tiny (1.0) unstable; urgency=low\n\n  * New.\n\n"
        " -- Pat <pat@example.invalid>  Fri, 20 Nov 2026 12:00:00 +0000\n",
        "control": "Source: tiny\nMaintainer: Pat <pat@example.invalid>\n\nPackage: tiny\n"
        "Architecture: all\nDescription: nothing\n",
        "rules": "#!/usr/bin/make -f\n",
    }.items():
        (tree / "debian" / name).write_text(text)
    (tree / "debian" / "source").mkdir()
    (tree / "debian" / "source" / "format").write_text("3.0 (native)\n")
    run("dpkg-buildpackage", "-S", "-d", "-nc", "-us", "-uc", cwd=tree)
    (tmp_path / "dput.cf").write_text(
        f"[here]\nmethod = ftp\nfqdn = 127.0.0.1:{server.port}\nlogin = anonymous\n"
        "incoming = /\nallow_unsigned_uploads = 1\n"
    )
    changes = tmp_path / "tiny_1.0_source.changes"
    run("dput", "-u", "-f", "-c", str(tmp_path / "dput.cf"), "here", str(changes))
    arrived = server.files()
    assert set(arrived) == {
        *("tiny_1.0.dsc", "tiny_1.0.tar.xz", "tiny_1.0_source.buildinfo"),
        changes.name,
    }
    assert arrived[changes.name] == [changes.read_bytes()]


# --- names ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "../../../../etc/passwd",
        "a/..",
        ".hidden",
        "dir/.hidden",
        "-x",
        "a b",
        "x" * 201,
        "x" * 10_000,
        "ä",
        "a\0b",
        "a\tb",
        "a\rb",
        "a%sb",
        "$(id)",
        "",
        "/",
        ".",
    ],
)
def test_a_name_that_is_not_plain_is_refused_and_leaves_nothing(server: Server, name: str) -> None:
    everything = _tree(server.spool.parent)
    with server.connect() as client:
        assert client.sock is not None
        with closing(socket.create_connection(client.makepasv())):
            client.sock.sendall(f"STOR {name}\r\n".encode("latin-1"))
            assert client.getmultiline()[:3] in ("550", "553", "500")
        client.storbinary("STOR still-fine", io.BytesIO(b"x"))
    assert set(server.files()) == {"still-fine"}
    assert {path for path in _tree(server.spool.parent) - everything if path.is_file()} == {
        next((server.spool / "files" / "still-fine").iterdir())
    }


def _tree(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize("name", ["a/../b", "/etc/b", "deep/er/b", "./b", "//b"])
def test_folders_do_not_matter(server: Server, name: str) -> None:
    with server.connect() as client:
        client.storbinary(f"STOR {name}", io.BytesIO(b"x"))
    assert server.files() == {"b": [b"x"]}


def test_a_line_feed_ends_a_command_and_is_part_of_no_name(server: Server) -> None:
    with server.connect() as client:
        assert client.sock is not None
        with closing(socket.create_connection(client.makepasv())) as data:
            client.sock.sendall(b"STOR a\r\nSTOR ../b\r\n")
            assert client.getmultiline()[:3] in ("125", "150")
            data.close()
            assert client.getmultiline().startswith("226")
        assert client.getmultiline()[:3] in ("503", "550")
    assert server.files() == {"a": [b""]}


def test_two_who_bring_the_same_name_at_once_overwrite_nothing(server: Server) -> None:
    contents = [bytes([65 + number]) * 300_000 for number in range(6)]

    def bring(content: bytes) -> None:
        with server.connect() as client:
            client.storbinary("STOR same", io.BytesIO(content))

    threads = [threading.Thread(target=bring, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.files() == {"same": contents}


# --- nothing but uploads ------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "PORT 127,0,0,1,4,1",
        "EPRT |1|127.0.0.1|1025|",
        "RETR x",
        "DELE x",
        "MKD x",
        "RMD x",
        "SIZE x",
        "MDTM x",
        "APPE x",
        "STOU",
        "REST 5",
        "SITE x",
        "AUTH TLS",
        "RNFR x",
        "RNTO x",
        "STOR x",
        "NLST",
        "LIST",
        "EPSV 2",
        "EPSV x",
        "STOR",
        "TYPE",
        "\xff\xfe",
    ],
)
def test_what_is_not_offered_is_refused_and_the_session_goes_on(
    server: Server, command: str
) -> None:
    with server.connect() as client:
        client.storbinary("STOR x", io.BytesIO(b"x"))
        if command == "EPSV 2":  # how a client should reach an IPv6 address that is not ours
            with closing(socket.create_connection(client.makepasv())):
                client.voidcmd("NOOP")
            return
        with pytest.raises((ftplib.error_perm, ftplib.error_temp)):
            client.sendcmd(command)
        client.storbinary("STOR x", io.BytesIO(b"x"))
    assert server.files() == {"x": [b"x", b"x"]}


def test_everybody_is_anonymous_by_whatever_name_but_has_to_say_one(server: Server) -> None:
    with closing(server.greet()) as client:
        with pytest.raises(ftplib.error_perm, match="530"):
            client.sendcmd("STOR x")
        with pytest.raises(ftplib.error_perm, match="501"):
            client.sendcmd("USER ")
        client.login("root", "secret")
        client.storbinary("STOR x", io.BytesIO(b"x"))
    assert server.files() == {"x": [b"x"]}


# --- data connections -----------------------------------------------------------------


def _stor(client: ftplib.FTP, name: str) -> socket.socket:
    """A data connection on which *name* is being sent."""
    return client.transfercmd(f"STOR {name}")


def _cut(connection: socket.socket | ftplib.FTP) -> None:
    """Reset *connection* instead of closing it."""
    end = connection.sock if isinstance(connection, ftplib.FTP) else connection
    assert end is not None
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _send(client: ftplib.FTP, command: str) -> str:
    """The last answer to *command*, whichever it is."""
    client.putcmd(command)
    answer = client.getmultiline()
    return client.getmultiline() if answer.startswith("1") else answer


def test_a_transfer_that_is_cut_is_told_so_and_forgotten(server: Server) -> None:
    with server.connect() as client:
        data = _stor(client, "cut")
        data.sendall(b"x" * 100_000)
        wait_for("a part", lambda: any(each.stat().st_size for each in server.parts()), seconds=20)
        _cut(data)
        with pytest.raises(ftplib.error_temp, match="426"):
            client.voidresp()
        server.wait_for_no_parts()
        assert server.files() == {}
        client.storbinary("STOR cut", io.BytesIO(b"again"))
    assert server.files() == {"cut": [b"again"]}


def test_a_data_connection_that_is_cut_before_its_stor_brings_nothing(server: Server) -> None:
    with server.connect() as client:
        data = socket.create_connection(client.makepasv())
        data.sendall(b"x" * 1000)
        _cut(data)
        assert _send(client, "STOR early")[:3] in ("425", "426")
        server.wait_for_no_parts()
    assert server.files() == {}


def test_what_is_sent_before_its_stor_arrives(server: Server) -> None:
    with server.connect() as client:
        with closing(socket.create_connection(client.makepasv())) as data:
            data.sendall(b"early")
        assert client.sendcmd("STOR early")[:3] in ("125", "150")
        client.voidresp()
    assert server.files() == {"early": [b"early"]}


def test_nothing_is_kept_in_memory_of_what_has_no_stor_yet(server: Server) -> None:
    with server.connect() as client, closing(socket.create_connection(client.makepasv())) as data:
        data.settimeout(0.5)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 100 << 20:
                sent += data.send(b"x" * 65536)
        assert sent < 50 << 20


def test_a_session_that_is_gone_in_the_middle_leaves_nothing(server: Server) -> None:
    client = server.connect()
    data = _stor(client, "gone")
    data.sendall(b"x" * 100_000)
    _cut(client)
    _cut(data)
    server.wait_for_no_parts()
    assert server.files() == {}


def test_without_a_new_data_connection_there_is_no_other_transfer(server: Server) -> None:
    def descriptors() -> int:
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))  # noqa: PTH208  # only their number

    with server.connect() as client:
        client.storbinary("STOR one", io.BytesIO(b"1"))
        before = descriptors()
        for _ in range(20):
            with pytest.raises((ftplib.error_perm, ftplib.error_temp)):
                client.voidcmd("STOR two")
        assert descriptors() <= before
    server.wait_for_no_parts()
    assert server.files() == {"one": [b"1"]}


def _extended_passive(client: ftplib.FTP) -> tuple[str, int]:
    """Where the data connection is awaited (RFC 2428)."""
    return "127.0.0.1", int(client.sendcmd("EPSV").split("|")[3])


@pytest.mark.parametrize("await_data", [ftplib.FTP.makepasv, _extended_passive])
def test_a_stranger_may_not_take_the_data_connection(
    server: Server, await_data: Callable[[ftplib.FTP], tuple[str, int]]
) -> None:
    with server.connect() as client:
        host, port = await_data(client)
        with closing(_from("127.0.0.2", host, port)) as stranger:
            stranger.settimeout(20)
            assert _is_closed(stranger)
        with closing(_from("127.0.0.1", host, port)) as data:
            assert client.sendcmd("STOR mine")[:3] in ("125", "150")
            data.sendall(b"mine")
        client.voidresp()
    assert server.files() == {"mine": [b"mine"]}


def _from(source: str, host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), source_address=(source, 0))


def _is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_the_data_connection_is_awaited_on_the_interface_of_the_session(server: Server) -> None:
    with server.connect() as client:
        _, port = _extended_passive(client)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.9", port))
        socket.create_connection(("127.0.0.1", port)).close()


# --- bounds -----------------------------------------------------------------------------


def test_a_file_that_is_too_large_is_refused_and_its_room_is_free_again(tmp_path: Path) -> None:
    with serve(tmp_path / "spool", max_file_bytes=100_000, max_spool_bytes=150_000) as server:
        for _ in range(3):
            refused = pytest.raises(
                ftplib.error_perm, match="552 Not stored: a file may have at most"
            )
            with server.connect() as client, refused:
                client.storbinary("STOR large", io.BytesIO(_CONTENT))
            server.wait_for_no_parts()
        with server.connect() as client:
            client.storbinary("STOR fits", io.BytesIO(b"x" * 100_000))
        assert set(server.files()) == {"fits"}


def test_a_full_spool_answers_552_and_what_fits_still_comes_in(tmp_path: Path, file: Path) -> None:
    with serve(tmp_path / "spool", max_spool_bytes=200_000) as server:
        url = f"ftp://127.0.0.1:{server.port}/"
        said = run("curl", "-sSv", "--noproxy", "*", "-T", str(file), url, check=False)
        assert "< 552 Not stored: there is no room in the spool" in said
        server.wait_for_no_parts()
        with server.connect() as client:
            data = _stor(client, "large")
            data.sendall(b"x" * 190_000)
            wait_for(
                "the part",
                lambda: any(each.stat().st_size >= 190_000 for each in server.parts()),
                seconds=20,
            )
            data.sendall(b"x" * 10_000)
            server.wait_for_no_parts()
            data.close()
            with pytest.raises(ftplib.error_perm, match="552"):
                client.voidresp()
            client.storbinary("STOR fits", io.BytesIO(b"x" * 190_000))
            with pytest.raises(ftplib.error_perm, match="552"):
                client.storbinary("STOR more", io.BytesIO(b"x" * 190_000))
        assert {name: len(found) for name, found in server.files().items()} == {"fits": 1}


def test_empty_files_fill_a_spool_too(tmp_path: Path) -> None:
    with serve(tmp_path / "spool", max_spool_bytes=20_000) as server, server.connect() as client:
        for _ in range(4):
            client.storbinary("STOR empty", io.BytesIO())
        with pytest.raises(ftplib.error_perm, match="552"):
            client.storbinary("STOR empty", io.BytesIO())


def test_when_all_passive_ports_are_taken_the_client_is_told_and_its_session_ends(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wire = {"passive_ports": [port, port + 1]}
        with serve(tmp_path / "spool", wire=wire) as server, server.connect() as client:
            for command in ("PASV", "EPSV", "PASV"):
                with pytest.raises(ftplib.error_temp, match="425"):
                    client.sendcmd(command)
            taken.close()
            client.storbinary("STOR x.changes", io.BytesIO(b"x"))
            assert list(server.next_changes().values()) == [True]
            client.storbinary("STOR y", io.BytesIO(b"y"))  # the port is free again
            server.next_changes()
            client.quit()
            assert list(server.next_changes().values()) == [False]


def test_a_transfer_that_stands_still_is_ended_and_forgotten(tmp_path: Path) -> None:
    with serve(tmp_path / "spool", idle_seconds=1) as server, server.connect() as client:
        with closing(_stor(client, "slow")) as data:
            data.sendall(b"x")
            with pytest.raises(ftplib.error_temp, match="426"):
                client.voidresp()
        server.wait_for_no_parts()
        assert server.files() == {}


def test_a_data_connection_that_nobody_uses_is_closed(tmp_path: Path) -> None:
    with (
        serve(tmp_path / "spool", idle_seconds=1) as server,
        server.connect() as client,
        closing(socket.create_connection(client.makepasv())) as data,
    ):
        data.settimeout(20)
        assert _is_closed(data)


# --- sessions -----------------------------------------------------------------------------


def test_more_can_follow_as_long_as_any_session_of_the_same_peer_is_open(server: Server) -> None:
    other = server.connect()
    with server.connect() as client:
        client.storbinary("STOR x.changes", io.BytesIO(b"x"))
        assert list(server.next_changes().values()) == [True]
    assert list(server.next_changes().values()) == [True]
    other.quit()
    assert list(server.next_changes().values()) == [False]


def test_a_session_that_is_cut_is_over(server: Server) -> None:
    client = server.connect()
    client.storbinary("STOR x.changes", io.BytesIO(b"x"))
    assert list(server.next_changes().values()) == [True]
    _cut(client)
    assert list(server.next_changes().values()) == [False]
