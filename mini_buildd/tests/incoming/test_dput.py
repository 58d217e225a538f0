"""dput and dput-ng with the sections that people are shown, by each way in that is open."""

import getpass
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mini_buildd.config.settings import Ftp, Http, Settings, Sftp
from mini_buildd.domain.dput_sections import DputSection, dput_sections
from mini_buildd.tests.incoming.dput_ng import DputNg, fetch
from mini_buildd.tests.incoming.run import run
from mini_buildd.tests.incoming.server import Server, serve


@dataclass(frozen=True, slots=True)
class Desk:
    """Where somebody works who uploads: with a key, and a package in *home*."""

    home: Path
    changes: Path
    key: str

    def put(self, section: DputSection) -> None:
        """Do as the page says."""
        path = self.home / section.file.removeprefix("~/")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"{section.text}\n")

    def names(self) -> set[str]:
        """Of the files of the upload."""
        return {"tiny_1.0.dsc", "tiny_1.0.tar.xz", "tiny_1.0_source.buildinfo", self.changes.name}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("package") / "tiny-1.0"
    (tree / "debian" / "source").mkdir(parents=True)
    for name, text in {
        "changelog": "tiny (1.0) unstable; urgency=low\n\n  * New.\n\n"
        " -- Pat <pat@example.invalid>  Fri, 20 Nov 2026 12:00:00 +0000\n",
        "control": "Source: tiny\nMaintainer: Pat <pat@example.invalid>\n\nPackage: tiny\n"
        "Architecture: all\nDescription: nothing\n",
        "rules": "#!/usr/bin/make -f\n",
        "source/format": "3.0 (native)\n",
    }.items():
        (tree / "debian" / name).write_text(text)
    run("dpkg-buildpackage", "-S", "-d", "-nc", "-us", "-uc", cwd=tree)
    return tree.parent / "tiny_1.0_source.changes"


@pytest.fixture
def desk(tmp_path: Path, package: Path) -> Desk:
    home = tmp_path / "home"
    for path in package.parent.glob("tiny_*"):
        home.mkdir(exist_ok=True)
        (home / path.name).write_bytes(path.read_bytes())
    (home / ".ssh").mkdir(mode=0o700)
    key = home / ".ssh" / "id_ed25519"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    public = key.with_suffix(".pub").read_text(encoding="ascii").split()[1]
    return Desk(home, home / package.name, public)


@pytest.fixture
def server(tmp_path: Path, desk: Desk) -> Iterator[Server]:
    accounts = {"pat": [desk.key], getpass.getuser(): [desk.key]}
    folder = tmp_path / "server"
    folder.mkdir()
    with serve(folder / "spool", accounts=accounts, wire={"tls_use": "offered"}) as server:
        shown = (folder / "ssh" / "host_ed25519_key.pub").read_text(encoding="ascii")
        known = f"[127.0.0.1]:{server.sftp_port} {shown}"
        (desk.home / ".ssh" / "known_hosts").write_text(known, encoding="ascii")
        yield server


@pytest.fixture
def dput_ng(desk: Desk) -> DputNg:
    found = DputNg(fetch(Path(os.environ["MINI_BUILDD_CACHE"])), desk.home)
    found.set_up()
    return found


def _settings(server: Server, **others: str) -> Settings:
    return Settings(
        home=Path("/nowhere"),
        identity="depot",
        ftp=Ftp(port=server.port, **others),
        sftp=Sftp(port=server.sftp_port),
    )


def _section(server: Server, alias: str) -> DputSection:
    (found,) = [each for each in dput_sections(_settings(server), "pat") if each.alias == alias]
    return found


def _dput(desk: Desk, alias: str) -> str:
    # OpenSSH looks up the home of its user by itself, so it is told of this one.
    ssh = desk.home / "bin"
    ssh.mkdir(exist_ok=True)
    for name in ("ssh", "scp"):
        script = ssh / name
        own = desk.home / ".ssh"
        script.write_text(
            f"#!/bin/sh\nexec /usr/bin/{name} -F /dev/null -o IdentityFile={own}/id_ed25519 "
            f'-o UserKnownHostsFile={own}/known_hosts -o BatchMode=yes "$@"\n'
        )
        script.chmod(0o755)
    environment = {**os.environ, "HOME": str(desk.home), "PATH": f"{ssh}:{os.environ['PATH']}"}
    return run("dput", "-u", "-f", alias, str(desk.changes), env=environment)


@pytest.mark.parametrize("mode", [0o644, 0o640])
@pytest.mark.parametrize("alias", ["depot", "depot-scp"])
def test_dput_uploads_by_the_sections_for_it(
    desk: Desk, server: Server, alias: str, mode: int
) -> None:
    for path in desk.home.glob("tiny_*"):
        path.chmod(mode)
    section = _section(server, alias)
    text = section.text.replace("allow_unsigned_uploads = 0", "allow_unsigned_uploads = 1")
    desk.put(DputSection(section.way, section.program, alias, section.file, text))
    _dput(desk, alias)
    assert set(server.files()) == desk.names()


@pytest.mark.parametrize("alias", ["depot", "depot-ftps", "depot-sftp"])
def test_dput_ng_uploads_by_the_sections_for_it(
    desk: Desk, server: Server, dput_ng: DputNg, alias: str
) -> None:
    desk.put(_section(server, alias))
    said = dput_ng.upload(alias, desk.changes)
    assert set(server.files()) == desk.names(), said


def test_only_what_is_open_is_shown_and_the_simplest_comes_first() -> None:
    home = Path("/nowhere")

    def aliases(settings: Settings) -> list[str]:
        return [each.alias.removeprefix("mini-buildd") for each in dput_sections(settings)]

    assert aliases(Settings(home)) == ["", "-http", "-scp", "-sftp", "-ftps"]
    assert aliases(Settings(home, ftp=Ftp(tls="off"), sftp=Sftp(port=0))) == ["", "-http"]
    closed = Http(upload="off", public_url="https://a.example/x/")
    required = Ftp(tls="required")
    assert aliases(Settings(home, http=closed, ftp=required)) == ["-scp", "-sftp", "-ftps"]
    assert aliases(Settings(home, http=closed, ftp=Ftp(port=0), sftp=Sftp(port=0))) == []


def test_a_section_names_the_host_and_the_account_as_people_know_them() -> None:
    http = Http(public_url="https://build.example/here", upload="accounts")
    texts = {
        each.alias: each.text for each in dput_sections(Settings(Path("/x"), http=http), "ada")
    }
    assert "fqdn = build.example:8067" in texts["mini-buildd"]
    assert (
        "fqdn = build.example\nlogin = ada\nincoming = /here/upload" in texts["mini-buildd-https"]
    )
    assert '"login": "ada"' in texts["mini-buildd-sftp"]
    six = Settings(Path("/x"), http=Http(public_url="http://[2001:db8::1]:80"))
    assert "fqdn = [2001:db8::1]:8067" in dput_sections(six)[0].text
