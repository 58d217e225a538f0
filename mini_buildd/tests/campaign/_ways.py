"""The ways in, each with a client: curl, OpenSSH, Python's own FTP, and a resumable one of ours."""

import base64
import contextlib
import ftplib
import hashlib
import http.client
import sqlite3
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mini_buildd.tests.campaign._cuts import Cut, Line, Manner
from mini_buildd.tests.instance import Instance

_SECONDS = 60
_BLOCK_BYTES = 64 << 10
_FTP_FAILS = (ftplib.Error, OSError, EOFError)  # as ftplib.all_errors


class NotSent(Exception):
    """The client says that it could not send it all."""


@dataclass(slots=True)
class Courier:
    """Sends uploads to *instance*, by SFTP as pat with *ssh_key*.

    A resumable client keeps in *begun* what it may resume.
    """

    instance: Instance
    ssh_key: Path
    https_port: int = 0
    begun: dict[Path, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The one that is watched."""
        return self.instance.home.with_name("drop")


Send = Callable[[Courier, Sequence[Path], Cut], None]


def no_cut() -> Cut:
    """A line that nothing happens to."""
    return Cut(1 << 40, Manner.RESET, lambda: None)


@contextlib.contextmanager
def _line(port: int, cut: Cut) -> Iterator[Line]:
    line = Line(port, cut)
    try:
        yield line
    finally:
        line.close()
        line.wait()


class _CutFTP(ftplib.FTP):
    """FTP whose data connections, too, go over bad lines."""

    cut: Cut
    lines: list[Line]

    def makepasv(self) -> tuple[str, int]:
        """The data connection's address (ftplib)."""
        _, port = super().makepasv()
        self.lines.append(Line(port, self.cut))
        return "127.0.0.1", self.lines[-1].port


class _CutFTPS(ftplib.FTP_TLS):
    """The same, protected by TLS."""

    cut: Cut
    lines: list[Line]

    def makepasv(self) -> tuple[str, int]:
        """The data connection's address (ftplib)."""
        _, port = super().makepasv()
        self.lines.append(Line(port, self.cut))
        return "127.0.0.1", self.lines[-1].port


def _by_ftp(courier: Courier, files: Sequence[Path], cut: Cut) -> None:
    _ftp(_CutFTP(timeout=_SECONDS), courier, files, cut)


def _by_ftps(courier: Courier, files: Sequence[Path], cut: Cut) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is its own witness
    _ftp(_CutFTPS(timeout=_SECONDS, context=context), courier, files, cut)


def _ftp(client: "_CutFTP | _CutFTPS", courier: Courier, files: Sequence[Path], cut: Cut) -> None:
    client.cut, client.lines = cut, []
    with _line(courier.instance.ftp_port, cut) as line:
        try:
            with client:
                client.connect("127.0.0.1", line.port)
                client.login()
                if isinstance(client, ftplib.FTP_TLS):
                    client.prot_p()
                for path in files:
                    with path.open("rb") as stream:
                        client.storbinary(f"STOR {path.name}", stream, blocksize=_BLOCK_BYTES)
        except _FTP_FAILS as error:
            raise NotSent(repr(error)) from None
        finally:
            for each in client.lines:
                each.close()
                each.wait()


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise NotSent(f"{command[0]} waits for ever") from None
    if done.returncode:
        raise NotSent(f"{command[0]} ended with {done.returncode}: {done.stderr[-300:]}")


def _curl(*arguments: str) -> None:
    _run(["curl", "--silent", "--show-error", "--fail", "--insecure", *arguments])


def _put(scheme: str, port: int, files: Sequence[Path], cut: Cut) -> None:
    """All over one connection, as dput does it."""
    with _line(port, cut) as line:
        url = f"{scheme}://127.0.0.1:{line.port}/upload/"
        words = [word for path in files for word in ("--upload-file", str(path), url + path.name)]
        _curl(*words)


def _by_http(courier: Courier, files: Sequence[Path], cut: Cut) -> None:
    _put("http", courier.instance.http_port, files, cut)


def _by_https(courier: Courier, files: Sequence[Path], cut: Cut) -> None:
    _put("https", courier.https_port, files, cut)


def _by_multipart(courier: Courier, files: Sequence[Path], cut: Cut) -> None:
    with _line(courier.instance.http_port, cut) as line:
        words = [word for path in files for word in ("--form", f"files=@{path}")]
        _curl(*words, f"http://127.0.0.1:{line.port}/api/v1/uploads/files")


def _by_sftp(courier: Courier, files: Sequence[Path], cut: Cut) -> None:
    with _line(courier.instance.sftp_port, cut) as line:
        batch = courier.ssh_key.with_name(f"batch-{line.port}")
        batch.write_text("".join(f"put {path}\n" for path in files), encoding="utf-8")
        options = ssh_options(courier.ssh_key)
        _run(["sftp", *options, "-b", str(batch), "-P", str(line.port), "pat@127.0.0.1"])


def ssh_options(key: Path) -> list[str]:
    """For OpenSSH's programs: this key, and nothing of the user's own."""
    return [
        *("-F", "/dev/null", "-o", f"IdentityFile={key}", "-o", "IdentitiesOnly=yes"),
        *("-o", "IdentityAgent=none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"),
        *("-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"),
    ]


def register_ssh_key(instance: Instance, key: Path) -> None:
    """Make *key*, and let pat sign in by it; while no daemon runs."""
    _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
    line = key.with_suffix(".pub").read_text(encoding="ascii").strip()
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    fingerprint = "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
    with contextlib.closing(sqlite3.connect(instance.home / "db.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO mini_buildd_sshkey (user_id, comment, fingerprint, text, is_active)"
            " SELECT id, '', ?, ?, 1 FROM auth_user WHERE username = 'pat'",
            (fingerprint, line),
        )


def _into_folder(courier: Courier, files: Sequence[Path], cut: Cut) -> None:
    """A program that copies; it is cut itself, and does not notice when the daemon is killed."""
    for path in files:
        with path.open("rb") as source, (courier.folder / path.name).open("wb") as target:
            while data := source.read(_BLOCK_BYTES):
                rest = cut.pass_on(data)
                if len(rest) < len(data) and cut.manner is not Manner.KILL:
                    target.write(rest)
                    raise NotSent("it was ended")
                target.write(data)


# --- resumable transfers (tus) ------------------------------------------------------------


def _by_tus(courier: Courier, files: Sequence[Path], cut: Cut) -> None:
    """Goes on where it was cut, the .changes last: then the others have all arrived."""
    with _line(courier.instance.http_port, cut) as line:
        for path in sorted(files, key=lambda each: each.suffix == ".changes"):
            try:
                _transfer(courier, path, line.port)
            except (OSError, http.client.HTTPException) as error:
                raise NotSent(repr(error)) from None


def _transfer(courier: Courier, path: Path, port: int) -> None:
    data = path.read_bytes()
    offset = _how_far(courier, path, port)
    if offset is None:
        name = base64.b64encode(path.name.encode()).decode()
        fields = {"Upload-Length": str(len(data)), "Upload-Metadata": f"filename {name}"}
        _, answer = _ask(port, "POST", "/api/v1/incoming/", fields, wanted=201)
        courier.begun[path] = answer["Location"]
        offset = 0
    if offset < len(data):
        fields = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        _ask(port, "PATCH", courier.begun[path], fields, data[offset:], wanted=204)


def _how_far(courier: Courier, path: Path, port: int) -> int | None:
    """How much of *path* is there; None when it has to be begun."""
    if path not in courier.begun:
        return None
    status, answer = _ask(port, "HEAD", courier.begun[path], {})
    return int(answer["Upload-Offset"]) if status == 200 else None


def _ask(
    port: int,
    method: str,
    place: str,
    fields: Mapping[str, str],
    body: bytes = b"",
    *,
    wanted: int = 0,
) -> tuple[int, Mapping[str, str]]:
    """The answer; raises NotSent when it is not the one that is *wanted*, if any."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    with contextlib.closing(connection):
        connection.request(method, place, body, {"Tus-Resumable": "1.0.0", **fields})
        answer = connection.getresponse()
        said = answer.read()
        if wanted and answer.status != wanted:
            raise NotSent(f"{method} {place}: {answer.status} {said[-300:]!r}")
        return answer.status, dict(answer.headers)


WAYS: Mapping[str, Send] = {
    "ftp": _by_ftp,
    "ftps": _by_ftps,
    "http": _by_http,
    "https": _by_https,
    "sftp": _by_sftp,
    "multipart": _by_multipart,
    "tus": _by_tus,
    "folder": _into_folder,
}
