"""Whether there is room for builds, and whether the instance's folder is at a good place."""

from collections.abc import Collection

from mini_buildd.domain.diagnosis import Diagnosis, Part, Subject

_GIB = 1 << 30

# A base and one build; and what lets some suites, their builds and layers live together.
LEAST_DISK_BYTES, GOOD_DISK_BYTES = 3 * _GIB, 20 * _GIB
LEAST_INODES, GOOD_INODES = 100_000, 500_000
# Compilers need that much even when the files of a build lie on the disk; or with them in memory.
LEAST_MEMORY_BYTES, MEMORY_OF_A_BUILD_BYTES = _GIB // 2, 3 * _GIB

# SQLite's write-ahead log needs memory that is shared with all who open the database.
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs")


def size_text(size_bytes: int) -> str:
    """For people."""
    return f"{size_bytes / _GIB:.1f} GiB"


def judge_disk(free_bytes: int, place: str) -> Diagnosis:
    """Room for bases, layers, builds and the archive."""
    subject = Subject(Part.ROOM, "disk", f"{size_text(GOOD_DISK_BYTES)} free")
    found = f"{size_text(free_bytes)} free at {place}"
    mend = f"df -h {place}  # make room, or take another place with --home"
    if free_bytes < LEAST_DISK_BYTES:
        return subject.lacks(found, mend)
    return subject.note(found, mend) if free_bytes < GOOD_DISK_BYTES else subject.ok(found)


def judge_inodes(free: int, total: int, place: str) -> Diagnosis:
    """Some file systems make them as needed, and count none."""
    subject = Subject(Part.ROOM, "inodes", f"{GOOD_INODES} free")
    if not total:
        return subject.ok("made as needed")
    found = f"{free} free at {place}"
    mend = f"df -i {place}  # make room, or take another place with --home"
    if free < LEAST_INODES:
        return subject.lacks(found, mend)
    return subject.note(found, mend) if free < GOOD_INODES else subject.ok(found)


def judge_memory(available_bytes: int, slots: int) -> Diagnosis:
    """Enough that builds may have their files in memory, or at least that they run."""
    wanted = MEMORY_OF_A_BUILD_BYTES * max(slots, 1)
    expected = f"{size_text(wanted)} available, for {max(slots, 1)} builds at a time in memory"
    subject = Subject(Part.ROOM, "memory", expected)
    found = f"{size_text(available_bytes)} available"
    if available_bytes < LEAST_MEMORY_BYTES:
        return subject.lacks(found)
    if available_bytes < wanted:
        return subject.note(
            f"{found}: large builds work on the disk",
            "fewer builds at a time: slots below [builder] in mini-buildd.toml",
        )
    return subject.ok(found)


def judge_file_system(kind: str, options: Collection[str], place: str) -> Diagnosis:
    """*place* is where the file system is mounted; *options* are those of the mount."""
    subject = Subject(Part.ROOM, "file system", "on a disk of this machine, without noexec")
    found = f"{kind} at {place}"
    if kind in _NETWORK:
        return subject.lacks(
            f"{found}: SQLite and overlays do not work over the network",
            "take a place on a local disk with --home",
        )
    if "noexec" in options:
        return subject.lacks(
            f"{found}, mounted noexec: builds run programs", f"sudo mount -o remount,exec {place}"
        )
    if "ro" in options:
        return subject.lacks(f"{found}, mounted read-only", f"sudo mount -o remount,rw {place}")
    hindering = [each for each in ("nosuid", "nodev") if each in options]
    if hindering:
        return subject.note(
            f"{found}, mounted {' and '.join(hindering)}: packages whose tests need"
            " such files may fail",
            f"sudo mount -o remount,suid,dev {place}",
        )
    return subject.ok(found)


def judge_way(closed: Collection[str], home: str) -> Diagnosis:
    """*closed* are the folders above *home* that subordinate ids may not pass."""
    subject = Subject(Part.ROOM, "way to home", f"everybody may pass the folders above {home}")
    if closed:
        return subject.lacks(
            "closed: " + ", ".join(closed), "sudo chmod o+x " + " ".join(sorted(closed))
        )
    return subject.ok("open")


def judge_home(home: str, *, exists: bool, writable: bool, is_ours: bool, user: str) -> Diagnosis:
    """*writable* is what is asked of the nearest folder above while *home* does not exist."""
    subject = Subject(Part.ROOM, "home", f"{home} is a folder of ours, or can be made")
    make = f"sudo install --directory --owner={user} --group={user} {home}"
    if not exists:
        return (
            subject.ok("not there yet, can be made")
            if writable
            else subject.lacks("not there, and the folder above is not ours to write in", make)
        )
    if not is_ours:
        return subject.lacks("it belongs to another user", f"sudo chown -R {user}: {home}")
    if not writable:
        return subject.lacks("not writable", f"chmod u+rwx {home}")
    return subject.ok(home)
