"""What a version of a suite holds, told from the rows."""

from collections.abc import Collection, Iterable, Iterator
from functools import partial

from django.db.models import Q, QuerySet

from mini_buildd.archive.plan import (
    Area,
    BinaryText,
    Changed,
    Content,
    SourceText,
    SuiteFace,
)
from mini_buildd.db.models import Binary, Distribution, Publication, Source, SuiteEntry
from mini_buildd.deb.names import Architecture, Component
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.flow.revise import area
from mini_buildd.flow.site import Site
from mini_buildd.kit.parts import in_parts

_ROWS_AT_ONCE = 1000


def components_of(distribution: Distribution) -> tuple[Component, ...]:
    """The archive areas that apt finds in the suite as it is published now."""
    published = distribution.publications.exclude(published_at=None).order_by("-number").first()
    names = published.areas.split() if published is not None else []
    return tuple(Component(name) for name in names or ["main"] if "/" not in name)


def entries_at(distribution: Distribution, number: int) -> QuerySet[SuiteEntry]:
    """The entries of version *number* of the suite."""
    return SuiteEntry.objects.filter(
        Q(removed_in=None) | Q(removed_in__gt=number),
        distribution=distribution,
        added_in__lte=number,
    )


def face_of(site: Site, publication: Publication) -> SuiteFace:
    """What *publication* says of itself."""
    distribution = publication.distribution
    suite = distribution.suite
    url = site.archive_url(distribution.repository.name)
    areas = dict.fromkeys(["main", *publication.areas.split()])
    return SuiteFace(
        distribution=DistributionName.parse(distribution.name),
        number=publication.number,
        date=publication.decided_at,
        origin=site.settings.identity,
        description=suite.purpose or suite.name,
        areas=tuple(Area.parse(name) for name in areas),
        architectures=tuple(
            Architecture(row.architecture) for row in distribution.architectures.all()
        ),
        not_automatic=suite.not_automatic,
        but_automatic_upgrades=suite.but_automatic_upgrades,
        forms=tuple(dict.fromkeys(suite.forms.split())),
        has_contents=suite.has_contents,
        has_translations=suite.has_translations,
        separates_debug=suite.separates_debug,
        snapshots_url=f"{url}/snapshots/@SNAPSHOTID@/",
        changelogs_url=f"{url}/changelogs/@CHANGEPATH@_changelog",
        restores=publication.restores,
    )


def content_of(distribution: Distribution) -> Content:
    """Where the packages of any version of *distribution* are asked for."""
    return Content(
        binaries=partial(_binaries, distribution),
        sources=partial(_sources, distribution),
        changed=partial(_changed, distribution),
        dated=partial(_dated, distribution),
    )


def _dated(distribution: Distribution, number: int) -> str:
    publication = Publication.objects.filter(distribution=distribution, number=number).first()
    return publication.decided_at.isoformat() if publication else ""


def _changed(distribution: Distribution, old: int, new: int) -> Changed:
    old, new = sorted((old, new))  # an earlier version may be written again
    # The two sides of the "or", one by one: each has an index.
    entries = SuiteEntry.objects.filter(distribution=distribution)
    packages: set[str] = set()
    sources: set[str] = set()
    for part in (
        entries.filter(added_in__gt=old, added_in__lte=new),
        entries.filter(removed_in__gt=old, removed_in__lte=new),
    ):
        packages.update(part.exclude(binary=None).values_list("binary__package", flat=True))
        sources.update(part.filter(binary=None).values_list("source__name", flat=True))
    return Changed(frozenset(packages), frozenset(sources))


_BINARY = (
    "binary__component",
    "binary__is_udeb",
    "binary__is_debug",
    "binary__architecture",
    "binary__package",
    "binary__version",
    "binary__paragraph",
)


def _binaries(
    distribution: Distribution, number: int, packages: Collection[str] | None
) -> Iterator[BinaryText]:
    suite = distribution.suite
    fields = (*_BINARY, "binary__listing__paths") if suite.has_contents else _BINARY
    rows = entries_at(distribution, number).exclude(binary=None)
    for part in _parts(packages):
        found = rows
        if part is not None:  # these first, of which there are few
            found = rows.filter(binary__in=Binary.objects.filter(package__in=part))
        # Plain tuples: model instances would take most of the time in a large suite.
        values = found.order_by("binary__package").values_list(*fields)
        for component, is_udeb, is_debug, *rest, paragraph, listing in (
            row if suite.has_contents else (*row, None) for row in values.iterator(_ROWS_AT_ONCE)
        ):
            architecture, package, version = rest
            yield BinaryText(
                area(component, is_udeb=is_udeb, is_debug=is_debug and suite.separates_debug),
                Architecture(architecture),
                package,
                version,
                paragraph,
                bytes(listing or b""),
            )


def _sources(
    distribution: Distribution, number: int, names: Collection[str] | None
) -> Iterator[SourceText]:
    rows = entries_at(distribution, number).filter(binary=None).select_related("source")
    for part in _parts(names):
        found = rows
        if part is not None:
            found = rows.filter(source__in=Source.objects.filter(name__in=part))
        rows_ = found.exclude(source__paragraph="").order_by("source__name")
        for component, name, version, paragraph in rows_.values_list(
            "source__component", "source__name", "source__version", "source__paragraph"
        ).iterator(_ROWS_AT_ONCE):
            yield SourceText(Component(component), name, version, paragraph)


def _parts(names: Collection[str] | None) -> Iterable[list[str] | None]:
    """One None for all."""
    return [None] if names is None else in_parts(names)
