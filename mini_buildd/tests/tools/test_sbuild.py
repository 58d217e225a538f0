"""sbuild: the command and configuration as its own parsers take them, and what its end means."""

import re
import subprocess
from pathlib import Path

import pytest

from mini_buildd.tools import sbuild
from mini_buildd.wire.task import AptSource, BuildStatus, Task

_BUILD_PM = Path("/usr/share/perl5/Sbuild/Build.pm")
# What a package can be blamed for.
_OF_THE_PACKAGE = {
    "arch-check",
    "build",
    "check-architecture",
    "check-unpacked-version",
    "dpkg-buildpackage",
    "install-deps",
    "parse-changes",
    "source-only-changes",
    "unpack",
}


def _task(*sources: AptSource, builds_all: bool = True) -> Task:
    return Task(
        attempt="attempt",
        fence=1,
        source="hello",
        version="1.0",
        dsc="/somewhere/hello_1.0.dsc",
        codename="trixie",
        distribution="trixie-test-unstable",
        architecture="amd64",
        builds_any=True,
        builds_all=builds_all,
        backend="unshare",
        chroot="/chroots/trixie-amd64.tar.zst",
        apt_sources=sources,
    )


def _source(name: str, key: str = "key") -> AptSource:
    return AptSource(
        line=f"deb http://build.example/archive/test {name} main", pin=f"release n={name}", key=key
    )


def _perl(configuration: str, expression: str) -> str:
    """What *expression* is after Perl itself has read *configuration*."""
    script = f"our ($extra_repository_keys, $external_commands, $purge_build_deps);\n{expression}"
    told = subprocess.run(
        ["perl", "-e", f"{configuration.replace('1;', '', 1)}\n{script}"],
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout


def test_the_command_says_what_to_build_and_where() -> None:
    command = sbuild.command(_task(_source("a"), builds_all=False), Path("/results"))
    assert command[0] == "sbuild"
    assert command[-1] == "/somewhere/hello_1.0.dsc"
    for option in ("--arch-any", "--no-arch-all", "--arch=amd64", "--dist=trixie-test-unstable"):
        assert option in command
    assert "--extra-repository=deb http://build.example/archive/test a main" in command
    assert "--build-dir=/results" in command


@pytest.mark.parametrize("folder", ["/plain", "/it's", "/a\\b", "/$home @x", "/üñï"])
def test_perl_reads_the_keys_of_the_configuration_as_they_were_written(folder: str) -> None:
    configuration = sbuild.configuration(_task(_source("a"), _source("b", "other")), Path(folder))
    told = _perl(configuration, 'print join("\\n", @$extra_repository_keys);')
    assert told == f"{folder}/apt-key-0.asc\n{folder}/apt-key-1.asc"


def test_each_key_has_one_file() -> None:
    task = _task(_source("a"), _source("b"), _source("c", "other"))
    assert sbuild.key_files(task) == {"apt-key-0.asc": "key", "apt-key-1.asc": "other"}


def test_the_commands_of_the_configuration_pin_our_suites_above_the_base(tmp_path: Path) -> None:
    configuration = sbuild.configuration(_task(_source("one"), _source("two")), Path("/x"))
    expression = "print join(\"\\n\", @{$external_commands->{'chroot-setup-commands'}});"
    command = _perl(configuration, expression)
    preferences = tmp_path / "preferences"
    command = command.replace("/etc/apt/preferences.d/mini-buildd", str(preferences))
    subprocess.run(["sh", "-euc", command], check=True)
    assert preferences.read_text() == (
        "Package: *\nPin: release n=one\nPin-Priority: 900\n\n"
        "Package: *\nPin: release n=two\nPin-Priority: 900\n"
    )


def test_without_suites_of_ours_nothing_is_pinned() -> None:
    configuration = sbuild.configuration(_task(), Path("/x"))
    expression = "print scalar(@{$external_commands->{'chroot-setup-commands'}});"
    assert _perl(configuration, expression) == "0"


# --- endings ------------------------------------------------------------------------------


def _ending(exit_status: int, status: str, stage: str = "", log: str = "") -> sbuild.Ending:
    summary = {"Status": status, "Fail-Stage": stage} if status else {}
    return sbuild.read_ending(exit_status, summary, log, changes=True)


def test_success_demands_a_changes() -> None:
    summary = {"Status": "successful"}
    good = sbuild.read_ending(0, summary, "", changes=True)
    assert good == sbuild.Ending(BuildStatus.SUCCEEDED, "", "")
    without = sbuild.read_ending(0, summary, "", changes=False)
    assert (without.status, without.reason) == (
        BuildStatus.INFRASTRUCTURE,
        "sbuild left no .changes",
    )


def test_a_skipped_build_is_no_success() -> None:
    assert _ending(0, "skipped", "arch-check").status is BuildStatus.FAILED


@pytest.mark.parametrize("exit_status", [0, 1, -9, -15, 255])
def test_without_a_summary_the_machine_is_to_blame(exit_status: int) -> None:
    assert _ending(exit_status, "").status is BuildStatus.INFRASTRUCTURE


def test_every_stage_of_the_installed_sbuild_is_judged() -> None:
    stages = set(re.findall(r"failstage\s*=>\s*['\"]([^'\"]+)", _BUILD_PM.read_text()))
    assert len(stages) > 20
    for stage in stages:
        expected = BuildStatus.FAILED if stage in _OF_THE_PACKAGE else BuildStatus.INFRASTRUCTURE
        assert (stage, _ending(1, "failed", stage).status) == (stage, expected)


def test_a_failed_build_is_the_packages_own() -> None:
    found = _ending(2, "attempted", "build")
    assert (found.status, found.stage, found.reason) == (
        BuildStatus.FAILED,
        "build",
        "failed in build",
    )


_UNMET = """The following packages have unmet dependencies:
 sbuild-build-depends-main-dummy : Depends: libnone-dev (>= 2) but it is not installable
                                   Depends: other but it is gone
E: Unable to correct problems, you have held broken packages.
"""


@pytest.mark.parametrize(
    ("log", "status", "reason"),
    [
        (
            _UNMET,
            BuildStatus.DEP_WAIT,
            "Depends: libnone-dev (>= 2) but it is not installable; Depends: other but it is gone",
        ),
        (
            "The following packages have unmet dependencies:\n something apt says elsewhere\n",
            BuildStatus.DEP_WAIT,
            "build dependencies cannot be satisfied",
        ),
        (
            "E: Failed to fetch http://x/y.deb  404  Not Found\nE: Unable to fetch some archives\n",
            BuildStatus.INFRASTRUCTURE,
            "a package could not be downloaded",
        ),
        (
            "dpkg: error processing package x (--configure):\n",
            BuildStatus.FAILED,
            "installing the build dependencies failed",
        ),
    ],
)
def test_dependencies_that_nobody_has_are_waited_for(
    log: str, status: BuildStatus, reason: str
) -> None:
    found = _ending(3, "given-back", "install-deps", log)
    assert (found.status, found.stage, found.reason) == (status, "install-deps", reason)
