"""sbuild: the command and configuration of one build, and what its end means.

sbuild's exit status mixes too much (0 for successful or skipped, 3 for infrastructure or
dependencies), so the summary at the end of its log is read, and success demands a .changes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.tools.sbuild_options import (
    architecture_arguments,
    binnmu_arguments,
    build_options,
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
_UNMET_LINE = re.compile(r"^\s*(?:sbuild-build-depends-\S+ : |\s+)?((?:Pre-)?Depends: .+ but .+)$")
_FETCH_FAULT = re.compile(r"^E: (?:Failed to fetch|Unable to fetch|Some index files failed)")


def command(task: Task, results: Path) -> list[str]:
    """The sbuild command of *task*; it leaves what it makes in *results*."""
    return [
        "sbuild",
        f"--dist={task.distribution}",
        *architecture_arguments(task),
        *profile_arguments(task),
        *binnmu_arguments(task),
        f"--chroot-mode={task.backend}",
        f"--chroot={task.chroot}",
        f"--build-dir={results}",
        "--no-source",
        "--no-run-lintian",
        "--no-run-piuparts",
        "--no-run-autopkgtest",
        "--verbose",
        "--nolog",
        *(f"--extra-repository={source.line}" for source in task.apt_sources),
        task.dsc,
    ]


def configuration(task: Task, folder: Path) -> str:
    """The sbuildrc of *task*: pins its own suites above the base, trusts their keys."""
    keys = [str(folder / name) for name in key_files(task)]
    pins = "\\n\\n".join(
        f"Package: *\\nPin: {source.pin}\\nPin-Priority: 900" for source in task.apt_sources
    )
    commands = []
    if pins:
        commands.append(f"printf '{pins}\\n' > /etc/apt/preferences.d/mini-buildd")
    quoted = ", ".join(_perl(command) for command in commands)
    return "\n".join(
        [
            "# Made for one build; see sbuild.conf(5).",
            f"$extra_repository_keys = [{', '.join(_perl(key) for key in keys)}];",
            f"$external_commands->{{'chroot-setup-commands'}} = [{quoted}];",
            "$purge_build_deps = 'never';",
            *_environment(task),
            "1;",
            "",
        ]
    )


def _environment(task: Task) -> list[str]:
    """What the build sees in its environment, whatever ours is."""
    options = build_options(task)
    said = f"$ENV{{'DEB_BUILD_OPTIONS'}} = {_perl(options)};"
    return [
        said if options else "delete $ENV{'DEB_BUILD_OPTIONS'};",
        "delete $ENV{'DEB_BUILD_PROFILES'};",
    ]


def key_files(task: Task) -> Mapping[str, str]:
    """The key files that the configuration names, by name, each key once."""
    keys = dict.fromkeys(source.key for source in task.apt_sources)
    return {f"apt-key-{number}.asc": key for number, key in enumerate(keys)}


def _perl(text: str) -> str:
    """*text* as a single-quoted Perl string."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run of sbuild ended: its status, the stage where it failed, and why in a sentence."""

    status: BuildStatus
    stage: str
    reason: str


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
        return Ending(BuildStatus.DEP_WAIT, "install-deps", reason)
    return Ending(BuildStatus.FAILED, "install-deps", "installing the build dependencies failed")
