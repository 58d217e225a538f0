"""What lists can be narrowed down to: the names of repositories, suites, and what else there is."""

from mini_buildd.db.models import Builder, Distribution, DistributionArchitecture, Repository
from mini_buildd.db.visibility import visible


def repository_names() -> tuple[str, ...]:
    """Of all that may be seen."""
    rows = visible(Repository.objects.order_by("name"), "name")
    return tuple(rows.values_list("name", flat=True))


def suite_names(repository: str) -> tuple[str, ...]:
    """Of all suites that *repository* has for any base release."""
    rows = visible(Distribution.objects.filter(repository__name=repository), "repository__name")
    return tuple(rows.order_by("suite__name").values_list("suite__name", flat=True).distinct())


def distribution_names() -> tuple[str, ...]:
    """Of all suites that may be seen."""
    rows = visible(Distribution.objects.order_by("name"), "repository__name")
    return tuple(rows.values_list("name", flat=True))


def architecture_names() -> tuple[str, ...]:
    """Of all that anything is built for."""
    rows = DistributionArchitecture.objects.order_by("architecture")
    return tuple(rows.values_list("architecture", flat=True).distinct())


def builder_names() -> tuple[str, ...]:
    """Of all that have ever told of themselves."""
    return tuple(Builder.objects.order_by("name").values_list("name", flat=True))
