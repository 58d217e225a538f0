"""The HTTP server: the archive and the static files as plain files, all else by Django."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.python.threadpool import ThreadPool
from twisted.web.resource import Resource
from twisted.web.server import Request, Site
from twisted.web.static import File
from twisted.web.wsgi import WSGIResource

# Forms of the administration are small; packages do not come this way.
_MAX_BODY_BYTES = 4 << 20
_TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedRequest(Request):
    """A request whose body has an end: Twisted would keep one of any size, from anybody."""

    channel: Any
    _body_bytes = 0

    def handleContentChunk(self, data: bytes) -> None:
        """Take a part of the body, or answer 413 and hang up."""
        was_within = self._body_bytes <= _MAX_BODY_BYTES
        self._body_bytes += len(data)
        if self._body_bytes <= _MAX_BODY_BYTES:
            super().handleContentChunk(data)
        elif was_within and self.channel is not None:
            self.channel.transport.write(_TOO_LARGE)
            self.channel.transport.loseConnection()


class PublishedFile(File):
    """A file or folder of the archive; what begins with a dot is not published."""

    # Packages.gz is a file of that name, not a Packages that travels compressed.
    contentEncodings: Any = {}  # noqa: RUF012  # Twisted's class attribute
    # Uploaders choose the names in the pool; nothing there may become a page of this site.
    contentTypes: Any = dict.fromkeys(
        (".asc", ".buildinfo", ".changes", ".dsc", ".sources"), "text/plain; charset=utf-8"
    )

    def getChild(self, path: bytes, request: Any) -> Any:
        """The entry *path*, or 404 (IResource)."""
        if path.startswith(b".") or b"\0" in path:
            return self.childNotFound
        return super().getChild(path, request)

    def listNames(self) -> list[str]:
        """What a listing shows: no file that is being written."""
        return [name for name in super().listNames() if not name.startswith(".")]

    def render_GET(self, request: Any) -> Any:
        """The file itself, and no guess of the browser at what it might be (IResource)."""
        request.setHeader(b"x-content-type-options", b"nosniff")
        return super().render_GET(request)


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


def make_site(
    *,
    reactor: Any,
    pool: ThreadPool,
    archive: Path,
    static: Mapping[str, Path],
    application: Any,
) -> Site:
    """The site; *static* maps folders under /static/ to where their files lie."""
    statics: Any = Resource()
    for name, folder in static.items():
        statics.putChild(name.strip("/").encode(), File(str(folder)))
    archive_files = PublishedFile(str(archive), defaultType="application/octet-stream")
    django = WSGIResource(reactor, pool, application)
    root = Root({b"archive": archive_files, b"static": statics}, django)
    site = Site(root, requestFactory=BoundedRequest)
    site.displayTracebacks = False
    return site
