"""sbuild's options for architectures, profiles and binary rebuilds, and whether it knows them."""

import subprocess
from typing import Any

import msgspec
import pytest

from mini_buildd.tools.sbuild_options import (
    architecture_arguments,
    binnmu_arguments,
    build_options,
    profile_arguments,
)
from mini_buildd.wire.task import Limits, Task


def _task(**values: Any) -> Task:
    plain = Task(
        attempt="a" * 32,
        fence=1,
        source="hello",
        version="1.0",
        dsc="/pool/hello_1.0.dsc",
        codename="trixie",
        distribution="trixie-test-unstable",
        architecture="arm64",
        builds_any=True,
        builds_all=False,
        backend="unshare",
        chroot="/chroots/trixie-amd64.tar.zst",
        apt_sources=(),
    )
    return msgspec.structs.replace(plain, **values)


def test_a_native_build_is_for_where_it_runs() -> None:
    assert architecture_arguments(_task()) == ["--arch=arm64", "--arch-any", "--no-arch-all"]
    for_all = _task(builds_any=False, builds_all=True, build_architecture="arm64")
    assert architecture_arguments(for_all) == ["--arch=arm64", "--no-arch-any", "--arch-all"]


def test_a_cross_build_says_both_and_never_one_for_both() -> None:
    arguments = architecture_arguments(_task(build_architecture="amd64"))
    assert arguments[:2] == ["--host=arm64", "--build=amd64"]


@pytest.mark.parametrize(
    ("values", "arguments", "options"),
    [
        ({}, [], ""),
        ({"profiles": ("nodoc",)}, ["--profiles=nodoc"], "nodoc"),
        ({"options": ("parallel=2",)}, [], "parallel=2"),
        ({"options": ("parallel=2",), "limits": Limits(cores=1)}, [], "parallel=2"),
        ({"options": ("terse",), "limits": Limits(cores=1)}, [], "terse parallel=1"),
        ({"build_architecture": "amd64"}, ["--profiles=cross,nocheck"], "nocheck"),
        (
            {
                "build_architecture": "amd64",
                "profiles": ("nocheck", "pkg.hello.x"),
                "options": ("terse", "nocheck"),
            },
            ["--profiles=nocheck,pkg.hello.x,cross"],
            "terse nocheck",
        ),
    ],
)
def test_profiles_and_options_are_all_given(
    values: dict[str, Any], arguments: list[str], options: str
) -> None:
    assert profile_arguments(_task(**values)) == arguments
    assert build_options(_task(**values)) == options


def test_a_rebuild_has_its_number_one_line_of_reason_and_a_maintainer() -> None:
    assert binnmu_arguments(_task()) == []
    arguments = binnmu_arguments(_task(binnmu=2, binnmu_reason="against\n libfoo2 "))
    assert arguments[:2] == ["--binNMU=2", "--make-binNMU=against libfoo2"]
    assert arguments[2].startswith("--maintainer=mini-buildd <")
    named = binnmu_arguments(_task(binnmu=1, maintainer="Me <me@x.example>"))
    assert named[1:] == ["--make-binNMU=Rebuild.", "--maintainer=Me <me@x.example>"]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"build_architecture": "amd64", "profiles": ("nodoc",)},
        {"binnmu": 1, "maintainer": "Me <me@x.example>"},
    ],
)
def test_sbuild_knows_these_options(values: dict[str, Any]) -> None:
    """With --version at the end it reads them all, and builds nothing."""
    task = _task(**values)
    arguments = [*architecture_arguments(task), *profile_arguments(task), *binnmu_arguments(task)]
    done = subprocess.run(
        ["sbuild", *arguments, "--version"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Unknown option" not in done.stderr
