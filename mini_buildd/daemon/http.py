"""The HTTP server: the archive and the static files as plain files, all else by Django."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool
from twisted.web.resource import Resource
from twisted.web.server import Request, Site
from twisted.web.static import File
from twisted.web.wsgi import WSGIResource

from mini_buildd.daemon.access import ACCOUNT_FIELD, Access
from mini_buildd.daemon.answers import SECURITY_FIELDS
from mini_buildd.daemon.archive_files import ArchiveFiles
from mini_buildd.daemon.event_door import EventDoor
from mini_buildd.daemon.private_archives import PrivateArchives
from mini_buildd.domain.proxies import Network
from mini_buildd.incoming.http_channel import Door, StreamingChannel, StreamingRequest

# Forms of the administration are small; packages come by another way (StreamingRequest).
_MAX_BODY_BYTES = 4 << 20
_TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedRequest(StreamingRequest):
    """A request whose body has an end: Twisted would keep one of any size, from anybody."""

    _body_bytes = 0
    began = 0.0

    def gotLength(self, length: int | None) -> None:
        """The header is there; what is no file of the archive gets a number."""
        if not self.channel._path.startswith(b"/archive/"):  # noqa: SLF001  # ours is not set yet
            self.channel.site.access.begin(self)
        super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        """Take a part of the body, or answer 413 and hang up; exchanges have their own bounds."""
        if self.exchange is not None:
            super().handleContentChunk(data)
            return
        was_within = self._body_bytes <= _MAX_BODY_BYTES
        self._body_bytes += len(data)
        if self._body_bytes <= _MAX_BODY_BYTES:
            super().handleContentChunk(data)
        elif was_within and self.channel is not None:
            self.channel.transport.write(_TOO_LARGE)
            self.channel.transport.loseConnection()

    def process(self) -> None:
        """Answer; most requests are apt's, which need not go through the tree of resources."""
        if not self.path.startswith(b"/archive/"):
            if self.path.startswith(b"/static/"):  # all else is Django's, which says so itself
                for name, value in SECURITY_FIELDS:
                    self.setHeader(name, value)
            self._drop_lookalikes()
            events = self.channel.site.events
            if events is None or not events.takes(self):
                super().process()
                return
            self._answer_by(events)
        else:
            self._answer_by(self.channel.site.archive)

    def _answer_by(self, answering: Any) -> None:
        self.site: Any = self.channel.site
        try:
            answering.answer(self)
        except Exception:  # noqa: BLE001  # it is logged, and the client gets an answer
            self.processingFailed(Failure())

    def write(self, data: bytes) -> None:
        """The next part of the answer; who asked is for the log alone."""
        if not self.startedWriting:
            told = self.responseHeaders.getRawHeaders(ACCOUNT_FIELD, [])
            if told:
                self.account = unquote(told[0].decode("ascii"))
                self.responseHeaders.removeHeader(ACCOUNT_FIELD)
        super().write(data)

    def connectionLost(self, reason: Any) -> None:
        """Who has read all that was announced may hang up before finish(), and was here as well."""
        if self.began and self.startedWriting and not self.finished and self.channel is not None:
            self.channel.site.access.end(self)
        super().connectionLost(reason)

    def _drop_lookalikes(self) -> None:
        """Drop fields whose names have underscores: WSGI takes X_Forwarded_For for a proxy's."""
        for name, _ in list(self.requestHeaders.getAllRawHeaders()):
            if b"_" in name:
                self.requestHeaders.removeHeader(name)


class ArchiveSite(Site):
    """The site, with the way to the *archive* that is short, and the *door* for uploads."""

    displayTracebacks = False
    protocol: Any = StreamingChannel

    def __init__(
        self, root: Resource, archive: ArchiveFiles, door: Door | None, hsts_seconds: int
    ) -> None:
        super().__init__(root, requestFactory=BoundedRequest)
        self.hsts_seconds = hsts_seconds
        self.archive = archive
        self.door = door
        self.events: EventDoor | None = None  # what may wait for events is answered by it
        self.access = Access("off")
        self.proxies: tuple[Network, ...] = ()  # whose X-Forwarded-For is believed

    def log(self, request: Any) -> None:
        """*request* is answered (Site)."""
        self.access.end(request)

    def acceptableProtocols(self) -> list[bytes]:
        """HTTP/1.1 only, also where Twisted could do more: files are written straight to it."""
        return [b"http/1.1"]


class Root(Resource):
    """Routes by the first segment of the path; everything unknown is Django's."""

    def __init__(self, folders: Mapping[bytes, Any], django: WSGIResource) -> None:
        super().__init__()
        self._django = django
        for name, resource in folders.items():
            self.putChild(name, resource)

    def getChild(self, path: bytes, request: Any) -> Any:
        """Hand over to Django with the path as it came (IResource)."""
        request.prepath.pop()
        request.postpath.insert(0, path)
        return self._django

    def render(self, request: Request) -> Any:
        """The root itself is Django's too (IResource)."""
        return self._django.render(request)


class StaticFile(File):
    """A file or a folder below /static/."""

    def getChild(self, path: bytes, request: Any) -> Any:
        """What *path* names; Twisted fails at names that no file can have (IResource)."""
        try:
            is_name = "\0" not in path.decode("utf-8")
        except UnicodeDecodeError:
            is_name = False
        if not is_name:
            return self.childNotFound
        return super().getChild(path, request)

    def render_GET(self, request: Any) -> Any:
        """The whole of it: Twisted fails at some ranges, and nobody needs parts of our files."""
        request.requestHeaders.removeHeader(b"range")
        return super().render_GET(request)

    render_HEAD = render_GET


def make_site(
    *,
    reactor: Any,
    pool: ThreadPool,
    archive: Path,
    static: Mapping[str, Path],
    application: Any,
    door: Door | None = None,
    hsts_seconds: int = 0,
    private: PrivateArchives | None = None,
    proxies: tuple[Network, ...] = (),
    events: EventDoor | None = None,
    access: Access | None = None,
    watching: Mapping[bytes, Resource] | None = None,
) -> ArchiveSite:
    """The site; *static* maps folders under /static/ to where their files lie.

    Uploads come in by the *door*; browsers that come by TLS are told to do so for *hsts_seconds*.
    """
    statics: Any = Resource()
    for name, folder in static.items():
        statics.putChild(name.strip("/").encode(), StaticFile(str(folder)))
    archive_files = ArchiveFiles(archive, private)
    django = WSGIResource(reactor, pool, application)
    root = Root({b"archive": archive_files, b"static": statics, **(watching or {})}, django)
    site = ArchiveSite(root, archive_files, door, hsts_seconds)
    site.proxies = proxies
    site.events = events
    site.access = access or site.access
    return site
