"""The ways in, as the daemon opens them: whatever comes by one of them is judged."""

import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from mini_buildd.config.load import load
from mini_buildd.keys.ssh_key import read_ssh_key
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.incoming.run import run
from mini_buildd.tests.instance import Instance, free_port, wait_for

pytestmark = pytest.mark.whole

_USER = (
    "INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name,"
    " last_name, email, date_joined) VALUES ('ada', ?, 0, 0, 1, '', '', '', '2026-01-01')"
)
_KEY = (
    "INSERT INTO mini_buildd_sshkey (user_id, comment, fingerprint, text, is_active)"
    " SELECT id, '', ?, ?, 1 FROM auth_user WHERE username = 'ada'"
)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """One where FTP must be over TLS and HTTP by an account, with ada's key in *tmp_path*."""
    (tmp_path / "drop").mkdir()
    made = Instance(
        tmp_path / "home",
        sftp_port=free_port(),
        extra="[incoming]\nidle_seconds = 5\n"
        f"[https]\nport = {free_port()}\nhsts_seconds = 60\n"
        f"[[watch]]\nfolder = '{tmp_path}/drop'\n",
    )
    made.configure()
    path = made.home / "mini-buildd.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("[ftp]\n", '[ftp]\ntls = "required"\n')
    path.write_text(text.replace("[http]\n", '[http]\nupload = "accounts"\n'), encoding="utf-8")
    made.start()
    try:
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "id")
        key = read_ssh_key((tmp_path / "id.pub").read_text(encoding="ascii"))
        with closing(sqlite3.connect(made.home / "db.sqlite3", timeout=20)) as connection:
            connection.execute(_USER, (PBKDF2PasswordHasher().encode("ada's secret", "salt"),))
            connection.execute(_KEY, (key.fingerprint, key.line))
            connection.commit()
        yield made
    finally:
        made.kill()


def _changes(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("nobody has signed this\n", encoding="ascii")
    return path


def test_what_comes_by_https_and_what_is_dropped_is_judged(
    tmp_path: Path, instance: Instance
) -> None:
    by_https = _changes(tmp_path, "by-https.changes")
    port = load(instance.home).https.port
    url = f"https://127.0.0.1:{port}/api/v1/uploads/files"
    client = ("curl", "-sS", "--noproxy", "*", "--cacert", instance.home / "tls/certificate.pem")
    form = ("-F", f"file=@{by_https}", url)
    assert json.loads(run(*client, *form))["code"] == "sign-in-needed"
    assert json.loads(run(*client, "-u", "ada:wrong", *form))["code"] == "sign-in-failed"
    answer = json.loads(run(*client, "-u", "ada:ada's secret", *form))
    row = instance.upload_of(by_https.name)
    assert (row["state"], row["problem_code"]) == ("rejected", "signature-missing")
    found = json.loads(run(*client, f"https://127.0.0.1:{port}{answer['changes'][0]['watch']}"))
    assert [each["changes_name"] for each in found["items"]] == [by_https.name]
    said = run(*client, "-i", f"https://127.0.0.1:{port}/")
    assert "Strict-Transport-Security: max-age=60" in said
    package = SourcePackage()
    files = {**package.source_files(), "dropped.changes": package.changes().encode()}
    for name, data in files.items():
        (tmp_path / "drop" / name).write_bytes(data)
    why = tmp_path / "drop" / "rejected" / "dropped.changes.why"
    wait_for("what was dropped is rejected", why.exists, seconds=60)
    assert why.read_text(encoding="utf-8").startswith("Not one whole signed text")
    assert instance.stop() == 0
    assert "Traceback" not in instance.daemon_log.read_text(encoding="utf-8")


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
