"""Requests to the HTTP server: pages, the archive, and the ways in for uploads.

Bytes as they come over one connection; ``@@`` stands where one packet ends, ``@TOKEN@`` for the
transfer that was begun last.
"""

import re
from base64 import b64encode
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address

from mini_buildd.daemon.http import make_site
from mini_buildd.domain.problem import SignInFailed
from mini_buildd.incoming.credentials import Credentials
from mini_buildd.incoming.http_door import Works
from mini_buildd.incoming.http_routes import HttpDoor
from mini_buildd.incoming.resumable import Resumables
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.tests.fuzz.target import Take, Target, Wrong
from mini_buildd.tests.fuzz.wires import (
    PEER,
    AtOnce,
    TriedSpool,
    Wire,
    dock_of,
    nothing_logged,
)

_SECRET = b"nobody outside may ever read this"
_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3}) [^\r\n]*\r\n[A-Z]")
_LOCATION = re.compile(rb"^Location: \S*/([0-9a-f]{32})\r$", re.MULTILINE)
# A method or a version that nobody has heard of, and a full disk: not our fault.
_BLAMELESS = (b"501", b"505", b"507")
_FRONTIER = b"frontier"
_TOKEN = b"@TOKEN@"


def _crlf(text: bytes) -> bytes:
    return text.replace(b"\n", b"\r\n")


_HEAD = b"Host: a.example\nAuthorization: Basic " + b64encode(b"pat:secret") + b"\n"
_PUT = _crlf(
    b"PUT /upload/hello_1.0-1.dsc HTTP/1.1\n%sContent-Length: 6\nExpect: 100-continue\n\n" % _HEAD
)
_CHUNKED = _crlf(
    b"PUT /upload/hello_1.0-1.dsc HTTP/1.1\n%sTransfer-Encoding: chunked\n\n"
    b"6\nabcdef\n3;x=y\nabc\n0\n\n" % _HEAD
)
_MULTIPART_BODY = _crlf(
    b'--b\nContent-Disposition: form-data; name="files"; filename="hello_1.0-1.dsc"\n'
    b"Content-Type: application/octet-stream\n\nabc\n"
    b'--b\nContent-Disposition: form-data; name="note"\n\nhello\n'
    b'--b\nContent-Disposition: form-data; name="files"; filename="hello_1.0-1_source.changes"\n\n'
    b"Format: 1.8\n\n--b--\n"
)
_MULTIPART = (
    _crlf(
        b"POST /api/v1/uploads/files HTTP/1.1\n%sContent-Length: %d\n"
        b'Content-Type: multipart/form-data; boundary="b"\n\n' % (_HEAD, len(_MULTIPART_BODY))
    )
    + _MULTIPART_BODY
)
_TUS = _HEAD + b"Tus-Resumable: 1.0.0\n"
_TRANSFER = _crlf(
    b"POST /api/v1/incoming/ HTTP/1.1\n%sUpload-Length: 6\nUpload-Metadata: filename %s\n"
    b"Content-Length: 0\n\n@@HEAD /api/v1/incoming/@TOKEN@ HTTP/1.1\n%s\n"
    b"@@PATCH /api/v1/incoming/@TOKEN@ HTTP/1.1\n%sUpload-Offset: 0\nContent-Length: 3\n"
    b"Content-Type: application/offset+octet-stream\n"
    b"Upload-Checksum: sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=\n\nabc"
    b"@@PATCH /api/v1/incoming/@TOKEN@ HTTP/1.1\n%sUpload-Offset: 3\nContent-Length: 3\n"
    b"Content-Type: application/offset+octet-stream\n\ndef"
    b"@@OPTIONS /api/v1/incoming/ HTTP/1.1\n%s\n"
    % (_TUS, b64encode(b"hello_1.0-1.dsc"), _TUS, _TUS, _TUS, _TUS)
)
_DELETE = _crlf(
    b"POST /api/v1/incoming/ HTTP/1.1\n%sUpload-Length: 6\nUpload-Metadata: filename %s\n"
    b"Content-Length: 3\nContent-Type: application/offset+octet-stream\n\nabc"
    b"@@DELETE /api/v1/incoming/@TOKEN@ HTTP/1.1\n%s\n" % (_TUS, b64encode(b"hello.dsc"), _TUS)
)
_READ = _crlf(
    b"GET /archive/test/pool/hello HTTP/1.1\n%sRange: bytes=2-5\n\n"
    b"@@HEAD /archive/test/pool/hello HTTP/1.1\n%sIf-Modified-Since: x\n\n"
    b"@@GET /archive/test/../../secret HTTP/1.1\n%s\n"
    b"@@GET /static/app/style.css HTTP/1.1\n%s\n@@GET /?page=%%2e%%2e HTTP/1.1\n%s\n"
    % (_HEAD, _HEAD, _HEAD, _HEAD, _HEAD)
)
# What Twisted alone, or we, once answered by hanging up.
_ONCE_WRONG = _crlf(
    b"POST / HTTP/1.1\n%sContent-Length: 1\nContent-Type: \x85x; y\x0bz\n"
    b"Content-Type: x\n\nx"
    b"@@GET /static/app/\xa4 HTTP/1.1\n%s\n@@GET /static/app/%%00 HTTP/1.1\n%s\n"
    b"@@GET /static/app/style.css HTTP/1.1\n%sRange: bytes=\xbe\n\n"
    b"@@PUT /upload/a HTTP/1.1\nHost: a\nAuthorization: Basic \xff\xfe\nContent-Length: 0\n\n"
    b"@@PUT /upload/a HTTP/1.1\nHost: a\nAuthorization: Basic /w==\nContent-Length: 0\n\n"
    % (_HEAD, _HEAD, _HEAD, _HEAD)
)
_SEEDS = (
    _ONCE_WRONG,
    _PUT + b"@@abcdef",
    _CHUNKED,
    _MULTIPART,
    _MULTIPART.replace(b"\r\n--b", b"\r\n@@--b"),
    _TRANSFER,
    _DELETE,
    _READ,
)
_WORDS = (
    b"@@",
    _TOKEN,
    b"../",
    b"%2e%2e%2f",
    b"%00",
    b"\r\n",
    b"\r\n\r\n",
    b"PUT /upload/",
    b"PATCH /api/v1/incoming/",
    b"GET /archive/test/",
    b" HTTP/1.1\r\n",
    b" HTTP/1.0\r\n",
    *(b"%s: " % name for name in b"Content-Length,Transfer-Encoding,Expect,Range".split(b",")),
    *(b"%s: " % name for name in b"Upload-Offset,Upload-Length,Upload-Metadata".split(b",")),
    b"Upload-Defer-Length: 1\r\n",
    b"Upload-Concat: partial\r\n",
    b"chunked",
    b"bytes=-5",
    b"bytes=0-0,2-3",
    b"filename=",
    b"filename*=UTF-8''..%2f",
    b"--b\r\n",
    b"--b--\r\n",
)


def _django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Stands for Django, which has a fuzzer of its own; reads what it is given."""
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"a page"]


def _sign_in(credentials: Credentials, peer: str) -> None:
    if credentials != Credentials("pat", "secret"):
        raise SignInFailed(expected="pat", found=peer, hint="Be pat.")


def _furnish(folder: Path) -> None:
    for name, content in {
        "archive/test/pool/hello": b"hello, world",
        "static/style.css": b"a {}",
        "secret": _SECRET,
        "archive/.hidden": _SECRET,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _site(policy: str, folder: Path) -> tuple[Any, TriedSpool, Resumables]:
    """The HTTP server with what it writes to."""
    _furnish(folder)
    at_once: Any = AtOnce()
    spool = TriedSpool(folder / "spool")
    resumables = Resumables(spool, folder / "spool" / "resumable")
    dock = dock_of(at_once, spool, Sessions())
    works = Works(dock, resumables, policy=policy, sign_in=_sign_in)
    site: Any = make_site(
        reactor=at_once,
        pool=at_once,
        archive=folder / "archive",
        static={"app/": folder / "static"},
        application=_django,
        door=HttpDoor(works, keep_seconds=3600),
    )
    site.dock = dock
    return site, spool, resumables


def _prepare(policy: str, folder: Path) -> Take:
    site, spool, resumables = _site(policy, folder)
    sessions: Sessions = site.dock.sessions

    def take(data: bytes) -> str:
        with nothing_logged():
            said = _talk(site, data)
        _demand_sound(said)
        if sessions._open:
            raise Wrong("somebody counts as connected who is not")
        resumables.expire(-3600)
        arrived = spool.demand_sound()
        if arrived:
            return f"{arrived} arrived"
        return "a page" if b" 200 OK\r\n" in said else "Nothing arrived"

    return take


def _talk(site: Any, data: bytes) -> bytes:
    """All that the server says."""
    wire = Wire(site.buildProtocol(IPv4Address("TCP", PEER, 40_000)))
    for packet in data.split(b"@@"):
        begun = _LOCATION.findall(wire.value())
        wire.send(packet.replace(_TOKEN, begun[-1] if begun else b"0" * 32))
    wire.end()
    said: bytes = wire.value()
    return said


def _demand_sound(said: bytes) -> None:
    """The server never takes the blame, nor tells what is nobody's business."""
    for status in _STATUS.findall(said):
        if status.startswith(b"5") and status not in _BLAMELESS:
            raise Wrong(f"an answer with status {status.decode()}")
    if _SECRET in said:
        raise Wrong("a file outside of the archive was served")


def _prepare_carried(folder: Path) -> Take:
    """By each way in: what arrives is, to the byte, what was sent, or nothing arrives."""
    site, spool, resumables = _site("open", folder)

    def take(data: bytes) -> str:
        if _FRONTIER in data:  # as no client would choose it then
            return "Nothing was sent"
        wanted = []
        with nothing_logged():
            for request in _carriers(data):
                wire = Wire(site.buildProtocol(IPv4Address("TCP", PEER, 40_000)))
                wire.send(request)
                wanted += [data] * wire.value().startswith(b"HTTP/1.1 20")
                wire.end()
        arrived = [path.read_bytes() for path in (folder / "spool" / "files").glob("*/*")]
        if arrived != wanted:
            raise Wrong(f"{len(arrived)} arrived, or others than were sent")
        resumables.expire(-3600)
        spool.demand_sound()
        return f"{len(arrived)} arrived" if arrived else "Nothing arrived"

    return take


def _carriers(data: bytes) -> tuple[bytes, ...]:
    """*data* as a whole file, by each of the ways."""
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (data[:7], data[7:]) if part)
    form = (
        b'--%s\r\nContent-Disposition: form-data; name="files"; filename="a.dsc"\r\n\r\n'
        % _FRONTIER
        + data
        + b"\r\n--%s--\r\n" % _FRONTIER
    )
    post = (
        b"POST /api/v1/uploads/files HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n"
        b"Content-Type: multipart/form-data; boundary=%s\r\n\r\n" % (len(form), _FRONTIER)
    )
    begin = (
        b"POST /api/v1/incoming/ HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\n"
        b"Upload-Length: %d\r\nUpload-Metadata: filename YS5kc2M=\r\nContent-Length: %d\r\n"
        b"Content-Type: application/offset+octet-stream\r\n\r\n" % (len(data), len(data))
    )
    put = b"PUT /upload/a.dsc HTTP/1.1\r\nHost: a\r\n"
    return (
        put + b"Content-Length: %d\r\n\r\n" % len(data) + data,
        put + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n",
        post + form,
        begin + data,
    )


HTTP = (
    Target(
        name="http-carried",
        prepare=_prepare_carried,
        seeds=(b"Format: 1.8\n", b"\r\n--front\r\n\r\n--", b"\0\r\n\r\n0\r\n\r\n"),
        share=20_000,
        words=(b"\r\n--fron", b"--\r\n", b"\r\n", b"0\r\n\r\n", b"\r\n-", b"--frontie--"),
        most_bytes=500,
    ),
    Target(
        name="http",
        prepare=lambda folder: _prepare("open", folder),
        seeds=_SEEDS,
        share=80_000,
        words=_WORDS,
    ),
    Target(
        name="http-accounts",
        prepare=lambda folder: _prepare("accounts", folder),
        seeds=_SEEDS,
        share=20_000,
        words=(*_WORDS, b"Authorization: Bearer x\r\n", b"Authorization: Basic Og==\r\n"),
    ),
)
