"""What is done in a cell before sbuild comes to it, as scripts for its shell.

The package lists of the base distribution are in the base already; only those of the instance's own
suites are fetched, so this takes a fraction of a second.
"""

import shlex
from pathlib import Path, PurePosixPath

from mini_buildd.tools.cell import BUILD_UID, BUILD_USER, Bind
from mini_buildd.tools.own_suites import LIST, REMOVE, add_script
from mini_buildd.tools.sbuild_options import is_cross, profiles_of
from mini_buildd.wire.task import Task

_SHARED = "/run/mini-buildd"
_SOURCE = f"{_SHARED}/source"
_ARCHIVE = f"{_SHARED}/archive"
_BASE_STATUS = f"{_SHARED}/base"
_CCACHE = "/var/cache/ccache"

_HEAD = "set -e\nexport DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8"

# Recommends as sbuild's own resolver has it; and hashes are those that nobody can forge.
_APT = (
    "apt-get --yes -o APT::Install-Recommends=false -o Acquire::ForceHash=SHA256"
    " -o APT::Update::Error-Mode=any -o Acquire::Retries=2"
)
_ONLY_OWN = (
    f"-o Dir::Etc::SourceList={LIST} -o Dir::Etc::SourceParts=/dev/null -o APT::Get::List-Cleanup=0"
)

# sbuild looks at some files as whoever has called it, so that name has to be known in there.
_USERS = """\
grep -q '^{user}:' /etc/group || echo '{user}:x:{uid}:' >> /etc/group
for name in {names}; do
  grep -q "^$name:" /etc/passwd ||
    echo "$name:x:{uid}:{uid}:builds packages:/sbuild-nonexistent:/bin/sh" >> /etc/passwd
done"""

# Which suites a build may use is said to each anew; their packages may be shared.
_TIDY = f"""\
apt-get clean
rm -rf /var/cache/apt/*.bin /tmp/* /var/tmp/* /var/log/apt/* /var/log/dpkg.log
{REMOVE}
rm -rf /var/lib/apt/lists/*{_ARCHIVE.replace("/", "_")}_*"""


def binds(task: Task) -> tuple[Bind, ...]:
    """What of the machine a cell for *task* is shown."""
    shown = [Bind(Path(task.dsc).parent, _SOURCE)]
    shown.append(Bind(Path(task.base) / "root/var/lib/dpkg", _BASE_STATUS))
    shown += [Bind(Path(tree), place) for tree, place in _trees(task).items()]
    if task.ccache:
        shown.append(Bind(Path(task.ccache), _CCACHE, is_writable=True))
    return tuple(shown)


def prepare_script(task: Task, caller: str, *, with_setup: bool) -> str:
    """Users, the instance's own suites with pins and keys, and *with_setup* the suite's setup.

    *caller* is the name of the user that calls sbuild.
    """
    parts = [_HEAD, _USERS.format(user=BUILD_USER, names=f"{BUILD_USER} {caller}", uid=BUILD_UID)]
    parts.append(add_script(task.apt_sources, _trees(task)))
    if is_cross(task):
        parts.append(f"dpkg --add-architecture {task.architecture}\n{_APT} -qq update")
    else:
        # A base without lists is one that somebody else has made.
        parts.append(f"ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || {_APT} -qq update")
        if task.apt_sources:
            parts.append(f"{_APT} -qq {_ONLY_OWN} update")
    if task.setup and with_setup:
        parts.append(f"sh -e <<'END OF SETUP'\n{task.setup}\nEND OF SETUP")
    return "\n".join([*parts, ""])


def _trees(task: Task) -> dict[str, str]:
    """The published trees that lie on this machine, and where a cell sees them."""
    trees = dict.fromkeys(source.tree for source in task.apt_sources if source.tree)
    return {tree: f"{_ARCHIVE}/{number}" for number, tree in enumerate(trees)}


def resolve_script(task: Task) -> str:
    """Prints what apt would fetch for the build dependencies, with hashes; 100: it cannot.

    It is asked of the base alone, whatever is installed where it runs.
    """
    status = f"-o Dir::State::status={_BASE_STATUS}/status"
    lines = [f"{_APT} -qq {status} --print-uris {words}" for words in _installations(task)]
    return "\n".join([_HEAD, *lines, ""])


def fetch_script(task: Task) -> str:
    """Downloads the build dependencies; when the lists are too old for the mirror, by new ones."""
    fetch = [f"{_APT} -qq --download-only {words}" for words in _installations(task)]
    lines = [f"{command} || {{ {_APT} -qq update; {command}; }}" for command in fetch]
    return "\n".join([_HEAD, *lines, ""])


def install_script(task: Task) -> str:
    """Installs what was downloaded, and leaves nothing of where it came from."""
    lines = [f"{_APT} -qq {words}" for words in _installations(task)]
    return "\n".join([_HEAD, *lines, _TIDY, ""])


def _installations(task: Task) -> list[str]:
    words = ["build-dep"]
    if task.builds_any != task.builds_all:
        words.append("--arch-only" if task.builds_any else "--indep-only")
    if profiles := profiles_of(task):
        words.append(f"--build-profiles={shlex.quote(','.join(profiles))}")
    if is_cross(task):
        words.append(f"--host-architecture={task.architecture}")
    words.append(shlex.quote(f"{_SOURCE}/{PurePosixPath(task.dsc).name}"))
    # A cross compiler is to sbuild what build-essential is natively.
    cross = f"install crossbuild-essential-{task.architecture}"
    return [" ".join(words), *([cross] if is_cross(task) else [])]
