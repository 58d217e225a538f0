"""What a machine must have for builds in user namespaces: rules on what was asked of it."""

from collections.abc import Mapping

from mini_buildd.domain.diagnosis import Diagnosis, Part, Subject

# Kernel settings that may forbid user namespaces: the value that does, and the one that does not.
FORBIDDING: Mapping[str, tuple[int, int]] = {
    "kernel.unprivileged_userns_clone": (0, 1),
    "user.max_user_namespaces": (0, 15000),
    "kernel.apparmor_restrict_unprivileged_userns": (1, 0),
}

# An overlay may be mounted in a user namespace, and a tmpfs keeps what overlays write into user.*.
OVERLAY_KERNEL, TMPFS_KERNEL = (5, 11), (6, 6)

_NAMESPACES = Subject(
    Part.USER, "user namespaces", "an ordinary user may make namespaces of their own"
)


def judge_user(name: str, uid: int) -> Diagnosis:
    """Builds are for nobody who may do everything."""
    subject = Subject(Part.USER, "user", "an ordinary user, who owns the instance")
    if uid == 0:
        return subject.lacks(
            "root",
            "sudo adduser --system --group --home /var/lib/mini-buildd mini-buildd"
            " && sudo -u mini-buildd mini-buildd --home /var/lib/mini-buildd doctor",
        )
    if not name:
        return subject.note(f"user {uid}, whom /etc/passwd does not know")
    return subject.ok(f"{name}, user {uid}")


def judge_namespaces(settings: Mapping[str, int | None], said: str) -> Diagnosis:
    """*said* is why a trial failed, empty when it did not; *settings* are those of FORBIDDING."""
    if not said:
        return _NAMESPACES.ok("one was made")
    for name, (forbids, allows) in FORBIDDING.items():
        if settings.get(name) == forbids:
            return _NAMESPACES.lacks(f"{name} = {forbids}: {said}", _sysctl(name, allows))
    return _NAMESPACES.lacks(
        f"{said} (a plain chroot, or a container that forbids it? then do this outside of it)"
    )


def _sysctl(name: str, value: int) -> str:
    """For now and for later boots."""
    return (
        f"sudo sysctl -w {name}={value}"
        f" && echo {name}={value} | sudo tee /etc/sysctl.d/60-mini-buildd.conf"
    )


def judge_subids(
    name: str, *, has_range: bool, free_uid: int, free_gid: int, count: int
) -> Diagnosis:
    """*free_uid* and *free_gid* are the first ids that nobody has."""
    subject = Subject(
        Part.USER, "subordinate ids", f"{count} in a row, in /etc/subuid and in /etc/subgid"
    )
    if has_range:
        return subject.ok(f"{name} has them")
    uids, gids = (f"{first}-{first + count - 1}" for first in (free_uid, free_gid))
    return subject.lacks(
        f"none, or fewer, for {name}",
        f"sudo usermod --add-subuids {uids} --add-subgids {gids} {name}",
    )


def judge_privilege(program: str, path: str, *, is_privileged: bool, is_nosuid: bool) -> Diagnosis:
    """Newuidmap and newgidmap give a namespace its ids, for which they need privileges."""
    subject = Subject(Part.USER, program, "installed, and setuid root")
    if not path:
        return subject.lacks("not installed", "sudo apt install uidmap")
    if is_nosuid:
        return subject.lacks(f"{path} is on a file system mounted nosuid")
    if not is_privileged:
        return subject.lacks(
            f"{path} is not setuid", f"sudo chown root:root {path} && sudo chmod u+s {path}"
        )
    return subject.ok(path)


def judge_trial(name: str, expected: str, said: str, mend: str = "") -> Diagnosis:
    """Something that was really tried; *said* is why it failed, empty when it did not."""
    subject = Subject(Part.USER, name, expected)
    return subject.lacks(said, mend) if said else subject.ok("tried, works")


def judge_overlay(said: str, kernel: tuple[int, int], *, is_needed: bool) -> Diagnosis:
    """An overlay in a user namespace, on the disk of the instance."""
    subject = Subject(Part.USER, "overlay on disk", "builds share one unpacked base, on the disk")
    if not said:
        return subject.ok("tried, works")
    mend = "sudo modprobe overlay"
    if kernel < OVERLAY_KERNEL:
        said = f"{said} (kernel {_dotted(kernel)} is earlier than {_dotted(OVERLAY_KERNEL)})"
        mend = "sudo apt install linux-image-amd64 && sudo reboot  # a later kernel"
    return subject.lacks(said, mend) if is_needed else subject.note(said, mend)


def judge_memory_overlay(said: str, kernel: tuple[int, int]) -> Diagnosis:
    """The same in memory: without, builds work on the disk."""
    subject = Subject(Part.USER, "overlay in memory", "builds may work in memory (tmpfs)")
    if not said:
        return subject.ok("tried, works")
    if kernel < TMPFS_KERNEL:
        said = f"{said} (kernel {_dotted(kernel)} is earlier than {_dotted(TMPFS_KERNEL)})"
    return subject.note(f"{said}; builds work on the disk")


def _dotted(kernel: tuple[int, int]) -> str:
    return ".".join(map(str, kernel))
