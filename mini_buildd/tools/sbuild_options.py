"""What sbuild is told of architectures, profiles, options and binary rebuilds; as of 0.85 to 0.91.

By its own defaults sbuild cross-compiles with the profiles cross and nocheck and without tests, but
only as long as nobody gives it others. So all of it is given here.
"""

from mini_buildd.wire.task import Task

_CROSS = ("cross", "nocheck")
# Whoever uses these profiles sets the options too (the BuildProfileSpec).
_OPTION_TOO = ("nocheck", "nodoc")
_NOBODY = "mini-buildd <mini-buildd@localhost.invalid>"  # sbuild wants somebody for the changelog


def architecture_arguments(task: Task) -> list[str]:
    """For which architecture, on which one, and what of it."""
    if is_cross(task):
        where = [f"--host={task.architecture}", f"--build={task.build_architecture}"]
    else:
        where = [f"--arch={task.architecture}"]  # both of them
    return [
        *where,
        "--arch-any" if task.builds_any else "--no-arch-any",
        "--arch-all" if task.builds_all else "--no-arch-all",
    ]


def is_cross(task: Task) -> bool:
    """Whether it is cross-compiled."""
    return task.build_architecture not in ("", task.architecture)


def profiles_of(task: Task) -> tuple[str, ...]:
    """Its build profiles, with those of a cross build."""
    return tuple(dict.fromkeys([*task.profiles, *(_CROSS if is_cross(task) else ())]))


def profile_arguments(task: Task) -> list[str]:
    """The same for sbuild; nothing when there are none."""
    profiles = profiles_of(task)
    return [f"--profiles={','.join(profiles)}"] if profiles else []


def build_options(task: Task) -> str:
    """The value of DEB_BUILD_OPTIONS; empty when nothing is to be said."""
    options = [*task.options, *(each for each in _OPTION_TOO if each in profiles_of(task))]
    # dpkg-buildpackage counts the machine's cores, not those that it may use.
    if task.limits.cores and not any(option.startswith("parallel=") for option in options):
        options.append(f"parallel={task.limits.cores}")
    return " ".join(dict.fromkeys(options))


def binnmu_arguments(task: Task) -> list[str]:
    """How its binary packages are built again as +bN; nothing for a build of a new source."""
    if not task.binnmu:
        return []
    reason = " ".join(task.binnmu_reason.split()) or "Rebuild."
    return [
        f"--binNMU={task.binnmu}",
        f"--make-binNMU={reason}",
        f"--maintainer={task.maintainer or _NOBODY}",
    ]
