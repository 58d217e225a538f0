"""Jobs: for which architectures, where, and with which profiles and options."""

import pytest

from mini_buildd.db import models
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene


@pytest.fixture
def three(bare: Scene) -> Scene:
    """An instance for amd64, i386 and arm64."""
    bare.set_up("amd64", "i386", "arm64")
    return bare


def targets(**values: object) -> None:
    """Let arm64 be so in every distribution."""
    models.DistributionArchitecture.objects.filter(architecture="arm64").update(**values)


def jobs(source: models.Source) -> dict[str, str]:
    """What each job builds: any, all, both."""
    return {
        job.architecture: " ".join(["any"] * job.builds_any + ["all"] * job.builds_all)
        for job in source.jobs.all()
    }


def test_what_is_for_all_is_built_once_and_each_architecture_has_a_job(three: Scene) -> None:
    source = three.accepted(SourcePackage(architecture="any all"))
    assert jobs(source) == {"amd64": "any all", "i386": "any", "arm64": "any"}


@pytest.mark.parametrize(
    ("architecture", "wanted"),
    [
        ("all", {"amd64": "all"}),
        ("any-amd64", {"amd64": "any"}),
        ("linux-any", {"amd64": "any", "i386": "any", "arm64": "any"}),
        ("arm64 all", {"amd64": "all", "arm64": "any"}),
        ("any-i386 hurd-any", {"i386": "any"}),
    ],
)
def test_wildcards_and_lists_choose_the_architectures(
    three: Scene, architecture: str, wanted: dict[str, str]
) -> None:
    assert jobs(three.accepted(SourcePackage(architecture=architecture))) == wanted


def test_a_cross_compiled_architecture_has_its_build_architecture(three: Scene) -> None:
    targets(cross_from="amd64")
    source = three.accepted(SourcePackage(architecture="any all"))
    crossed = {job.architecture: job.build_architecture for job in source.jobs.all()}
    assert crossed == {"amd64": "", "i386": "", "arm64": "amd64"}


def test_a_suite_says_how_its_packages_are_built(three: Scene) -> None:
    suite = three.distribution().suite
    suite.build_profiles, suite.build_options = "nodoc", "parallel=2 terse"
    suite.save()
    for job in three.accepted().jobs.all():
        assert (job.profiles, job.options, job.priority) == ("nodoc", "parallel=2 terse", 0)


def test_an_upload_adds_to_that_and_its_word_goes_before(three: Scene) -> None:
    suite = three.distribution().suite
    suite.build_profiles, suite.build_options = "nodoc", "parallel=2 terse"
    suite.save()
    options = (
        "build-profiles=nocheck nodoc",
        "build-options=parallel=8",
        "priority[trixie-test-unstable]=5",
        "only-architectures=amd64 arm64",
    )
    source = three.accepted(SourcePackage(options=options))
    assert jobs(source) == {"amd64": "any", "arm64": "any"}
    for job in source.jobs.all():
        assert job.profiles == "nodoc nocheck"
        assert job.options == "parallel=8 terse"
        assert job.priority == 5


def test_where_what_is_for_all_was_built_may_be_left_out(three: Scene) -> None:
    options = ("ignore-architectures=amd64",)
    source = three.accepted(SourcePackage(architecture="any all", options=options))
    assert jobs(source) == {"arm64": "any all", "i386": "any"}


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("ignore-architectures=amd64 i386 arm64", "nothing-to-build"),
        ("only-architectures=s390x", "option-malformed"),
        ("only-architectures[trixie-test-hotfix]=s390x", ""),
        ("build-profiles=No-Check", "option-malformed"),
        ("auto-ports=sid-test-unstable", "option-unknown"),
    ],
)
def test_an_upload_whose_options_cannot_be_followed_is_rejected_with_its_reason(
    three: Scene, option: str, code: str
) -> None:
    upload = three.take_in(SourcePackage(options=(option,)))
    assert upload.problem_code == code
    assert upload.state == ("rejected" if code else "accepted")
    if code:
        assert upload.expected
        assert upload.hint


def test_more_profiles_than_a_job_has_room_for_are_refused(three: Scene) -> None:
    suite = three.distribution().suite
    suite.build_profiles = " ".join(f"pkg.hello.p{number}" for number in range(13))
    suite.save()
    options = ("build-profiles=" + " ".join(f"pkg.hello.q{number}" for number in range(10)),)
    assert three.take_in(SourcePackage(options=options)).problem_code == "option-malformed"
