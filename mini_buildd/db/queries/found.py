"""What a search has found, looked up for whoever looks: what they may not see is not among it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef

from mini_buildd.db.models import Distribution, Repository, Source, SuiteEntry, Upload
from mini_buildd.db.queries.uploads import UploadRow, upload_row, uploads
from mini_buildd.db.visibility import visible, visible_uploads

_REPOSITORY = "distribution__repository__name"


@dataclass(frozen=True, slots=True)
class BinaryHit:
    """A binary package that a suite has: one of its versions, and its source package."""

    package: str
    architecture: str
    version: str
    source: str
    source_version: str
    is_debug: bool


def current_binaries(ids: Iterable[int]) -> Mapping[int, BinaryHit]:
    """Those of the binary packages with these numbers that a suite has now."""
    rows = visible(SuiteEntry.objects.filter(removed_in=None, binary__in=list(ids)), _REPOSITORY)
    found = rows.order_by().values_list(
        "binary_id",
        "binary__package",
        "binary__architecture",
        "binary__version",
        "source__name",
        "source__version",
        "binary__is_debug",
    )
    return {
        pk: BinaryHit(package, architecture, version, source, source_version, is_debug)
        for pk, package, architecture, version, source, source_version, is_debug in found
    }


def sources_by_binary(packages: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The names of the source packages that make these binary packages in any suite now."""
    rows = visible(
        SuiteEntry.objects.filter(removed_in=None, binary__package__in=list(packages)), _REPOSITORY
    )
    found: defaultdict[str, set[str]] = defaultdict(set)
    for package, source in rows.order_by().values_list("binary__package", "source__name"):
        found[package or ""].add(source)
    return {package: tuple(sorted(sources)) for package, sources in found.items()}


def seen_versions(pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Those of these source packages, by name and version, that there are."""
    wanted = set(pairs)
    rows = Source.objects.filter(name__in=[name for name, _ in wanted])
    there = visible(rows, _REPOSITORY).values_list("name", "version")
    return frozenset(wanted & set(there))


def find_suites(text: str, most: int) -> tuple[str, ...]:
    """The names of distributions with *text* in them."""
    rows = visible(Distribution.objects.filter(name__contains=text), "repository__name")
    return tuple(rows.order_by("name").values_list("name", flat=True)[:most])


def find_repositories(text: str, most: int) -> tuple[str, ...]:
    """The names of repositories with *text* in them."""
    rows = visible(Repository.objects.filter(name__contains=text), "name")
    return tuple(rows.order_by("name").values_list("name", flat=True)[:most])


def find_uploaders(text: str, most: int) -> tuple[str, ...]:
    """Accounts with *text* in their name that have uploaded something."""
    theirs = visible_uploads(Upload.objects.filter(signed_by__user=OuterRef("pk")))
    rows = User.objects.filter(Exists(theirs), username__icontains=text)
    return tuple(rows.order_by("username").values_list("username", flat=True)[:most])


def find_upload_row(number: int) -> UploadRow | None:
    """The upload with that *number*."""
    found = uploads().filter(pk=number).first()
    return upload_row(found) if found is not None else None
