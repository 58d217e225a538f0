"""The lines by which anybody repeats a build on a Debian machine of their own, with plain sbuild.

They need the packages devscripts, mmdebstrap, uidmap and sbuild, and no root.
"""

import shlex
from pathlib import Path

from msgspec import structs

from mini_buildd.tools.own_suites import DOWNGRADES, pin
from mini_buildd.tools.sbuild_options import (
    architecture_arguments,
    binnmu_arguments,
    build_options,
    profile_arguments,
)
from mini_buildd.wire.task import Limits, Task

_KEY = "archive-key.asc"


def repeat_lines(task: Task, archive: Path, url: str) -> str:
    """What to type to repeat *task*, whose .dsc lies below *archive*, which is served at *url*."""
    dsc = Path(task.dsc).relative_to(archive)
    tarball = f"{task.codename}-{task.build_architecture or task.architecture}.tar"
    lines = [
        shlex.join(["dget", "--download-only", "--allow-unauthenticated", f"{url}/{dsc}"]),
        shlex.join(
            [
                *("mmdebstrap", "--variant=buildd"),
                f"--architecture={task.build_architecture or task.architecture}",
                *(task.codename, tarball),
            ]
        ),
    ]
    if task.apt_sources:
        lines.append(shlex.join(["wget", "-O", _KEY, f"{url}/{dsc.parts[0]}/{_KEY}"]))
    return "\n".join([*lines, _sbuild(task, shlex.quote(dsc.name), tarball)])


def _sbuild(task: Task, dsc: str, tarball: str) -> str:
    words = [
        *("sbuild", f"--dist={task.distribution}", "--chroot-mode=unshare"),
        *architecture_arguments(task),
        *profile_arguments(task),
        *binnmu_arguments(task),
    ]
    text = " ".join([shlex.join(words), f'--chroot="$PWD/{tarball}"', *_own_suites(task), dsc])
    options = build_options(structs.replace(task, limits=Limits()))  # those are this machine's
    return f"DEB_BUILD_OPTIONS={shlex.quote(options)} {text}" if options else text


def _own_suites(task: Task) -> list[str]:
    """The archive's own suites, above the base as in the build itself; and the suite's setup."""
    words = [f"--extra-repository={source.line}" for source in task.apt_sources]
    commands = []
    if words:
        words.append(f"--extra-repository-key={_KEY}")
        pins = "\\n\\n".join(pin(source).replace("\n", "\\n") for source in task.apt_sources)
        commands.append(
            f"printf '{pins}\\n' > /etc/apt/preferences.d/repeated"
            f" && echo '{DOWNGRADES}' > /etc/apt/apt.conf.d/repeated"
        )
    if task.setup:
        commands.append(task.setup.replace("%", "%%"))  # which sbuild would replace
    words += [f"--chroot-setup-commands={command}" for command in commands]
    return [shlex.quote(word) for word in words]
