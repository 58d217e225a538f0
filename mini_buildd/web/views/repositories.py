"""The list of repositories, and one repository with the lines to copy."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.repositories import (
    DistributionRow,
    RepositoryDetail,
    find_repository,
    list_repositories,
)
from mini_buildd.db.queries.snapshots import SnapshotRow, list_snapshots
from mini_buildd.domain.dput_sections import dput_sections
from mini_buildd.flow.hosted import archive_url, instance, places
from mini_buildd.keys.ssh_key import fingerprints_in
from mini_buildd.web.administrators import actor_of, may_in
from mini_buildd.web.apt_lines import AptLines, use_it, use_version


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
        raise Http404(gettext("There is no repository “%(name)s”.") % {"name": name})
    context = {
        "repository": repository,
        "distributions": [_shown(repository, row) for row in repository.distributions],
        "snapshots": [
            _shown_snapshot(row, is_private=repository.is_private) for row in list_snapshots(name)
        ],
        "may": may_in(request, name),
        "url": archive_url(name),
        "host_keys": fingerprints_in(places().ssh),
        "dput": dput_sections(instance(), actor_of(request).name or "ACCOUNT"),
    }
    return render(request, "mini_buildd/repository.html", context)


def _shown(repository: RepositoryDetail, row: DistributionRow) -> Shown:
    package = row.packages[0].binaries[:1] if row.packages else ()
    return Shown(
        row, use_it(repository.name, row.name, "".join(package), is_private=repository.is_private)
    )


def _shown_snapshot(row: SnapshotRow, *, is_private: bool) -> ShownSnapshot:
    uses = (
        (name, number, use_version(name, row.name, is_private=is_private))
        for name, number in row.versions
    )
    return ShownSnapshot(row, tuple(uses))
