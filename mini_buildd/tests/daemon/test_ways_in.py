"""The ways in, as the daemon opens them: whatever comes by one of them is judged."""

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from mini_buildd.keys.ssh_key import read_ssh_key
from mini_buildd.tests.incoming.run import run
from mini_buildd.tests.instance import Instance, free_port

pytestmark = pytest.mark.whole

_USER = (
    "INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name,"
    " last_name, email, date_joined) VALUES ('ada', '!', 0, 0, 1, '', '', '', '2026-01-01')"
)
_KEY = (
    "INSERT INTO mini_buildd_sshkey (user_id, comment, fingerprint, text, is_active)"
    " SELECT id, '', ?, ?, 1 FROM auth_user WHERE username = 'ada'"
)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """One where FTP must be over TLS, with ada's key in *tmp_path*."""
    made = Instance(
        tmp_path / "home", sftp_port=free_port(), extra="[incoming]\nidle_seconds = 5\n"
    )
    made.configure()
    path = made.home / "mini-buildd.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[ftp]\n", '[ftp]\ntls = "required"\n'), encoding="utf-8")
    made.start()
    try:
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "id")
        key = read_ssh_key((tmp_path / "id.pub").read_text(encoding="ascii"))
        with closing(sqlite3.connect(made.home / "db.sqlite3", timeout=20)) as connection:
            connection.execute(_USER)
            connection.execute(_KEY, (key.fingerprint, key.line))
            connection.commit()
        yield made
    finally:
        made.kill()


def _changes(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("nobody has signed this\n", encoding="ascii")
    return path


def test_what_comes_by_ftps_and_by_sftp_is_judged_and_who_stays_connected_delays_no_stop(
    tmp_path: Path, instance: Instance
) -> None:
    by_ftps, by_sftp = (_changes(tmp_path, f"by-{way}.changes") for way in ("ftps", "sftp"))
    url = f"ftp://127.0.0.1:{instance.ftp_port}/"
    trusted = instance.home / "tls" / "certificate.pem"
    run("curl", "-sS", "--noproxy", "*", "--ssl-reqd", "--cacert", trusted, "-T", by_ftps, url)
    host = (instance.home / "ssh" / "host_ed25519_key.pub").read_text(encoding="ascii")
    known = tmp_path / "known"
    known.write_text(f"[127.0.0.1]:{instance.sftp_port} {host}", encoding="ascii")
    options = ["-F", "/dev/null", "-o", "IdentityAgent=none", "-o", f"IdentityFile={tmp_path}/id"]
    options += ["-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes"]
    run("scp", "-s", *options, "-P", str(instance.sftp_port), by_sftp, "ada@127.0.0.1:")
    for path in (by_ftps, by_sftp):
        row = instance.upload_of(path.name)
        assert (row["state"], row["problem_code"]) == ("rejected", "signature-missing")
    said = run("curl", "-sS", "--noproxy", "*", "-T", by_ftps, url, check=False)
    assert "530" in said or "Access denied" in said
    with ExitStack() as stack:
        for port in (instance.ftp_port, instance.sftp_port):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            assert connection.recv(10)
        assert instance.stop() == 0
    assert "Traceback" not in instance.daemon_log.read_text(encoding="utf-8")
