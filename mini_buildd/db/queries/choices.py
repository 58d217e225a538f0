"""What lists can be narrowed down to: the names of suites, architectures and builders there are."""

from mini_buildd.db.models import Builder, Distribution, DistributionArchitecture, Repository
from mini_buildd.db.visibility import visible


def distribution_names() -> tuple[str, ...]:
    """Of all suites that may be seen."""
    rows = visible(Distribution.objects.order_by("name"), "repository__name")
    return tuple(rows.values_list("name", flat=True))


def repository_names() -> tuple[str, ...]:
    """Of all repositories that may be seen."""
    rows = visible(Repository.objects.order_by("name"), "name")
    return tuple(rows.values_list("name", flat=True))


def architecture_names() -> tuple[str, ...]:
    """Of all that anything is built for."""
    rows = DistributionArchitecture.objects.order_by("architecture")
    return tuple(rows.values_list("architecture", flat=True).distinct())


def builder_names() -> tuple[str, ...]:
    """Of all that have ever told of themselves."""
    return tuple(Builder.objects.order_by("name").values_list("name", flat=True))
