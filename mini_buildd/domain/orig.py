"""The upstream tarball that an upload leaves out, in the archive of the base release.

Whoever packages what Debian has need not send what Debian has. It lies at a place that follows from
its name, and the signed .dsc tells its size and digest, so it does not matter who hands it out.
"""

import re
from collections.abc import Iterable

from mini_buildd.deb.names import Component, PlainFilename, SourceName, pool_prefix

# hello_1.0.orig.tar.gz, hello_1.0.orig-docs.tar.xz, and their signatures (dpkg-source(1)).
_ORIG = re.compile(r"[^_]+_[^_]+\.orig(?:-[A-Za-z0-9-]+)?\.tar\.(?:gz|bz2|lzma|xz)(?:\.asc)?")
# Waits after each failure, in seconds: a mirror that restarts is back by then.
_DELAYS = (30, 120, 480)


def is_orig(name: PlainFilename) -> bool:
    """Whether *name* is that of an upstream tarball, or of its signature."""
    return _ORIG.fullmatch(name) is not None


def pool_urls(
    archives: Iterable[tuple[str, Iterable[Component]]],
    component: Component,
    source: SourceName,
    name: PlainFilename,
) -> tuple[str, ...]:
    """Where the *archives*, each with its components, would have that file (RepositoryFormat).

    First in the *component* that the source is uploaded to.
    """
    archives = [(url.rstrip("/"), list(areas)) for url, areas in archives]
    own = [(url, component) for url, _ in archives]
    others = [(url, area) for url, areas in archives for area in areas]
    folder = f"{pool_prefix(source)}/{source}"
    urls = (f"{url}/pool/{area}/{folder}/{name}" for url, area in (*own, *others))
    return tuple(dict.fromkeys(urls))


def next_delay(tries: int) -> int | None:
    """Seconds until the next try after that many failed ones; None when it is given up."""
    return _DELAYS[tries - 1] if tries <= len(_DELAYS) else None
