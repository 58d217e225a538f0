"""The first process of a cell: makes its root, moves into it, and looks after its orphans.

Started by buildd/cell.py as root of fresh user, mount, PID, network, UTS and IPC namespaces, as
``python cell_init.py SPECIFICATION``. It says "ready" once the root stands, and lives until its
standard input ends: that is, until its supervisor closes it or dies. With it the kernel ends every
process of the cell, and its mounts are gone with the last of them (pid_namespaces(7)).

The namespace that the root is made in knows the daemon's user, so that its folders can be reached.
The one that is built in does not, and has no power over the mounts it was given: it lies within.

It runs by itself, without the rest of the program, so that it starts quickly and stays small.
"""

import ctypes
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)

# As in mount(2) and umount2(2).
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT = 1, 2, 4, 8, 32
_MS_BIND, _MS_REC = 4096, 16384
_MNT_DETACH = 2
# As in unshare(2).
_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
# As in netdevice(7).
_SIOCSIFFLAGS, _IFF_UP_RUNNING = 0x8914, 0x41

# All that are Debian's (Policy 9.2.2); the last one is missing with util-linux 2.38.
_IDS = 65535

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
# Bind mounts lock these flags of what they show; a remount has to repeat them.
_STATVFS_FLAGS = {2: _MS_NOSUID, 4: _MS_NODEV, 8: _MS_NOEXEC, 1024: 1024, 2048: 2048, 4096: 1 << 21}


def _mount(source: str, target: str, kind: str, flags: int = 0, options: str = "") -> None:
    words = (source.encode(), target.encode(), kind.encode(), flags, options.encode())
    if _libc.mount(*words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mounting {kind or source} on {target}: {os.strerror(number)}")


def _make_root(spec: dict[str, Any]) -> str:
    """The overlay of the cell: what it is written to, over what it begins with."""
    work = Path(spec["work"])
    upper_home = Path(spec["upper"]) if spec["upper"] else work / "tmpfs"
    if not spec["upper"]:
        size = f",size={spec['tmpfs_bytes']}" if spec["tmpfs_bytes"] else ""
        _mount("tmpfs", str(upper_home), "tmpfs", _MS_NOSUID | _MS_NODEV, f"mode=755{size}")
    for name in ("upper", "overlay"):
        (upper_home / name).mkdir(exist_ok=True)
    root = work / "root"
    # volatile: nobody wants any of it after a power failure, so no fsync in there reaches a disk.
    options = (
        f"lowerdir={':'.join(spec['lower'])},upperdir={upper_home / 'upper'},"
        f"workdir={upper_home / 'overlay'},volatile,userxattr"
    )
    _mount("overlay", str(root), "overlay", _MS_NODEV, options)
    return str(root)


def _furnish(root: str, spec: dict[str, Any]) -> None:
    """What a root needs beside its files: devices, /proc, /sys, what is shared with it."""
    dev = Path(root, "dev")
    for name in ("pts", "shm"):
        (dev / name).mkdir(parents=True, exist_ok=True)
    for name in _DEVICES:
        (dev / name).touch()
        _mount(f"/dev/{name}", f"{dev}/{name}", "", _MS_BIND)
    for name, target in _LINKS.items():
        (dev / name).unlink(missing_ok=True)
        (dev / name).symlink_to(target)
    quiet = _MS_NOSUID | _MS_NOEXEC
    _mount("devpts", f"{dev}/pts", "devpts", quiet, "newinstance,gid=5,mode=620,ptmxmode=666")
    _mount("tmpfs", f"{dev}/shm", "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=1777")
    for name in ("proc", "sys"):
        Path(root, name).mkdir(exist_ok=True)
    _mount("proc", f"{root}/proc", "proc", quiet | _MS_NODEV)
    _mount("sysfs", f"{root}/sys", "sysfs", quiet | _MS_NODEV | _MS_RDONLY)
    for source, target, is_writable in spec["binds"]:
        if is_writable:
            os.chown(source, spec["uid"], spec["uid"])
        _bind(source, root + target, is_writable=is_writable)
    Path(root, "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {spec['name']}\n")
    _share_name_servers(root)


def _keep_emulator(root: str) -> None:
    """Let the root have what was registered: that lasts as long as it is mounted somewhere."""
    registrations = "/proc/sys/fs/binfmt_misc"
    _mount(registrations, root + registrations, "", _MS_BIND)


def _bind(source: str, target: str, *, is_writable: bool) -> None:
    Path(target).mkdir(parents=True, exist_ok=True)
    _mount(source, target, "", _MS_BIND)
    if not is_writable:
        found = os.statvfs(target).f_flag
        locked = sum(flag for bit, flag in _STATVFS_FLAGS.items() if found & bit)
        _mount("", target, "", _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | locked)


def _share_name_servers(root: str) -> None:
    path = Path(root, "etc/resolv.conf")
    path.unlink(missing_ok=True)
    try:
        path.write_bytes(Path("/etc/resolv.conf").read_bytes())
    except FileNotFoundError:  # systemd-resolved answers there where libnss-resolve is used
        path.write_text("nameserver 127.0.0.53\n", encoding="ascii")


def _move_into(root: str) -> None:
    """Make *root* the root, and let go of all that was (pivot_root(2), "pivot_root(".", ".")")."""
    os.chdir(root)
    if _libc.pivot_root(b".", b".") != 0:
        raise OSError(ctypes.get_errno(), "pivot_root")
    if _libc.umount2(b".", _MNT_DETACH) != 0:
        raise OSError(ctypes.get_errno(), "umount2")
    os.chdir("/")


def _give_up_power() -> None:
    """Move on into namespaces within, which do not know the daemon's user.

    Their root has no power over the mounts that come with it: what is read-only stays so
    (mount_namespaces(7), "Restrictions"). Only who stays behind may say which ids are known in
    there, so a child does, and then ends.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.read(reader, 1)
        for name in ("uid_map", "gid_map"):
            # As bytes: from here on Python finds no module that it has not loaded yet.
            Path(f"/proc/1/{name}").write_bytes(b"0 0 %d\n" % _IDS)
        os._exit(0)
    os.close(reader)
    if _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    os.write(writer, b".")
    os.close(writer)
    if os.waitpid(child, 0)[1] != 0:
        raise OSError(0, "the ids of the inner namespace could not be set")


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", _IFF_UP_RUNNING)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, request)


def _reap(*_: object) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main() -> None:
    """Make the cell, then look after it until standard input ends."""
    spec = json.loads(sys.argv[1])
    os.umask(0o022)
    if spec["prepare"] and os.system(spec["prepare"]) != 0:  # noqa: S605  # it is to be a shell
        raise OSError(0, f"this failed: {spec['prepare']}")
    root = _make_root(spec)
    _furnish(root, spec)
    if spec["prepare"]:
        _keep_emulator(root)
    socket.sethostname(spec["name"])
    _raise_loopback()
    _move_into(root)
    _give_up_power()
    signal.signal(signal.SIGCHLD, _reap)
    os.write(1, b"ready\n")
    # Nobody's pipe is held open by us any more.
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    while not select.select([0], [], [])[0] or os.read(0, 4096):
        pass


if __name__ == "__main__":
    main()
