"""The HTTP server: the archive and the static files as plain files, all else by Django."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.python.threadpool import ThreadPool
from twisted.web.resource import Resource
from twisted.web.server import Request, Site
from twisted.web.static import File
from twisted.web.wsgi import WSGIResource


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
    site = Site(Root({b"archive": archive_files, b"static": statics}, django))
    site.displayTracebacks = False
    return site
