"""Every command of mini-buildd-api against the served application, for people and for programs."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now
from pytest_django.live_server_helper import LiveServer

from mini_buildd.db import models
from mini_buildd.domain.permission import Role
from mini_buildd.domain.states import JobState
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow import hosted
from mini_buildd.tests.cli.calling import PASSWORD, Caller, know, token_of
from mini_buildd.tests.instance import free_port
from mini_buildd.tests.permissions.calls import PUBLIC_KEY
from mini_buildd.tests.permissions.stage import SSH_KEYS
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tests.web.conftest import builder, busy, wakes

__all__ = ["builder", "busy", "wakes"]

pytestmark = pytest.mark.django_db(transaction=True)

UNSTABLE, TESTING = "trixie-test-unstable", "trixie-test-testing"


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the profile and the notes of whoever calls are; nothing else in the environment."""
    path = tmp_path_factory.mktemp("caller")
    for name in ("URL", "TOKEN", "CA_FILE", "PROFILE", "PASSWORD"):
        monkeypatch.delenv(f"MINI_BUILDD_{name}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(path / "cache"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return path


@pytest.fixture
def olga(
    wakes: list[str], live_server: LiveServer, home: Path, capsys: pytest.CaptureFixture[str]
) -> Caller:
    """An owner of the repository, with a token in her profile."""
    del wakes
    know(home, live_server.url, token_of(User.objects.create_user("olga"), Role.OWNER))
    return Caller(home, live_server.url, capsys)


@pytest.fixture
def root(
    wakes: list[str],
    live_server: LiveServer,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Caller:
    """An administrator, who has a token and whose password is at hand."""
    del wakes
    know(home, live_server.url, token_of(User.objects.create_superuser("root", password=PASSWORD)))
    monkeypatch.setenv("MINI_BUILDD_PASSWORD", PASSWORD)
    return Caller(home, live_server.url, capsys)


def assert_newest_events(caller: Caller) -> None:
    """The last ones of a kind are told, however many there are and whatever came since."""
    rows = [models.Event(kind="key.rotated", at=now(), detail=str(each)) for each in range(450)]
    models.Event.objects.bulk_create(rows)
    models.Event.objects.bulk_create(models.Event(kind="key.retired", at=now()) for _ in rows)
    for options in ((), ("--after", "1")):
        found = caller.json("events", "--kind", "key.rotated", "--last", "3", *options)
        assert [each["detail"] for each in found["items"]] == ["447", "448", "449"]
    found = caller.json("events", "--last", "200")
    assert len(found["items"]) == 200
    assert found["items"][-1]["id"] == models.Event.objects.latest("pk").pk


def test_packages_suites_builds_and_uploads_are_looked_at(olga: Caller) -> None:
    assert olga("ls", "-q").lines[0].startswith("trixie-test-")
    assert UNSTABLE in [each["name"] for each in olga.json("ls")["items"]]
    assert olga("ls", "unstable", "-q").lines == ["bc", "hello", "tree"]
    assert "2.10-5~test13+1" in olga("ls", UNSTABLE, "hello").said
    assert olga("ls", "testing", "--version", "3", "-q").lines == ["hello"]
    assert (
        "● published" in olga("versions", "testing").said
        or "kept" in olga("versions", "testing").said
    )
    assert [each["number"] for each in olga.json("versions", "testing")["items"]] == [4, 3, 2, 1]
    assert olga("diff", "testing@2", "3").lines[1].split() == [
        "-",
        "removed",
        "tree",
        "2.2-1~test13+1",
    ]
    assert olga.json("diff", "testing", "unstable")["new"]["distribution"] == UNSTABLE
    assert "frozen" not in olga("show", UNSTABLE).said
    assert f"{UNSTABLE}  2.10-5~test13+1" in olga("show", "hello").said
    assert olga.json("show", "hello")["name"] == "hello"
    failed = models.Job.objects.get(state=JobState.FAILED)
    assert "✕ failed" in olga("show", "zlib/i386").said
    assert olga.json("show", str(failed.pk))["build"]["id"] == failed.pk
    assert "for trixie-test" in olga("show", "--upload", str(failed.source.upload_id)).said
    assert "example64" in olga("log", "zlib/i386").said
    assert olga("builds", "zlib", "--state", "failed", "-q").lines == [str(failed.pk)]
    assert olga("queue", "-q").lines
    assert olga.json("queue")["items"]
    assert olga("status").said.startswith("example: ")
    assert "olga" in olga("whoami").said
    assert olga.json("uploads", "--last", "2")["items"][0]["id"]
    assert olga.json("search", "hello")["sources"][0]["name"] == "hello"
    assert "source" in olga("search", "hello").said
    assert olga("events", "--last", "3").lines[0].split()[:2] == ["nr", "when"]
    assert len(olga.json("events", "--last", "3")["items"]) == 3
    assert_newest_events(olga)
    assert olga("open", "hello", "--print").said.startswith(f"{olga.url}/")
    assert olga.json("open", UNSTABLE) == {"url": f"{olga.url}/suites/{UNSTABLE}/"}
    assert "north" in olga("builder", "list").said
    assert olga.json("chroot", "list")["items"]


def test_suites_are_changed_and_what_would_change_is_shown_before(
    olga: Caller, wakes: list[str]
) -> None:
    shown = olga("migrate", "unstable", "bc", "--dry-run")
    assert f"version 5 of {TESTING}" in shown.said
    assert "+ added  bc" in shown.said
    assert wakes == []
    assert "as version 5" in olga("migrate", "unstable", "bc", "--no-wait", "--reason", "x").said
    assert models.Publication.objects.filter(number=5).get().reason == "x"
    told = olga.json("remove", TESTING, "hello", "--no-wait")
    assert (told["is_dry_run"], told["items"][0]["number"]) == (False, 6)
    assert olga("remove", "testing", "hello", "--no-wait", status=5).complained
    assert "as version 7" in olga("rollback", "testing", "3", "--no-wait").said
    assert olga("copy", "unstable", "experimental", "bc", "--no-wait", "-q").said == ""
    assert "would be" not in olga("rebuild", "unstable", "bc", "--reason", "x", "--dry-run").said
    numbers = olga("rebuild", "unstable", "bc", "--reason", "x", "-q").lines
    assert models.Job.objects.filter(pk__in=numbers, binnmu=1).count() == 2
    assert "is frozen" in olga("freeze", "unstable", "--reason", "release").said
    assert "[suite-frozen]" in olga("remove", "unstable", "bc", status=1).complained
    assert olga.json("remove", "unstable", "bc", status=1)["code"] == "suite-frozen"
    assert "is open" in olga("thaw", "unstable").said
    assert "snapshot mine of test" in olga("snapshot", "take", "test", "mine").said
    assert olga("snapshot", "list", "test", "-q").lines[0] == "mine"
    assert "is dropped" in olga("snapshot", "drop", "test", "mine").said
    assert olga("snapshot", "drop", "test", "mine", status=5).complained


def test_a_change_waits_until_apt_finds_it(olga: Caller, wakes: list[str]) -> None:
    def publish() -> None:
        end = threading.Event()
        while not wakes and not end.wait(0.05):
            pass
        models.Publication.objects.filter(published_at=None).update(published_at=now())

    thread = threading.Thread(target=publish)
    thread.start()
    assert "● published  as version 5" in olga("migrate", "unstable", "bc").said
    thread.join()


def test_whoever_sits_at_a_terminal_is_asked(olga: Caller) -> None:
    status, shown = olga.on_terminal("remove", "unstable", "bc", keys="n\n")
    assert (status, "Remove? [y/N]" in shown) == (1, True)
    assert "nothing was done" in shown
    assert not models.Publication.objects.filter(kind=Cause.REMOVE, actor="olga").exists()
    status, shown = olga.on_terminal("remove", "unstable", "bc", "--no-wait", keys="y\n")
    assert (status, "○ decided" in shown) == (0, True)
    status, shown = olga.on_terminal("remove", "unstable", "tree", "--no-wait", "--yes")
    assert (status, "[y/N]" in shown) == (0, False)


def test_names_that_are_not_there_are_told_with_what_may_be_meant(olga: Caller) -> None:
    assert f"did you mean {UNSTABLE}" in olga("ls", "unstabel", status=5).complained
    assert "did you mean status?" in olga("stauts", status=64).complained
    assert "it was built on amd64, i386" in olga("log", "zlib/arm64", status=5).complained
    assert "[build-unknown]" in olga("show", "999999", status=5).complained
    assert olga.json("show", "999999", status=5)["code"] == "build-unknown"
    assert "[package-unknown]" in olga("show", "nowhere", status=5).complained


def test_who_waits_is_told_by_the_exit_status(olga: Caller) -> None:
    assert "● built" in olga("wait", "tree/amd64").said
    assert "✕ failed" in olga("wait", "zlib/i386", status=2).said
    rejected = models.Upload.objects.get(source_name="figlet").pk
    assert "✕ rejected" in olga("wait", "--upload", str(rejected), status=1).said
    assert "hello 2.10-5~test13+1 in" in olga("wait", "hello", "--in", "unstable").said
    assert olga("wait", "hello=9", "--in", "unstable", "--timeout", "0.001", status=4).complained
    waiting = models.Job.objects.filter(state=JobState.WAITING).order_by("id")[0].pk
    assert "cancelled" in olga("cancel", str(waiting)).said
    assert olga("retry", str(waiting), "-q").said == ""


def test_apt_and_dput_are_told_what_they_need(olga: Caller) -> None:
    published = hosted.tree("test").root
    published.mkdir(parents=True)
    (published / "archive-key.asc").write_text("KEY\n", encoding="ascii")
    assert olga("sources-list", "testing").said.startswith("Types: deb deb-src\nURIs: ")
    snapshot = olga("sources-list", "testing", "--at", "before-the-upgrade").said
    assert "/snapshots/before-the-upgrade\n" in snapshot
    assert olga("sources-list", "testing", "--at", "nowhere", status=5).complained
    assert "[" in olga("dput-conf").said


def test_keys_rights_builders_and_who_did_what(root: Caller, tmp_path: Path) -> None:
    key, ssh_key = tmp_path / "key.asc", tmp_path / "key.pub"
    key.write_text(PUBLIC_KEY, encoding="ascii")
    ssh_key.write_text(SSH_KEYS[0], encoding="ascii")
    who = ("--account", "root")
    assert "● approved" in root("key", "add", str(key), *who).said
    fingerprint = root("key", "list", "-q").lines[0]
    assert fingerprint in root("key", "list", "--all", *who).said
    assert "is refused" in root("key", "refuse", fingerprint, "--reason", "x", *who).said
    assert "is approved" in root("key", "approve", fingerprint, *who).said
    assert root.json("key", "list")["items"][0]["state"] == "approved"
    assert "is removed" in root("key", "remove", fingerprint, *who).said
    ssh = root("ssh-key", "add", str(ssh_key), "-q", *who).lines[0]
    assert "signs in nobody" in root("ssh-key", "remove", ssh, *who).said
    assert "ada is owner of test" in root("right", "give", "test", "ada", "owner", *who).said
    number = next(
        str(each["id"])
        for each in root.json("right", "list", "test", *who)["items"]
        if each["role"] == "owner"
    )
    assert "is taken back" in root("right", "withdraw", "test", number, *who).said
    assert "is given no jobs" in root("builder", "aside", "north", "--reason", "disk").said
    assert "jobs again" in root("builder", "return", "north").said
    assert root("builder", "return", "nowhere", status=5).complained
    chroot = str(models.Chroot.objects.get(architecture="amd64").pk)
    assert "made anew in a moment" in root("chroot", "refresh", chroot).said
    assert "north" in root("audit", "--who", "root").said
    assert "administrator" in root("account", "list", *who).said
    assert "ada cannot sign in" in root("account", "off", "ada", *who).said
    assert "switched off" in root("account", "list", "--all", *who).said
    assert "ada" not in root("account", "list", "-q", *who).lines
    assert "ada may sign in again" in root("account", "on", "ada", *who).said
    assert root("account", "off", "root", *who, status=1).complained


def test_one_logs_in_by_password_or_token_and_out(
    root: Caller, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(root.home / "other"))
    said = root("login", live_server.url, "--save", "new", "--account", "root").said
    assert "root at http://" in said
    path = root.home / "other" / "mini-buildd" / "config.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    secret = path.read_text(encoding="utf-8").partition('token = "')[2].partition('"')[0]
    assert secret.startswith("mbd_")
    assert secret not in said
    assert root.json("whoami")["name"] == "root"
    assert root.json("profile", "list")["items"] == [
        {"name": "new", "url": live_server.url, "is_default": True, "kept_in": "file"}
    ]
    given = root.home / "token"
    given.write_text(f"{secret}\n", encoding="ascii")
    with given.open(encoding="ascii") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        root("login", live_server.url, "--with-token", "--save", "again")
    root("profile", "use", "again")
    assert root("profile", "list", "-q").lines == ["new", "again"]
    root("profile", "forget", "again")
    monkeypatch.setenv("MINI_BUILDD_PASSWORD", "wrong")
    refused = root("login", live_server.url, "--account", "root", status=3)
    assert "[sign-in-failed]" in refused.complained
    root("logout", "--yes")
    assert root("profile", "list", "-q").said == ""


# --- what goes wrong on the way ---------------------------------------------------


def test_a_dead_server_a_wrong_token_and_another_program_are_told_apart(
    olga: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    assert nobody in olga("status", "--url", nobody, status=3).complained
    monkeypatch.setenv("MINI_BUILDD_TOKEN", "mbd_" + "x" * 43)
    assert "[sign-in-failed]" in olga("whoami", status=3).complained
    with answering(b'{"identity": "x"}') as port:
        told = olga("status", "--url", f"http://127.0.0.1:{port}", status=3).complained
    assert "answers otherwise than expected" in told
    with answering(
        b'{"identity":"x","version":"99","running":0,"waiting":0,"last_event":1,'
        b'"troubles":[],"moods":["good"]}'
    ) as port:
        assert olga("status", "--url", f"http://127.0.0.1:{port}").said.startswith("x: 0 running")


def test_an_order_whose_answer_was_lost_is_done_once(olga: Caller, home: Path) -> None:
    port = urlsplit(olga.url).port or 0
    secret = (home / "mini-buildd" / "config.toml").read_text().partition('token = "')[2][:47]
    with losing(port, b"POST /api/v1/repositories/test/snapshots/") as other:
        know(home, f"http://127.0.0.1:{other}", secret)
        assert "snapshot mine of test" in olga("snapshot", "take", "test", "mine").said
    assert models.Snapshot.objects.filter(name="mine").count() == 1


@contextmanager
def answering(body: bytes) -> Iterator[int]:
    """The port of a server that says *body* to whatever it is asked, once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with closing(client):
                client.recv(65536)
                head = "HTTP/1.1 200 OK\r\nContent-Type: application/json"
                client.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=10)


@contextmanager
def losing(port: int, begin: bytes) -> Iterator[int]:
    """The port of a proxy that loses the first answer to a request that begins so."""
    lost = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with closing(client), socket.create_connection(("127.0.0.1", port)) as server:
                    asked = _request(client)
                    server.sendall(asked)
                    answer = _answer(server)
                    if asked.startswith(begin) and not lost.is_set():
                        lost.set()
                    else:
                        client.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        assert lost.is_set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)


def _request(client: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        found += client.recv(65536)
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


def _answer(server: socket.socket) -> bytes:
    server.settimeout(10)
    head = b""
    while b"\r\n\r\n" not in head:
        head += server.recv(65536)
    start, _, body = head.partition(b"\r\n\r\n")
    length = int(start.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += server.recv(65536)
    return start + b"\r\n\r\n" + body


# --- how it looks -----------------------------------------------------------------


@pytest.mark.parametrize("columns", [40, 120])
def test_tables_fit_the_terminal(
    olga: Caller, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    for words in (("builds",), ("uploads",), ("queue",), ("ls", "unstable"), ("builder", "list")):
        status, shown = olga.on_terminal(*words, columns=columns)
        assert status == 0
        assert "\x1b" not in shown
        assert max(map(len, shown.splitlines())) <= columns, shown


def test_colours_are_for_terminals_alone(olga: Caller, busy: Builder) -> None:
    del busy
    assert "\x1b[31m✕ failed" in olga.on_terminal("builds")[1]
    assert "\x1b" not in olga("builds").said


def test_bash_completes_commands_options_and_names_of_the_instance(
    olga: Caller, home: Path
) -> None:
    script = home / "completion"
    script.write_text(olga("completion", "bash").said, encoding="utf-8")
    bin_ = home / "bin"
    bin_.mkdir()
    (bin_ / "mini-buildd-api").write_text(
        f'#!/bin/sh\nexec {sys.executable} -m mini_buildd.cli.remote "$@"\n', encoding="utf-8"
    )
    (bin_ / "mini-buildd-api").chmod(0o755)

    def completed(*words: str) -> list[str]:
        line = " ".join(f"'{word}'" for word in ("mini-buildd-api", *words))
        asked = (
            f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; "
            f"_mini_buildd_api; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        )
        done = subprocess.run(
            ["bash", "--norc", "-c", asked],
            env={**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    assert completed("upl") == ["upload", "uploads"]
    assert "--dry-run" in completed("migrate", "--")
    assert completed("migrate", "trixie-test-u") == [UNSTABLE]
    assert completed("migrate", "unstable", "he") == ["hello"]
    assert "zlib/i386" in completed("log", "zl")
    assert completed("builds", "--state", "fa") == ["failed"]
    assert completed("builder", "aside", "no") == ["north"]
    assert (home / "cache" / "mini-buildd" / "completion.json").stat().st_mode & 0o077 == 0
