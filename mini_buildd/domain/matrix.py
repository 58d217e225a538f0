"""The build matrix: which jobs a source package needs in a distribution."""

from collections.abc import Iterable
from dataclasses import dataclass

from mini_buildd.deb.architectures import covers
from mini_buildd.deb.names import Architecture, ArchitectureWildcard
from mini_buildd.domain.problem import NothingToBuild


@dataclass(frozen=True, slots=True)
class Target:
    """An architecture of a distribution; one of them also builds what is for all."""

    architecture: Architecture
    builds_all: bool
    is_optional: bool


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """One run of sbuild: the packages of this architecture, those for all, or both."""

    architecture: Architecture
    builds_any: bool
    builds_all: bool
    is_optional: bool


def plan_jobs(
    wildcards: Iterable[ArchitectureWildcard], targets: Iterable[Target]
) -> tuple[PlannedJob, ...]:
    """The jobs for a source whose .dsc has the *wildcards*; raises NothingToBuild when none."""
    wildcards, targets = tuple(wildcards), tuple(targets)
    jobs = []
    for target in targets:
        builds_any = any(covers(wildcard, target.architecture) for wildcard in wildcards)
        builds_all = target.builds_all and "all" in wildcards
        if builds_any or builds_all:
            optional = target.is_optional and not builds_all
            jobs.append(PlannedJob(target.architecture, builds_any, builds_all, optional))
    if not jobs:
        raise NothingToBuild(
            expected=f"one of {', '.join(target.architecture for target in targets) or 'none'}",
            found=f"Architecture: {' '.join(wildcards)}",
            hint="Add the architecture to the distribution, or to the source's debian/control.",
        )
    return tuple(jobs)
