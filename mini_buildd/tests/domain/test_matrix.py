"""Which jobs a source package needs."""

import pytest

from mini_buildd.deb.names import Architecture, ArchitectureWildcard
from mini_buildd.domain.matrix import PlannedJob, Target, plan_jobs
from mini_buildd.domain.problem import NothingToBuild

_AMD64 = Target(Architecture("amd64"), builds_all=True, is_optional=False)
_ARM64 = Target(Architecture("arm64"), builds_all=False, is_optional=False)
_I386 = Target(Architecture("i386"), builds_all=False, is_optional=True)


def _plan(architectures: str, *targets: Target) -> dict[str, tuple[bool, bool]]:
    jobs = plan_jobs([ArchitectureWildcard(word) for word in architectures.split()], targets)
    return {job.architecture: (job.builds_any, job.builds_all) for job in jobs}


def test_what_is_for_any_is_built_everywhere_and_what_is_for_all_once() -> None:
    assert _plan("any all", _AMD64, _ARM64) == {"amd64": (True, True), "arm64": (True, False)}
    assert _plan("any", _AMD64, _ARM64) == {"amd64": (True, False), "arm64": (True, False)}
    assert _plan("all", _AMD64, _ARM64) == {"amd64": (False, True)}


def test_wildcards_and_lists_choose_architectures() -> None:
    assert _plan("any-arm64 i386", _AMD64, _ARM64, _I386) == {
        "arm64": (True, False),
        "i386": (True, False),
    }
    assert _plan("linux-any", _AMD64) == {"amd64": (True, False)}


def test_a_job_that_builds_what_is_for_all_is_never_optional() -> None:
    target = Target(Architecture("i386"), builds_all=True, is_optional=True)
    assert plan_jobs([ArchitectureWildcard("any")], [target]) == (
        PlannedJob(Architecture("i386"), builds_any=True, builds_all=False, is_optional=True),
    )
    (job,) = plan_jobs([ArchitectureWildcard("any"), ArchitectureWildcard("all")], [target])
    assert not job.is_optional


@pytest.mark.parametrize("architectures", ["s390x", "kfreebsd-any", "all"])
def test_a_source_that_fits_nothing_here_is_rejected_with_what_would(architectures: str) -> None:
    with pytest.raises(NothingToBuild) as caught:
        _plan(architectures, _ARM64, _I386)
    assert caught.value.expected == "one of arm64, i386"
    assert caught.value.found == f"Architecture: {architectures}"


def test_without_architectures_nothing_can_be_built() -> None:
    with pytest.raises(NothingToBuild, match="one of none"):
        _plan("any")
