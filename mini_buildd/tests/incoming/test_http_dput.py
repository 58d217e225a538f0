"""dput and dput-ng by HTTP and HTTPS, with the sections that people are shown."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.config.settings import Http, Settings
from mini_buildd.domain.dput_sections import dput_sections
from mini_buildd.tests.incoming.dput_ng import DputNg, fetch
from mini_buildd.tests.incoming.http_server import HttpServer, serve_http
from mini_buildd.tests.incoming.tiny import tiny_upload


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    with serve_http(tmp_path_factory.mktemp("open")) as server:
        yield server


@pytest.fixture
def server(shared: HttpServer) -> HttpServer:
    """The shared one, with an empty spool."""
    shared.empty()
    return shared


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    """A server that wants to know who uploads."""
    with serve_http(tmp_path_factory.mktemp("accounts"), policy="accounts") as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Whose it is that uploads, with a package to upload."""
    folder = tmp_path / "home"
    folder.mkdir()
    tiny_upload(folder)
    return folder


@pytest.fixture
def dput_ng(home: Path) -> DputNg:
    found = DputNg(fetch(Path(os.environ["MINI_BUILDD_CACHE"])), home)
    found.set_up()
    return found


def _changes(home: Path) -> Path:
    return home / "tiny_1.0_source.changes"


def _section(home: Path, url: str, upload: str = "open") -> str:
    """Put the section for *url* where dput and dput-ng look; gives its name."""
    settings = Settings(home, identity="depot", http=Http(public_url=url, upload=upload))
    (found,) = [each for each in dput_sections(settings, "pat") if "http" in each.alias]
    text = found.text.replace("allow_unsigned_uploads = 0", "allow_unsigned_uploads = 1")
    (home / ".dput.cf").write_text(f"{text}\n", encoding="ascii")
    return found.alias


def _dput(home: Path, alias: str, password: str) -> str:
    """What dput says; it asks whoever sits at the terminal, or, without one, its input."""
    done = subprocess.run(
        ["dput", "-u", "-f", alias, str(_changes(home))],
        check=False,
        capture_output=True,
        text=True,
        input=f"{password}\n",
        env={**os.environ, "HOME": str(home)},
        start_new_session=True,
        timeout=60,
    )
    return done.stdout + done.stderr


_NAMES = {
    *("tiny_1.0.dsc", "tiny_1.0.tar.xz", "tiny_1.0_source.buildinfo"),
    "tiny_1.0_source.changes",
}


def test_dput_ng_uploads_by_the_section_for_http(
    server: HttpServer, home: Path, dput_ng: DputNg
) -> None:
    alias = _section(home, server.url)
    said = dput_ng.upload(alias, _changes(home))
    assert set(server.files()) == _NAMES, said


def test_dput_ng_uploads_by_the_section_for_https_to_whom_it_trusts(
    server: HttpServer, home: Path, dput_ng: DputNg, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias = _section(home, server.secure_url)
    assert "CERTIFICATE_VERIFY_FAILED" in dput_ng.upload(alias, _changes(home), check=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    said = dput_ng.upload(alias, _changes(home))
    assert set(server.files()) == _NAMES, said


def test_dput_ng_shows_why_a_file_is_refused(
    closed: HttpServer, home: Path, dput_ng: DputNg
) -> None:
    alias = _section(home, closed.url)
    said = dput_ng.upload(alias, _changes(home), check=False)
    assert "Uploads need an account" in said
    assert "a token that may upload" in said


def test_dput_ng_uploads_with_a_password_in_its_section(
    closed: HttpServer, home: Path, dput_ng: DputNg
) -> None:
    closed.empty()
    url = closed.url.replace("http://", "http://pat:secret@")
    (home / ".dput.cf").write_text(
        f"[depot]\nmethod = http\nfqdn = {url}\nincoming = /upload\nallow_unsigned_uploads = 1\n",
        encoding="ascii",
    )
    said = dput_ng.upload("depot", _changes(home))
    assert set(closed.files()) == _NAMES, said


def test_dput_asks_for_a_password_once_and_uploads(closed: HttpServer, home: Path) -> None:
    closed.empty()
    alias = _section(home, closed.url, upload="accounts")
    said = _dput(home, alias, "secret")
    assert said.count("need authentication") == 1, said
    assert set(closed.files()) == _NAMES


def test_dput_says_that_a_password_is_wrong(closed: HttpServer, home: Path) -> None:
    closed.empty()
    alias = _section(home, closed.url, upload="accounts")
    assert "Upload failed as unauthorized: This lets nobody in" in _dput(home, alias, "wrong")
    assert closed.files() == {}
