"""sbuild: the command and configuration as its own parsers take them, and what its end means."""

import re
import subprocess
from pathlib import Path

import msgspec
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


# A file that Perl requires ends with something true.
_ENDING = "1;\n"


def _perl(configuration: str, expression: str) -> str:
    """What *expression* is after Perl itself has read *configuration*."""
    told = subprocess.run(
        ["perl", "-e", f"{configuration.removesuffix(_ENDING)}{expression}"],
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
    assert "--build-dir=/results" in command


def test_in_a_cell_it_neither_makes_a_session_nor_updates_lists(tmp_path: Path) -> None:
    command = sbuild.command(_task(_source("a")), Path("/results"), testbed=Path("/x/testbed"))
    assert "--chroot-mode=autopkgtest" in command
    assert "--autopkgtest-virt-server=/x/testbed" in command
    assert not [word for word in command if word.startswith("--chroot=")]
    configuration = sbuild.configuration(_task(_source("a")), tmp_path, in_cell=True)
    assert _perl(configuration, "print $apt_update, $apt_upgrade, $build_user") == "00sbuild"


def test_a_person_who_debugs_gets_a_shell() -> None:
    command = sbuild.command(_task(), Path("/results"), is_for_debugging=True)
    assert "--finished-build-commands=cd %SBUILD_PKGBUILD_DIR && %SBUILD_SHELL" in command
    assert "--build-deps-failed-commands=%SBUILD_SHELL" in command


def test_what_is_cross_compiled_names_both_architectures() -> None:
    task = msgspec.structs.replace(_task(), architecture="arm64", build_architecture="amd64")
    command = sbuild.command(task, Path("/results"))
    assert "--host=arm64" in command
    assert "--build=amd64" in command


@pytest.mark.parametrize("folder", ["/plain", "/it's", "/a\\b", "/$home @x", "/üñï"])
def test_perl_reads_the_path_as_it_was_written(folder: str) -> None:
    configuration = sbuild.configuration(_task(), Path(folder))
    assert _perl(configuration, "print $path").startswith(f"{folder}/bin:")


def test_the_setup_commands_add_our_suites_with_keys_and_pins(tmp_path: Path) -> None:
    task = _task(_source("one"), _source("two"), _source("three", "100% other"))
    configuration = sbuild.configuration(task, Path("/x"))
    expression = "print join(\"\\n\", @{$external_commands->{'chroot-setup-commands'}});"
    command = _perl(configuration, expression)
    assert "%" not in command.replace("%%", "")
    command = command.replace("%%", "%").replace("/etc/apt", str(tmp_path))
    for folder in ("sources.list.d", "preferences.d", "apt.conf.d"):
        (tmp_path / folder).mkdir()
    subprocess.run(["sh", "-euc", command], check=True)
    assert (tmp_path / "preferences.d/mini-buildd").read_text() == (
        "Package: *\nPin: release n=one\nPin-Priority: 1001\n\n"
        "Package: *\nPin: release n=two\nPin-Priority: 1001\n\n"
        "Package: *\nPin: release n=three\nPin-Priority: 1001\n"
    )
    asked = ["apt-config", "--config-file", str(tmp_path / "apt.conf.d/mini-buildd"), "dump"]
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    assert 'APT::Get::allow-downgrades "true";' in told
    keys = tmp_path / "keyrings"
    assert (keys / "mini-buildd-0.asc").read_text() == "key"
    assert (keys / "mini-buildd-1.asc").read_text() == "100% other"
    url = "http://build.example/archive/test"
    assert (tmp_path / "sources.list.d/mini-buildd.list").read_text() == (
        f"deb [signed-by={keys}/mini-buildd-0.asc] {url} one main\n"
        f"deb [signed-by={keys}/mini-buildd-0.asc] {url} two main\n"
        f"deb [signed-by={keys}/mini-buildd-1.asc] {url} three main\n"
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
 libfoo-dev : Depends: libfoo0 (= 1.0-1) but 1.0-2 is to be installed
E: Unable to correct problems, you have held broken packages.
"""


@pytest.mark.parametrize(
    ("log", "status", "reason"),
    [
        (
            _UNMET,
            BuildStatus.DEP_WAIT,
            (
                "Depends: libnone-dev (>= 2) but it is not installable; Depends: other but it is"
                " gone; Depends: libfoo0 (= 1.0-1) but 1.0-2 is to be installed"
            ),
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


def test_the_relations_that_are_unmet_are_told_by_themselves() -> None:
    found = _ending(3, "given-back", "install-deps", _UNMET)
    assert found.unmet == ("libnone-dev (>= 2)", "other", "libfoo0 (= 1.0-1)")
