"""What a source package is built for, and how: by its distribution, its suite and its upload."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from mini_buildd.db.models import Distribution, Suite
from mini_buildd.deb.build_options import BuildOption, BuildProfile, join_options, join_profiles
from mini_buildd.deb.names import Architecture, ArchitectureWildcard, MalformedName
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.matrix import PlannedJob, Target, plan_jobs
from mini_buildd.domain.problem import OptionMalformed
from mini_buildd.domain.upload_options import UploadOptions, read_options

_ROOM = 200  # of a job's profiles, and of its options

_Word = TypeVar("_Word", BuildProfile, BuildOption)


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """The jobs, and what all of them are built with; *profiles* and *options* as rows have them."""

    jobs: tuple[PlannedJob, ...]
    profiles: str
    options: str
    priority: int


def plan_of(
    distribution: Distribution, wildcards: Iterable[ArchitectureWildcard], changes: str
) -> BuildPlan:
    """The plan for a source with the *wildcards*, whose .changes says *changes* is new.

    Raises OptionUnknown, OptionMalformed, NothingToBuild.
    """
    asked = read_options(changes, distribution.name)
    targets = targets_of(distribution)
    _check_architectures(asked, targets)
    profiles, options = _built_with(distribution.suite, asked)
    wanted = [target for target in targets if asked.wants(target.architecture)]
    return BuildPlan(plan_jobs(wildcards, wanted), profiles, options, asked.priority)


def named_distribution(text: str) -> Distribution | None:
    """The distribution that somebody has called *text*; None when there is no such one."""
    try:
        name = str(DistributionName.parse(text))
    except MalformedName:
        return None
    rows = Distribution.objects.select_related("repository", "base", "suite")
    return rows.filter(name=name).first()


def targets_of(distribution: Distribution) -> tuple[Target, ...]:
    """What the distribution is built for, as the build matrix wants it."""
    return tuple(
        Target(
            Architecture(row.architecture),
            row.builds_all,
            row.is_optional,
            Architecture(row.cross_from) if row.cross_from else None,
        )
        for row in distribution.architectures.all()
    )


def _check_architectures(asked: UploadOptions, targets: Iterable[Target]) -> None:
    known = [target.architecture for target in targets]
    for name in (*asked.only_architectures, *asked.ignored_architectures):
        if name not in known:
            raise OptionMalformed(
                expected=f"architectures of the distribution: {', '.join(known) or 'it has none'}",
                found=name,
                hint="Correct only-architectures or ignore-architectures in debian/changelog.",
            )


def _built_with(suite: Suite, asked: UploadOptions) -> tuple[str, str]:
    """Profiles and options; the upload's own option goes before the suite's of the same name."""
    profiles = join_profiles(tuple(_known(suite.build_profiles, BuildProfile)), asked.profiles)
    options = join_options(tuple(_known(suite.build_options, BuildOption)), asked.build_options)
    told = " ".join(profiles), " ".join(options)
    for text in told:
        if len(text) > _ROOM:
            raise OptionMalformed(
                expected=f"profiles and options of {_ROOM} characters, with those of the suite",
                found=text,
                hint="Ask for fewer build profiles or build options in debian/changelog.",
            )
    return told


def _known(text: str, kind: Callable[[str], _Word]) -> Iterator[_Word]:
    """The words of a suite's setting that are well-formed; its form lets in no others."""
    for word in text.split():
        try:
            yield kind(word)
        except MalformedName:
            continue
