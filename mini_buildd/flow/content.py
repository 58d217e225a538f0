"""What a version of a suite holds, told from the rows."""

from django.db.models import Q, QuerySet

from mini_buildd.archive.plan import BinaryText, SourceText, SuiteContent
from mini_buildd.db.models import Binary, Distribution, Publication, Source
from mini_buildd.deb.names import Architecture, Component
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.flow.site import Site


def components_of(distribution: Distribution) -> tuple[Component, ...]:
    """The archive areas of a suite: main, those of its base, and those in use."""
    first = distribution.base.apt_sources.first()
    names = ["main", *(first.components.split() if first else ())]
    used = Source.objects.filter(entries__distribution=distribution, entries__removed_in=None)
    names += sorted(used.values_list("component", flat=True).distinct())
    in_binaries = Binary.objects.filter(source__in=used)
    names += sorted(in_binaries.values_list("component", flat=True).distinct())
    return tuple(Component(name) for name in dict.fromkeys(names))


def sources_in(publication: Publication) -> QuerySet[Source]:
    """The source packages of that version of its suite."""
    number = publication.number
    return Source.objects.filter(
        Q(entries__removed_in=None) | Q(entries__removed_in__gt=number),
        entries__distribution=publication.distribution,
        entries__added_in__lte=number,
    ).distinct()


def content_of(site: Site, publication: Publication) -> SuiteContent:
    """Everything that the indexes of *publication* say."""
    distribution = publication.distribution
    suite = distribution.suite
    sources = sources_in(publication)
    return SuiteContent(
        distribution=DistributionName.parse(distribution.name),
        number=publication.number,
        date=publication.decided_at,
        origin=site.settings.identity,
        description=suite.purpose or suite.name,
        components=components_of(distribution),
        architectures=tuple(
            Architecture(row.architecture) for row in distribution.architectures.all()
        ),
        not_automatic=suite.not_automatic,
        but_automatic_upgrades=suite.but_automatic_upgrades,
        binaries=tuple(
            BinaryText(
                Component(binary.component),
                Architecture(binary.architecture),
                binary.is_udeb,
                binary.package,
                binary.paragraph,
            )
            for binary in Binary.objects.filter(source__in=sources)
        ),
        sources=tuple(
            SourceText(Component(source.component), source.name, source.paragraph)
            for source in sources
        ),
    )
