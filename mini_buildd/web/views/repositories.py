"""The list of repositories, and one repository with the lines to copy."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.repositories import (
    DistributionRow,
    find_repository,
    list_repositories,
)
from mini_buildd.db.queries.snapshots import SnapshotRow, list_snapshots
from mini_buildd.web.administrators import may_in
from mini_buildd.web.apt_lines import AptLines, use_it, use_version
from mini_buildd.web.instance import archive_url, instance


@dataclass(frozen=True, slots=True)
class Shown:
    """A distribution with the lines to copy for it."""

    row: DistributionRow
    lines: AptLines


@dataclass(frozen=True, slots=True)
class ShownSnapshot:
    """A snapshot with its suites, the numbers of their versions, and the lines to copy for each."""

    row: SnapshotRow
    uses: tuple[tuple[str, int, AptLines], ...]


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All repositories."""
    context = {"repositories": list_repositories()}
    return render(request, "mini_buildd/repositories.html", context)


@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    """One repository."""
    repository = find_repository(name)
    if repository is None:
        raise Http404(f"There is no repository “{name}”.")
    context = {
        "repository": repository,
        "distributions": [_shown(name, row) for row in repository.distributions],
        "snapshots": [_shown_snapshot(row) for row in list_snapshots(name)],
        "may": may_in(request, name),
        "url": archive_url(name),
        "dput": dput_section(),
        "identity": instance().identity,
    }
    return render(request, "mini_buildd/repository.html", context)


def _shown(repository: str, row: DistributionRow) -> Shown:
    package = row.packages[0].binaries[:1] if row.packages else ()
    return Shown(row, use_it(repository, row.name, "".join(package)))


def _shown_snapshot(row: SnapshotRow) -> ShownSnapshot:
    uses = ((name, number, use_version(name, row.name)) for name, number in row.versions)
    return ShownSnapshot(row, tuple(uses))


def dput_section() -> str:
    """The section for ~/.dput.cf; dput reads the port from fqdn."""
    settings = instance()
    host = urlsplit(settings.url).hostname or settings.ftp.interface
    host = f"[{host}]" if ":" in host else host
    lines = (
        f"[{settings.identity}]",
        "method = ftp",
        f"fqdn = {host}:{settings.ftp.port}",
        "login = anonymous",
        "incoming = /",
        "allow_unsigned_uploads = 0",
    )
    return "\n".join(lines)
