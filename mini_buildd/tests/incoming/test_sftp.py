"""The SFTP server, with the clients that people use, and with those that they should not."""

import contextlib
import re
import socket
import stat
import struct
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from mini_buildd.incoming.host_keys import host_keys
from mini_buildd.tests.incoming.run import run
from mini_buildd.tests.incoming.server import Server, serve
from mini_buildd.tests.instance import wait_for

_CONTENT = bytes(range(256)) * 20_000
_KINDS = {"ed25519": [], "rsa": ["-b", "2048"], "ecdsa": []}


@dataclass(frozen=True, slots=True)
class Keys:
    """pat's keys, in *folder*."""

    folder: Path

    def shown(self) -> list[str]:
        """The public ones, as the server is told of them."""
        return [
            (self.folder / f"id_{kind}.pub").read_text(encoding="ascii").split()[1]
            for kind in _KINDS
        ]

    def options(self, kind: str = "ed25519") -> list[str | Path]:
        """For OpenSSH's programs: this key and nothing of the user's own."""
        settings = {
            "IdentityFile": self.folder / f"id_{kind}",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "UserKnownHostsFile": self.folder / "known",
            "StrictHostKeyChecking": "accept-new",
            "BatchMode": "yes",
        }
        options: list[str | Path] = ["-F", "/dev/null"]
        for name, value in settings.items():
            options += ["-o", f"{name}={value}"]
        return options


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    for kind, options in _KINDS.items():
        path = str(folder / f"id_{kind}")
        run("ssh-keygen", "-q", "-t", kind, *options, "-N", "", "-f", path)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "id_stranger"))
    return Keys(folder)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sftp")
    accounts = {"pat": [*keys.shown(), "secret"]}
    with serve(folder / "spool", accounts=accounts, interface="::") as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hello_1.0.tar.gz"
    path.write_bytes(_CONTENT)
    return path


def _sftp(server: Server, keys: Keys, *commands: str, check: bool = True) -> str:
    """What OpenSSH's sftp says to *commands*; one that begins with "-" may fail."""
    batch = keys.folder / "batch"
    batch.write_text("\n".join(commands) + "\n", encoding="utf-8")
    port = ["-P", str(server.sftp_port)]
    return run("sftp", *keys.options(), *port, "-b", batch, "pat@127.0.0.1", check=check)


# --- clients ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(_KINDS))
def test_openssh_brings_a_file_with_each_kind_of_key(
    server: Server, keys: Keys, file: Path, kind: str
) -> None:
    port = str(server.sftp_port)
    run("scp", "-s", *keys.options(kind), "-P", port, file, "pat@127.0.0.1:")
    assert server.files() == {file.name: [_CONTENT]}


def test_sftp_brings_files_by_any_name_into_any_folder_with_their_times(
    server: Server, keys: Keys, file: Path
) -> None:
    said = _sftp(
        server,
        keys,
        f"put {file}",
        f"put -p {file} /incoming/other_1.0.tar.gz",
        "cd incoming",
        f"put {file} third_1.0.dsc",
        "chmod 644 third_1.0.dsc",
        "ls -l",
        f"put {file} third_1.0.dsc",
        "pwd",
    )
    listed = re.findall(r"^--w-.* (\d+) \w+ +\d+ [\d:]+ (\S+)$", said, re.MULTILINE)
    assert set(listed) == {
        (str(len(_CONTENT)), name) for name in (file.name, "other_1.0.tar.gz", "third_1.0.dsc")
    }
    assert "Remote working directory: /incoming" in said
    assert server.files() == {
        file.name: [_CONTENT],
        "other_1.0.tar.gz": [_CONTENT],
        "third_1.0.dsc": [_CONTENT, _CONTENT],
    }


@pytest.mark.parametrize("target", ["pat@127.0.0.1:", "pat@127.0.0.1:/incoming/", "pat@[::1]:/x"])
def test_scp_brings_files_over_ipv4_and_ipv6(
    server: Server, keys: Keys, file: Path, target: str
) -> None:
    second = file.with_name("second_1.0.dsc")
    second.write_bytes(b"2")
    port = str(server.sftp_port)
    run("scp", "-s", "-p", *keys.options(), "-P", port, file, second, target)
    assert server.files() == {file.name: [_CONTENT], second.name: [b"2"]}


@pytest.mark.parametrize(
    "option",
    [
        *("Ciphers=aes128-ctr", "Ciphers=aes192-ctr", "Ciphers=aes256-ctr"),
        *("MACs=hmac-sha2-256", "MACs=hmac-sha2-512", "Compression=yes", "RekeyLimit=1M"),
        *("KexAlgorithms=curve25519-sha256", "KexAlgorithms=ecdh-sha2-nistp256"),
        *("HostKeyAlgorithms=rsa-sha2-512", "HostKeyAlgorithms=rsa-sha2-256"),
    ],
)
def test_a_file_comes_as_it_was_sent_whatever_was_agreed_on(
    server: Server, keys: Keys, file: Path, option: str
) -> None:
    known = f"UserKnownHostsFile={file.with_name('known')}"
    options = ["-o", known, "-o", option, *keys.options()]
    run("scp", "-s", *options, "-P", str(server.sftp_port), file, "pat@127.0.0.1:")
    assert server.files() == {file.name: [_CONTENT]}


def test_scp_of_old_is_told_what_to_do_instead(server: Server, keys: Keys, file: Path) -> None:
    port = str(server.sftp_port)
    said = run(*("scp", "-O", *keys.options(), "-P", port, file, "pat@127.0.0.1:"), check=False)
    assert "Use sftp, or scp without -O" in said
    assert server.files() == {}


def test_lftp_brings_files(server: Server, keys: Keys, file: Path) -> None:
    connect = " ".join(["ssh -a -x", *map(str, keys.options())])
    script = (
        f"set net:max-retries 1; set cmd:fail-exit yes; set sftp:connect-program '{connect}'; "
        f"open -u pat,x sftp://127.0.0.1:{server.sftp_port}; "
    )
    run("lftp", "-c", f"{script} put {file}; cls")
    run("lftp", "-c", f"{script} cd incoming; mput {file}")
    assert server.files() == {file.name: [_CONTENT, _CONTENT]}


@pytest.mark.parametrize("way", ["key", "password"])
def test_curl_brings_a_file(server: Server, keys: Keys, file: Path, way: str) -> None:
    key = keys.folder / "id_ed25519"
    whom = {
        "key": ["-u", "pat:", "--key", str(key), "--pubkey", f"{key}.pub"],
        "password": ["-u", "pat:secret"],
    }
    url = f"sftp://127.0.0.1:{server.sftp_port}/incoming/"
    run("curl", "-sS", "--insecure", "--noproxy", "*", *whom[way], "-T", file, url)
    assert server.files() == {file.name: [_CONTENT]}


# --- who is let in -----------------------------------------------------------------------


def test_a_stranger_is_not_let_in(server: Server, keys: Keys, file: Path) -> None:
    port = str(server.sftp_port)
    for account, kind in (("pat", "stranger"), ("nobody", "ed25519"), ("root", "rsa")):
        said = run(
            *("scp", "-s", *keys.options(kind), "-P", port, file, f"{account}@127.0.0.1:"),
            check=False,
        )
        assert "Permission denied (publickey,password)" in said
    url = f"sftp://127.0.0.1:{server.sftp_port}/incoming/"
    said = run(
        *("curl", "-sS", "--insecure", "--noproxy", "*", "-u", "pat:guess", "-T", file, url),
        check=False,
    )
    assert "(67)" in said
    assert server.files() == {}


def test_signatures_with_sha1_are_not_taken(server: Server, keys: Keys, file: Path) -> None:
    options = ["-o", "PubkeyAcceptedAlgorithms=ssh-rsa"]
    port = str(server.sftp_port)
    said = run(
        *("scp", "-s", *keys.options("rsa"), *options, "-P", port, file, "pat@127.0.0.1:"),
        check=False,
    )
    assert "Permission denied" in said or "no mutual signature" in said


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("Ciphers=aes256-cbc", "cipher"),
        ("MACs=hmac-sha1", "MAC"),
        ("KexAlgorithms=diffie-hellman-group14-sha1", "key exchange"),
        ("HostKeyAlgorithms=ssh-rsa", "host key"),
    ],
)
def test_what_is_too_old_is_not_spoken(
    server: Server, keys: Keys, option: str, complaint: str
) -> None:
    said = run(
        *("ssh", *keys.options(), "-o", option, "-p", str(server.sftp_port), "pat@127.0.0.1"),
        check=False,
    )
    assert f"no matching {complaint}" in said or "couldn't match all kex parts" in said


def test_the_host_is_known_again_after_a_restart(tmp_path: Path, keys: Keys, file: Path) -> None:
    shown = []
    for _ in range(2):
        with serve(tmp_path / "spool", accounts={"pat": keys.shown()}) as server:
            scan = run("ssh-keyscan", "-p", str(server.sftp_port), "127.0.0.1")
            found = re.findall(r"(ssh-\S+) (AAAA\S+)", scan)
            shown.append(sorted(found))
    assert shown[0] == shown[1]
    assert {kind for kind, _ in shown[0]} == {"ssh-ed25519", "ssh-rsa"}
    del file


def test_host_keys_are_for_their_owner_only_and_their_public_halves_for_all(
    tmp_path: Path,
) -> None:
    host_keys(tmp_path / "ssh")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "ssh").iterdir()}
    assert modes == {
        "host_ed25519_key": 0o600,
        "host_ed25519_key.pub": 0o644,
        "host_rsa_key": 0o600,
        "host_rsa_key.pub": 0o644,
    }
    for kind in ("ed25519", "rsa"):
        path = tmp_path / "ssh" / f"host_{kind}_key"
        derived = run("ssh-keygen", "-y", "-f", path).split()[:2]
        assert derived == path.with_suffix(".pub").read_text(encoding="ascii").split()


# --- nothing but uploads ------------------------------------------------------------------


@pytest.mark.parametrize("command", [[], ["id"], ["scp", "-t", "/"], ["-t"]])
def test_there_is_no_shell_and_no_command(server: Server, keys: Keys, command: list[str]) -> None:
    port = str(server.sftp_port)
    options = [word for word in command if word.startswith("-t") and len(command) == 1]
    words = [] if options else command
    said = run(
        *("ssh", *keys.options(), *options, "-p", port, "pat@127.0.0.1", *words), check=False
    )
    assert "there is no shell here and no command, only SFTP" in said


def test_other_subsystems_are_refused(server: Server, keys: Keys) -> None:
    port = str(server.sftp_port)
    said = run("ssh", *keys.options(), "-p", port, "-s", "pat@127.0.0.1", "netconf", check=False)
    assert "subsystem request failed" in said


@pytest.mark.parametrize("way", ["-R", "-L", "-D"])
def test_nothing_is_forwarded(server: Server, keys: Keys, way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inner, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        outer = probe.getsockname()[1]
        probe.close()
        target = str(outer) if way == "-D" else f"{outer}:127.0.0.1:{inner.getsockname()[1]}"
        command = [
            *("ssh", "-v", "-N", *keys.options(), "-o", "ExitOnForwardFailure=yes"),
            *("-p", str(server.sftp_port), way, target),
        ]
        with subprocess.Popen(
            [*command, "pat@127.0.0.1"], stderr=subprocess.PIPE, text=True
        ) as client:
            try:
                if way == "-R":
                    assert client.stderr is not None
                    assert "remote port forwarding failed" in client.stderr.read()
                    return
                _ask_through(outer, by_socks=way == "-D")
            finally:
                client.kill()  # a terminate it may miss, and wait until we hang up
        inner.settimeout(0)
        with pytest.raises(BlockingIOError):
            inner.accept()


def _ask_through(port: int, *, by_socks: bool) -> None:
    """Use a forwarded port until it is closed; nothing has come through it."""

    def connect() -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", port), 20)
        except ConnectionRefusedError:
            return None

    with closing(wait_for("the forwarded port", connect, seconds=20)) as connection:
        connection.sendall(b"\4\1\0\26\x7f\0\0\1\0" if by_socks else b"x")
        try:
            assert connection.recv(100)[:2] != b"\0\x5a"
        except ConnectionResetError:
            return


def test_files_cannot_be_read_removed_or_renamed_and_folders_not_made(
    server: Server, keys: Keys, file: Path
) -> None:
    name = file.name
    said = _sftp(
        server,
        keys,
        f"put {file}",
        f"-get {name} {file}.back",
        f"-rm {name}",
        f"-rename {name} x.dsc",
        "-mkdir folder",
        "-rmdir incoming",
        f"-ln -s {name} y.dsc",
        f"put {file} still-fine.dsc",
    )
    assert said.count("Permission denied") >= 4
    assert "mini-buildd: this is a drop box" in said
    assert not Path(f"{file}.back").exists()
    assert set(server.files()) == {name, "still-fine.dsc"}


def test_nobody_sees_what_others_brought(server: Server, keys: Keys, file: Path) -> None:
    _sftp(server, keys, f"put {file}")
    assert file.name not in _sftp(server, keys, "ls -la", "ls -la /incoming")


@pytest.mark.parametrize(
    "name", [".hidden.dsc", "a b.dsc", "-x.dsc", "ä.dsc", "x" * 300 + ".dsc", "a%b.dsc", ".."]
)
def test_a_name_that_is_not_plain_is_refused_and_leaves_nothing(
    server: Server, keys: Keys, file: Path, name: str
) -> None:
    everything = set(server.spool.parent.rglob("*"))
    said = _sftp(server, keys, f'-put {file} "./{name}"', f"put {file} still-fine.dsc")
    assert "not a plain file name" in said or name == ".."
    assert set(server.files()) - {file.name} == {"still-fine.dsc"}
    new = {path for path in set(server.spool.parent.rglob("*")) - everything if path.is_file()}
    assert all(path.parent.parent == server.spool / "files" for path in new)


# --- bounds, and ends ------------------------------------------------------------------------


def test_a_full_spool_says_so_and_what_fits_still_comes_in(
    tmp_path: Path, keys: Keys, file: Path
) -> None:
    small = file.with_name("small.dsc")
    small.write_bytes(b"x")
    with serve(
        tmp_path / "spool", accounts={"pat": keys.shown()}, max_spool_bytes=1_000_000
    ) as server:
        said = _sftp(server, keys, f"-put {file}", check=False)
        assert "there is no room in the spool" in said
        server.wait_for_no_parts()
        _sftp(server, keys, f"put {small}")
        assert set(server.files()) == {"small.dsc"}


def test_a_file_that_is_too_large_says_so(tmp_path: Path, keys: Keys, file: Path) -> None:
    with serve(
        tmp_path / "spool", accounts={"pat": keys.shown()}, max_file_bytes=1_000_000
    ) as server:
        said = _sftp(server, keys, f"put {file}", check=False)
        assert "a file may have at most 1000000 bytes" in said
        server.wait_for_no_parts()
        assert server.files() == {}


def test_a_bound_on_the_rate_slows_a_transfer_and_drops_nothing(
    tmp_path: Path, keys: Keys, file: Path
) -> None:
    file.write_bytes(_CONTENT[:1_000_000])
    accounts = {"pat": keys.shown()}
    with serve(tmp_path / "spool", accounts=accounts, rate=500_000, idle_seconds=1) as server:
        _sftp(server, keys, f"put {file}")
        assert server.files() == {file.name: [_CONTENT[:1_000_000]]}


def test_a_file_comes_as_it_was_sent_while_the_disk_is_behind(
    tmp_path: Path, keys: Keys, file: Path
) -> None:
    accounts = {"pat": keys.shown()}
    file.write_bytes(_CONTENT * 5)
    with serve(tmp_path / "spool", accounts=accounts, is_slow_disk=True) as server:
        _sftp(server, keys, f"put {file}", f"put {file} second.dsc")
        assert server.files() == {file.name: [_CONTENT * 5], "second.dsc": [_CONTENT * 5]}


def test_a_connection_too_many_is_closed(tmp_path: Path, keys: Keys, file: Path) -> None:
    accounts = {"pat": keys.shown()}
    with serve(tmp_path / "spool", accounts=accounts, bounds={"per_peer": 1}) as server:
        with server.connect():
            said = _sftp(server, keys, f"put {file}", check=False)
            assert "Connection" in said
        wait_for("room", lambda: _brings(server, keys, file), seconds=20)


def _brings(server: Server, keys: Keys, file: Path) -> bool:
    _sftp(server, keys, f"put {file}", check=False)
    return file.name in server.files()


def test_a_connection_over_which_nothing_comes_is_closed(tmp_path: Path, keys: Keys) -> None:
    with (
        serve(tmp_path / "spool", accounts={"pat": keys.shown()}, idle_seconds=1) as server,
        closing(socket.create_connection(("127.0.0.1", server.sftp_port), 20)) as silent,
    ):
        _read_to_the_end(silent)


def test_who_does_not_sign_in_is_hung_up_on_and_who_has_is_not(
    tmp_path: Path, keys: Keys, file: Path
) -> None:
    accounts = {"pat": keys.shown()}
    file.write_bytes(_CONTENT[:1_500_000])
    with serve(tmp_path / "spool", accounts=accounts, login_seconds=1, rate=500_000) as server:
        with closing(socket.create_connection(("127.0.0.1", server.sftp_port), 20)) as talkative:
            talkative.sendall(b"SSH-2.0-x\r\n")
            _read_to_the_end(talkative)
        _sftp(server, keys, f"put {file}")  # it takes longer than there is time to sign in
        assert server.files() == {file.name: [_CONTENT[:1_500_000]]}


def _read_to_the_end(connection: socket.socket) -> None:
    """Until it is closed by the other end, in whatever way."""
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(4096):
            pass


def test_a_client_that_is_killed_in_the_middle_leaves_nothing_and_its_session_is_over(
    server: Server, keys: Keys, tmp_path: Path
) -> None:
    changes = tmp_path / "x.changes"
    changes.write_bytes(b"x")
    _sftp(server, keys, f"put {changes}")
    assert list(server.next_changes().values()) == [True]
    assert list(server.next_changes().values()) == [False]
    port = ["-P", str(server.sftp_port)]
    batch = tmp_path / "batch"
    large = tmp_path / "large.tar"
    with large.open("wb") as stream:
        stream.truncate(1 << 32)
    batch.write_text(f"put {changes}\nput {large}\n", encoding="ascii")
    with subprocess.Popen(
        ["sftp", *keys.options(), *port, "-b", str(batch), "pat@127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as client:
        wait_for("a part", lambda: any(each.stat().st_size for each in server.parts()), seconds=20)
        assert True in server.next_changes().values()
        client.kill()
    server.wait_for_no_parts()
    assert set(server.files()) == {changes.name}
    wait_for(
        "the end of the session", lambda: True not in server.next_changes().values(), seconds=20
    )


@pytest.mark.parametrize(
    "sent",
    [
        b"\0" * 5000,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"SSH-1.5-old\r\n",
        b"SSH-2.0-x\r\n" + b"\xff" * 200,
        b"SSH-2.0-x\r\n" + struct.pack("!LB", 12, 4) + b"\x14" + b"\0" * 10,
        b"SSH-2.0-x\r\n" + struct.pack("!LB", 12, 4) + b"\x32" + b"\0" * 10,
        b"SSH-2.0-x\r\n" + struct.pack("!LB", 12, 4) + b"\x05" + b"\0" * 10,
    ],
)
def test_what_is_no_ssh_is_hung_up_on_and_the_next_one_is_served(
    server: Server, keys: Keys, file: Path, sent: bytes
) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.sftp_port), 20)) as connection:
        connection.sendall(sent)
        with contextlib.suppress(OSError):  # it may have been hung up on already
            connection.shutdown(socket.SHUT_WR)
        _read_to_the_end(connection)
    _sftp(server, keys, f"put {file}")
    assert file.name in server.files()
