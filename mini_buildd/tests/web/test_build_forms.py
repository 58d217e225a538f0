"""Where and how packages are built: what an administrator may write there."""

import pytest
from django.forms import modelform_factory

from mini_buildd.db.models import DistributionArchitecture, Suite
from mini_buildd.web.build_forms import ArchitectureForm, SuiteForm

_Suite = modelform_factory(Suite, SuiteForm, fields=["build_profiles", "build_options"])
_Architecture = modelform_factory(
    DistributionArchitecture, ArchitectureForm, fields=["architecture", "builds_all", "cross_from"]
)


@pytest.mark.parametrize(
    ("profiles", "options", "wrong"),
    [
        ("", "", []),
        (" nocheck  pkg.hello.gui ", "parallel=2 nocheck", []),
        ("nocheck,nodoc", "", ["build_profiles"]),
        ("nocheck", "parallel=$(id)", ["build_options"]),
    ],
)
def test_profiles_and_options_of_a_suite_are_words_of_their_kind(
    profiles: str, options: str, wrong: list[str]
) -> None:
    form = _Suite({"build_profiles": profiles, "build_options": options})
    assert sorted(form.errors) == wrong
    if not wrong:
        assert form.cleaned_data["build_profiles"] == " ".join(profiles.split())


@pytest.mark.parametrize(
    ("architecture", "builds_all", "cross_from", "wrong"),
    [
        ("arm64", "", "amd64", []),
        ("amd64", "on", "", []),
        ("arm64", "on", "amd64", ["cross_from"]),
        ("arm64", "", "arm64", ["cross_from"]),
        ("arm64", "", "AMD64", ["cross_from"]),
        ("all", "", "", ["architecture"]),
        ("amd64 i386", "", "", ["architecture"]),
    ],
)
def test_what_is_for_all_is_built_natively(
    architecture: str, builds_all: str, cross_from: str, wrong: list[str]
) -> None:
    form = _Architecture(
        {"architecture": architecture, "builds_all": builds_all, "cross_from": cross_from}
    )
    assert sorted(form.errors) == wrong
