"""The build matrix: which jobs a source package needs in a distribution.

What is for all architectures is built once. The distribution says where; where that is
cross-compiled, or left out by the upload, another one does it: the first native one that counts,
else the first native one, else the machine that cross-compiles.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mini_buildd.deb.architectures import covers
from mini_buildd.deb.names import Architecture, ArchitectureWildcard
from mini_buildd.domain.problem import NothingToBuild


@dataclass(frozen=True, slots=True)
class Target:
    """An architecture of a distribution; one of them also builds what is for all.

    *cross_from* is the architecture it is cross-compiled on; None where it is built natively.
    """

    architecture: Architecture
    builds_all: bool
    is_optional: bool
    cross_from: Architecture | None = None


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """One run of sbuild: the packages of this architecture, those for all, or both.

    *build_architecture* is where it runs when that is another one.
    """

    architecture: Architecture
    builds_any: bool
    builds_all: bool
    is_optional: bool
    build_architecture: Architecture | None = None


def plan_jobs(
    wildcards: Iterable[ArchitectureWildcard], targets: Iterable[Target]
) -> tuple[PlannedJob, ...]:
    """The jobs for a source whose .dsc has the *wildcards*; raises NothingToBuild when none."""
    wildcards, targets = tuple(wildcards), tuple(targets)
    builds_all = _where_all_is_built(targets) if "all" in wildcards else None
    jobs = []
    for target in targets:
        is_any = any(covers(wildcard, target.architecture) for wildcard in wildcards)
        is_all = target.architecture == builds_all and target.cross_from is None
        if is_any or is_all:
            optional = target.is_optional and not is_all
            jobs.append(
                PlannedJob(target.architecture, is_any, is_all, optional, target.cross_from)
            )
    if builds_all is not None and not any(job.builds_all for job in jobs):
        # Every target is cross-compiled. What is for all is not, so it has a job of its own.
        jobs.append(PlannedJob(builds_all, builds_any=False, builds_all=True, is_optional=False))
    if not jobs:
        raise NothingToBuild(
            expected=f"one of {', '.join(target.architecture for target in targets) or 'none'}",
            found=f"Architecture: {' '.join(wildcards)}",
            hint="Add the architecture to the distribution, or to the source's debian/control.",
        )
    return tuple(jobs)


def _where_all_is_built(targets: Sequence[Target]) -> Architecture | None:
    native = [target for target in targets if target.cross_from is None]
    by_rank = sorted(native, key=lambda target: (not target.builds_all, target.is_optional))
    if by_rank:
        return by_rank[0].architecture
    return targets[0].cross_from if targets else None
