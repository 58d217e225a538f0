"""The doctor's rules on plain values: those that no test machine can be brought to break."""

import errno
from datetime import UTC, datetime, timedelta

import pytest

from mini_buildd.domain import base_archive, instance, machine, room
from mini_buildd.domain.diagnosis import Diagnosis, Mark, can_build
from mini_buildd.domain.program import Program, is_late_enough, judge_program, read_version

_GIB = 1 << 30
_NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_a_note_hinders_no_build_and_a_lack_does() -> None:
    fine, noted = room.judge_disk(99 * _GIB, "/x"), room.judge_disk(10 * _GIB, "/x")
    assert can_build([fine, noted])
    assert not can_build([fine, room.judge_disk(_GIB, "/x"), noted])


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("kernel.unprivileged_userns_clone", 0, "=1 "),
        ("user.max_user_namespaces", 0, "=15000 "),
        ("kernel.apparmor_restrict_unprivileged_userns", 1, "=0 "),
    ],
)
def test_the_kernel_setting_that_forbids_namespaces_is_named(
    name: str, value: int, mend: str
) -> None:
    allowing = {each: allows for each, (_, allows) in machine.FORBIDDING.items()}
    found = machine.judge_namespaces({**allowing, name: value}, "Operation not permitted")
    assert found.mark is Mark.LACKS
    assert f"{name} = {value}" in found.found
    assert found.mend.startswith(f"sudo sysctl -w {name}{mend}")
    unknown = machine.judge_namespaces(allowing, "Operation not permitted")
    assert "plain chroot" in unknown.found


def test_an_overlay_that_does_not_work_says_whether_the_kernel_is_too_old() -> None:
    old = machine.judge_overlay("mount failed", (5, 10), is_needed=True)
    assert (old.mark, "5.10 is earlier than 5.11" in old.found) == (Mark.LACKS, True)
    assert "linux-image" in old.mend
    new = machine.judge_overlay("mount failed", (6, 1), is_needed=True)
    assert "earlier" not in new.found
    assert "modprobe" in new.mend
    assert machine.judge_overlay("mount failed", (6, 1), is_needed=False).mark is Mark.NOTE
    memory = machine.judge_memory_overlay("no", (6, 1))
    assert (memory.mark, "6.1 is earlier than 6.6" in memory.found) == (Mark.NOTE, True)


@pytest.mark.parametrize(
    ("kind", "options", "mark"),
    [
        ("ext4", {"rw"}, Mark.OK),
        ("ext4", {"rw", "noexec"}, Mark.LACKS),
        ("ext4", {"ro"}, Mark.LACKS),
        ("ext4", {"rw", "nosuid", "nodev"}, Mark.NOTE),
        ("nfs4", {"rw"}, Mark.LACKS),
        ("9p", {"rw"}, Mark.LACKS),
    ],
)
def test_the_file_system_must_be_one_to_build_on(kind: str, options: set[str], mark: Mark) -> None:
    assert room.judge_file_system(kind, options, "/srv").mark is mark


def test_room_is_enough_scarce_or_too_little() -> None:
    def marks(judge: list[Diagnosis]) -> list[Mark]:
        return [each.mark for each in judge]

    inodes = [room.judge_inodes(free, 10**7, "/x") for free in (10**6, 200_000, 10)]
    memory = [room.judge_memory(free, 2) for free in (6 * _GIB, 3 * _GIB, 1000)]
    assert marks(inodes) == marks(memory) == [Mark.OK, Mark.NOTE, Mark.LACKS]
    assert room.judge_inodes(0, 0, "/x").mark is Mark.OK  # btrfs counts none


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("sbuild (Debian sbuild) 0.85.0 (04 January 2023)", "0.85.0"),
        ("*** Zstandard CLI (64-bit) v1.5.4, by Yann Collet ***", "1.5.4"),
        ("Debian dpkg-source version 1.21.22.", "1.21.22"),
        ("unshare from util-linux 2.38.1", "2.38.1"),
        ("no version", ""),
    ],
)
def test_versions_are_read_out_of_what_programs_say(said: str, version: str) -> None:
    assert read_version(said) == version


def test_versions_are_compared_by_numbers() -> None:
    assert is_late_enough("0.100.0", "0.85")
    assert is_late_enough("2.38", "2.38")
    assert not is_late_enough("0.9.99", "0.85")
    assert is_late_enough("", "0.85")


def test_a_program_that_is_not_needed_is_a_note() -> None:
    ccache = Program("ccache", "ccache", "compiler caches", is_needed=False)
    found = judge_program(ccache, "", "")
    assert (found.mark, found.mend) == (Mark.NOTE, "sudo apt install ccache")


@pytest.mark.parametrize(
    ("said", "title", "mend"),
    [
        ("Could not connect to 127.0.0.1:9 (127.0.0.1).", "cannot be reached", "apt.conf.d"),
        ("Temporary failure resolving 'deb.example'", "name is not known", "getent hosts d.exam"),
        (
            "GPG error: http://x y InRelease: The following signatures couldn't be verified",
            "not signed by a key",
            "apt install debian-archive-keyring",
        ),
        ("Release file for http://x/ is expired (invalid since 3d).", "past its date", "date"),
        ("Release file for http://x/ is not valid yet (3h).", "from the future", "set-ntp"),
        ("The repository 'x' does not have a Release file.", "not have this suite", "/admin/"),
    ],
)
def test_what_apt_complains_of_is_told_with_what_to_do(said: str, title: str, mend: str) -> None:
    found = base_archive.judge_source("http://d.example/debian", "trixie", said, "x")
    assert found.mark is Mark.LACKS
    assert title in found.found
    assert said in found.found
    assert mend in found.mend


def test_a_clock_before_the_last_change_of_a_package_is_wrong() -> None:
    assert base_archive.judge_clock(_NOW, _NOW - timedelta(days=1)).mark is Mark.OK
    assert base_archive.judge_clock(_NOW, _NOW + timedelta(hours=1)).mark is Mark.LACKS


def test_ports_are_free_ours_taken_or_only_for_root() -> None:
    def mark(refused: int, *, daemon_runs: bool = False) -> Mark:
        return instance.judge_port("http", "127.0.0.1", 80, refused, daemon_runs=daemon_runs).mark

    assert mark(0) is Mark.OK
    assert mark(errno.EADDRINUSE) is Mark.LACKS
    assert mark(errno.EADDRINUSE, daemon_runs=True) is Mark.OK
    assert mark(errno.EACCES) is Mark.LACKS
    assert mark(errno.EADDRNOTAVAIL, daemon_runs=True) is Mark.LACKS


@pytest.mark.parametrize(
    ("differences", "mark"),
    [
        ({}, Mark.OK),
        ({"is_made": False}, Mark.LACKS),
        ({"problem": "apt-get update\nfailed"}, Mark.NOTE),
        ({"made_at": _NOW - timedelta(days=4)}, Mark.NOTE),
        ({"made_at": _NOW - timedelta(days=4), "refresh_hours": 0}, Mark.OK),
        ({"made_at": None}, Mark.OK),
    ],
)
def test_a_chroot_is_fresh_old_broken_or_not_made(
    differences: dict[str, object], mark: Mark
) -> None:
    known: dict[str, object] = {
        "codename": "trixie",
        "architecture": "amd64",
        "home": "/srv/my home",
        "is_made": True,
        "made_at": _NOW - timedelta(days=2),
        "refresh_hours": 24,
        "problem": "",
        "now": _NOW,
        **differences,
    }
    found = instance.judge_chroot(**known)  # type: ignore[arg-type]  # the table above is right
    assert found.mark is mark
    assert mark is Mark.OK or found.mend == (
        "mini-buildd --home '/srv/my home' chroot create trixie amd64"
    )
