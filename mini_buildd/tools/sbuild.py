"""sbuild: the command and configuration of one build, and what its end means.

sbuild's exit status mixes too much (0 for successful or skipped, 3 for infrastructure or
dependencies), so the summary at the end of its log is read, and success demands a .changes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.tools.cell import BUILD_USER
from mini_buildd.tools.own_suites import add_script
from mini_buildd.tools.sbuild_options import (
    architecture_arguments,
    binnmu_arguments,
    profile_arguments,
)
from mini_buildd.wire.task import BuildStatus, Task

# The stages in which the package itself can fail; in every other one it was the machine, the
# network, the archive, or somebody who stopped it. "install-deps" is looked into further.
_PACKAGE_STAGES = frozenset(
    {
        "",
        "arch-check",
        "build",
        "check-architecture",
        "check-unpacked-version",
        "dpkg-buildpackage",
        "parse-changes",
        "source-only-changes",
        "unpack",
    }
)
_UNMET = re.compile(
    r"unmet dependencies|Unsatisfiable dependencies|is not installable"
    r"|has no installation candidate"
    r"|but it is not going to be installed|Depends: .* but .*installable|Depends: .* but .*to be"
)
# The package that it is of stands before it, unless that is the same as in the line above.
_UNMET_LINE = re.compile(r"^\s*(?:\S+ : )?((?:Pre-)?Depends: .+ but .+)$")
_FETCH_FAULT = re.compile(r"^E: (?:Failed to fetch|Unable to fetch|Some index files failed)")


def command(
    task: Task, results: Path, *, testbed: Path | None = None, is_for_debugging: bool = False
) -> list[str]:
    """The sbuild command of *task*; it leaves what it makes in *results*.

    *testbed* is the script that speaks for the task's cell; without, sbuild makes a session by
    itself. For debugging, a person at the terminal gets a shell where the build has ended.
    """
    if testbed is not None:
        where = ["--chroot-mode=autopkgtest", f"--autopkgtest-virt-server={testbed}"]
    else:
        where = [f"--chroot-mode={task.backend}", f"--chroot={task.chroot}"]
    return [
        "sbuild",
        f"--dist={task.distribution}",
        *architecture_arguments(task),
        *profile_arguments(task),
        *binnmu_arguments(task),
        *where,
        f"--build-dir={results}",
        "--no-source",
        "--no-run-lintian",
        "--no-run-piuparts",
        "--no-run-autopkgtest",
        "--verbose",
        "--nolog",
        *(_SHELLS if is_for_debugging else ()),
        task.dsc,
    ]


# sbuild's own word for a shell in the build's environment (sbuild(1), "EXTERNAL COMMANDS"), once it
# has ended, well or not, or if it cannot begin.
_SHELLS = (
    "--finished-build-commands=cd %SBUILD_PKGBUILD_DIR && %SBUILD_SHELL",
    "--build-deps-failed-commands=%SBUILD_SHELL",
)


def configuration(task: Task, folder: Path, *, in_cell: bool = False) -> str:
    """The sbuildrc of *task*, whose files lie in *folder*.

    A cell is prepared before sbuild comes to it (tools/cell_setup.py). In a session of sbuild's
    own, that is done by its setup commands.
    """
    lines = [
        "# Made for one build; see sbuild.conf(5).",
        f"$build_user = {_perl(BUILD_USER)};",
        "$build_path = '/build/reproducible-path';",
        "$purge_build_deps = 'never';",
        "$resolve_alternatives = 1;",
        *(f"${switch} = 0;" for switch in _SWITCHED_OFF if in_cell),
    ]
    if not in_cell:
        lines += _session(task, folder)
    return "\n".join([*lines, "1;", ""])


# The lists of packages come with the base, which is made anew often enough.
_SWITCHED_OFF = ("apt_update", "apt_upgrade", "apt_distupgrade")


# What sbuild lets a build have as PATH.
_BUILD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games"


def _session(task: Task, folder: Path) -> list[str]:
    commands = [each for each in (add_script(task.apt_sources, {}), task.setup) if each]
    # sbuild expands words with a percent sign in them (sbuild(1), "EXTERNAL COMMANDS").
    quoted = ", ".join(_perl(command.replace("%", "%%")) for command in commands)
    return [
        # What stands for schroot is found by PATH, which sbuild would not let through.
        "use Dpkg::BuildInfo;",
        'my @kept = map {"^$_\\$"} Dpkg::BuildInfo::get_build_env_allowed();',
        "$environment_filter = ['^PATH$', @kept];",
        f"$path = {_perl(f'{folder}/bin:{_BUILD_PATH}')};",
        f"$external_commands->{{'chroot-setup-commands'}} = [{quoted}];",
    ]


def _perl(text: str) -> str:
    """*text* as a single-quoted Perl string."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run of sbuild ended: its status, the stage where it failed, and why in a sentence.

    *unmet* are the relations that dep-wait is for, as far as they could be told.
    """

    status: BuildStatus
    stage: str
    reason: str
    unmet: tuple[str, ...] = ()


def read_ending(exit_status: int, summary: Mapping[str, str], log: str, *, changes: bool) -> Ending:
    """Judge a run by its *exit_status*, its log's *summary* fields and the end of its *log*.

    *changes* tells whether it left a .changes.
    """
    status, stage = summary.get("Status", ""), summary.get("Fail-Stage", "")
    if exit_status == 0 and status == "successful" and changes:
        return Ending(BuildStatus.SUCCEEDED, "", "")
    if not status:
        return Ending(
            BuildStatus.INFRASTRUCTURE, stage, f"sbuild ended with {exit_status}, without a summary"
        )
    if stage == "install-deps":
        return _dependencies_failed(log)
    if stage not in _PACKAGE_STAGES:
        return Ending(BuildStatus.INFRASTRUCTURE, stage, f"sbuild failed in {stage}")
    odd = {
        "skipped": Ending(BuildStatus.FAILED, stage, "sbuild skipped it: no architecture fits"),
        "successful": Ending(BuildStatus.INFRASTRUCTURE, stage, "sbuild left no .changes"),
    }
    return odd.get(status) or Ending(BuildStatus.FAILED, stage, f"failed in {stage or 'build'}")


def _dependencies_failed(log: str) -> Ending:
    """What no solver can satisfy is dep-wait; what could not be fetched is infrastructure."""
    lines = log.splitlines()
    if any(_FETCH_FAULT.match(line) for line in lines):
        return Ending(
            BuildStatus.INFRASTRUCTURE, "install-deps", "a package could not be downloaded"
        )
    if _UNMET.search(log):
        unmet = dict.fromkeys(
            match[1].strip() for line in lines if (match := _UNMET_LINE.match(line))
        )
        reason = "; ".join(unmet) or "build dependencies cannot be satisfied"
        relations = tuple(dict.fromkeys(_relation(line) for line in unmet))
        return Ending(BuildStatus.DEP_WAIT, "install-deps", reason, relations)
    return Ending(BuildStatus.FAILED, "install-deps", "installing the build dependencies failed")


def _relation(line: str) -> str:
    """The relation in a line such as "Depends: libfoo-dev (>= 1.2) but it is not installable"."""
    return line.partition(":")[2].partition(" but ")[0].strip()
