"""The HTTP server: the archive and the static files as plain files, all else by Django."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.python.threadpool import ThreadPool
from twisted.web.resource import NoResource, Resource
from twisted.web.server import Request, Site
from twisted.web.static import File
from twisted.web.wsgi import WSGIResource


class PublishedFile(File):
    """A file or folder of the archive; what begins with a dot is not published."""

    # Packages.gz is a file of that name, not a Packages that travels compressed.
    contentEncodings: Any = {}  # noqa: RUF012  # Twisted's class attribute

    def getChild(self, path: bytes, request: Any) -> Any:
        """The entry *path*, or 404 (IResource)."""
        if path.startswith(b"."):
            return NoResource()
        return super().getChild(path, request)


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
