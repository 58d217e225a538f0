"""Whether an instance can serve and build, by what it has: ports, chroots."""

import errno
import os
import shlex
from datetime import datetime, timedelta

from mini_buildd.domain.diagnosis import Diagnosis, Part, Subject

# So many times the age at which it should have been made anew.
_STALE = 3


def judge_port(
    name: str, interface: str, port: int, refused: int, *, daemon_runs: bool
) -> Diagnosis:
    """*refused* is the error number of listening there, 0 when it can be done."""
    subject = Subject(Part.INSTANCE, f"{name} port", f"{port} on {interface} is free, or ours")
    if not refused:
        return subject.ok("free")
    if refused == errno.EADDRINUSE:
        if daemon_runs:
            return subject.ok("our daemon serves there")
        return subject.lacks(
            "taken by another program",
            f"sudo ss -ltnp 'sport = :{port}'  # end it, or set {name}.port in mini-buildd.toml",
        )
    if refused == errno.EACCES:
        return subject.lacks(
            "only root may listen there",
            f"sudo sysctl -w net.ipv4.ip_unprivileged_port_start={port}"
            f"  # or set {name}.port in mini-buildd.toml to one above 1023",
        )
    found = os.strerror(refused) if refused > 0 else "no such address"
    return subject.lacks(
        found, f"ip -brief address  # set {name}.interface in mini-buildd.toml to one of these"
    )


def not_set_up(home: str) -> Diagnosis:
    """The machine's part is all there is to look at."""
    return _setup(home).note("not yet", f"{_command(home)} setup --codename CODENAME")


def unreadable(said: str) -> Diagnosis:
    """Its database cannot be asked."""
    return Subject(Part.INSTANCE, "database", "can be read").lacks(said)


def no_chroots(home: str) -> Diagnosis:
    """It was set up, but builds have nothing to start from."""
    return _setup(home).lacks("no chroot", f"{_command(home)} setup --codename CODENAME")


def _setup(home: str) -> Subject:
    return Subject(Part.INSTANCE, "configuration", f"{home} is set up")


def _command(home: str) -> str:
    return f"mini-buildd --home {shlex.quote(home)}"


def judge_chroot(
    *,
    codename: str,
    architecture: str,
    home: str,
    is_made: bool,
    made_at: datetime | None,
    refresh_hours: int,
    problem: str,
    now: datetime,
) -> Diagnosis:
    """What builds start from: it is there, and not much older than it is meant to become."""
    subject = Subject(Part.INSTANCE, f"chroot {codename} {architecture}", "made, and fresh")
    create = f"{_command(home)} chroot create {codename} {architecture}"
    if not is_made:
        return subject.lacks("not made", create)
    if problem:
        return subject.note(problem.strip().splitlines()[-1], create)
    if made_at is None:
        return subject.ok("there")
    found = f"made {made_at:%Y-%m-%d %H:%M} UTC"
    is_stale = refresh_hours and now - made_at > timedelta(hours=_STALE * refresh_hours)
    return subject.note(f"{found}, to be made anew", create) if is_stale else subject.ok(found)


def judge_schroot(
    *, codename: str, architecture: str, home: str, is_made: bool, said: str
) -> Diagnosis:
    """*said* is what schroot complains of, empty when it knows the chroot."""
    subject = Subject(Part.INSTANCE, f"chroot {codename} {architecture}", "made, and installed")
    chroot = f"{_command(home)} chroot"
    if not is_made:
        return subject.lacks("not made", f"{chroot} create {codename} {architecture}")
    if said:
        return subject.lacks(
            f"not installed for schroot ({said})",
            f"{chroot} schroot-script {codename} {architecture} | sudo sh -e",
        )
    return subject.ok("installed for schroot")


def judge_architecture(architecture: str, said: str) -> Diagnosis:
    """*said* is why its programs cannot run here, empty when they can."""
    subject = Subject(Part.INSTANCE, f"architecture {architecture}", "its programs run here")
    if said:
        return subject.lacks(said, "sudo apt install qemu-user-static binfmt-support")
    return subject.ok("they do")
