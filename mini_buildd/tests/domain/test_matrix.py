"""Which jobs a source package needs."""

from dataclasses import replace

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


def test_what_is_for_all_is_built_where_nothing_else_of_the_source_is() -> None:
    armhf = Target(Architecture("armhf"), builds_all=False, is_optional=False)
    assert _plan("all armhf", _AMD64, armhf) == {"amd64": (False, True), "armhf": (True, False)}
    assert _plan("all armhf", _AMD64) == {"amd64": (False, True)}


def test_where_nobody_was_chosen_the_first_that_counts_builds_what_is_for_all() -> None:
    assert _plan("any all", _I386, _ARM64) == {"i386": (True, False), "arm64": (True, True)}
    (job,) = plan_jobs([ArchitectureWildcard("all")], [_I386])
    assert not job.is_optional, "without it the source is not whole"


def test_a_cross_compiled_architecture_says_where_and_never_builds_what_is_for_all() -> None:
    cross = replace(_ARM64, cross_from=Architecture("amd64"), builds_all=True)
    wildcards = [ArchitectureWildcard(word) for word in ("any", "all")]
    native, crossed = plan_jobs(wildcards, [replace(_AMD64, builds_all=False), cross])
    assert (native.builds_all, native.build_architecture) == (True, None)
    assert (crossed.builds_any, crossed.builds_all) == (True, False)
    assert crossed.build_architecture == "amd64"


def test_where_all_is_cross_compiled_what_is_for_all_has_a_native_job_of_its_own() -> None:
    cross = replace(_ARM64, cross_from=Architecture("amd64"))
    assert _plan("any all", cross) == {"arm64": (True, False), "amd64": (False, True)}
    assert _plan("all", cross) == {"amd64": (False, True)}
    assert _plan("any", cross) == {"arm64": (True, False)}


@pytest.mark.parametrize("architectures", ["s390x", "kfreebsd-any", "hurd-amd64"])
def test_a_source_that_fits_nothing_here_is_rejected_with_what_would(architectures: str) -> None:
    with pytest.raises(NothingToBuild) as caught:
        _plan(architectures, _ARM64, _I386)
    assert caught.value.expected == "one of arm64, i386"
    assert caught.value.found == f"Architecture: {architectures}"


def test_without_architectures_nothing_can_be_built() -> None:
    for architectures in ("any", "all"):
        with pytest.raises(NothingToBuild, match="one of none"):
            _plan(architectures)
