"""``mini-buildd doctor`` on machines that lack something, each for real and without privileges."""

import json
import os
import pty
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mini_buildd.tests.instance import free_port
from mini_buildd.tools import trials
from mini_buildd.tools.namespace import Subids, enter_command, read_subids

# Root of a user and mount namespace, who then becomes again who started it, with all its rights
# in there: what is mounted over what is seen by the doctor alone.
_ALTERED = (
    "unshare",
    "--user",
    "--map-current-user",
    "--keep-caps",
    "--mount",
    "--",
    "sh",
    "-c",
)


@dataclass(frozen=True, slots=True)
class Visit:
    """What the doctor said; by subject."""

    status: int
    diagnoses: Mapping[str, Mapping[str, str]]

    def lacks(self) -> list[str]:
        """The subjects that are lacking, but for the mirror of the machine, which may be away."""
        return [
            name
            for name, each in self.diagnoses.items()
            if each["mark"] == "lacks" and each["part"] != "base archive"
        ]


@dataclass(frozen=True, slots=True)
class Doctor:
    """Visits the instance in *home*, whose ports nobody uses."""

    home: Path

    def command(self, *arguments: str) -> list[str]:
        """The command line."""
        program = [sys.executable, "-m", "mini_buildd.cli", "--home", str(self.home)]
        return [*program, *arguments]

    def visit(self, alter: str = "", *words: str, **environment: str) -> Visit:
        """Let the doctor look, once the shell lines *alter* have changed the machine for it."""
        command = self.command("doctor", "--json")
        if alter:
            script = f'set -e; home=$1 word=$2; shift 2; {alter}; exec "$@"'
            given = (str(self.home), *(words or ("",)))
            command = [*_ALTERED, script, "alter", *given, *command]
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
        )
        assert done.stderr == ""
        told: dict[str, Any] = json.loads(done.stdout)
        assert told["can_build"] == (done.returncode == 0)
        return Visit(done.returncode, {each["subject"]: each for each in told["diagnoses"]})


@pytest.fixture
def doctor(tmp_path: Path) -> Doctor:
    return Doctor(tmp_path / "home")


@pytest.fixture
def furnished(doctor: Doctor) -> Doctor:
    """With settings, so that the ports are known."""
    doctor.home.mkdir()
    text = f"[http]\nport = {free_port()}\n[ftp]\nport = {free_port()}\n"
    (doctor.home / "mini-buildd.toml").write_text(text)
    return doctor


def test_a_machine_that_builds_can_build_and_nothing_is_made(furnished: Doctor) -> None:
    before = sorted(furnished.home.parent.rglob("*"))
    found = furnished.visit()
    assert found.lacks() == []
    for subject in ("id mapping", "processes", "network", "overlay on disk"):
        assert found.diagnoses[subject]["found"] == "tried, works"
    assert found.diagnoses["configuration"]["found"] == "not yet"
    assert sorted(furnished.home.parent.rglob("*")) == before


def test_a_home_that_is_not_there_is_not_made(doctor: Doctor) -> None:
    found = doctor.visit()
    assert found.diagnoses["home"]["found"] == "not there yet, can be made"
    assert list(doctor.home.parent.iterdir()) == []


def test_words_for_people_have_shapes_and_colours_on_a_terminal_only(furnished: Doctor) -> None:
    plain = subprocess.run(
        furnished.command("doctor"), check=False, capture_output=True, text=True
    ).stdout
    assert "  ok     subordinate ids: " in plain
    assert "This machine can build" in plain
    assert not {"●", "\x1b"} & set(plain)
    ours, theirs = pty.openpty()
    with subprocess.Popen(furnished.command("doctor"), stdout=theirs):
        os.close(theirs)
        shown = b""
        try:
            while block := os.read(ours, 4096):
                shown += block
        except OSError:  # how a terminal ends (pty(7))
            os.close(ours)
    assert "\x1b[32m● ok" in shown.decode()


def test_missing_and_old_programs_are_named_with_their_packages(
    furnished: Doctor, tmp_path: Path
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for place in ("/usr/sbin", "/usr/bin"):
        for program in Path(place).iterdir():
            link = folder / program.name
            if program.name not in ("zstd", "newuidmap", "sbuild") and not link.is_symlink():
                link.symlink_to(program)
    old = folder / "sbuild"
    old.write_text("#!/bin/sh\necho 'sbuild (Debian sbuild) 0.79.0 (05 February 2020)'\n")
    old.chmod(0o755)
    found = furnished.visit(PATH=str(folder))
    assert found.status == 1
    assert sorted(found.lacks()) == ["newuidmap", "sbuild", "zstd"]
    assert found.diagnoses["zstd"]["mend"] == "sudo apt install zstd"
    assert found.diagnoses["newuidmap"]["mend"] == "sudo apt install uidmap"
    assert found.diagnoses["sbuild"]["found"].startswith("0.79.0 at ")
    assert "id mapping" not in found.diagnoses  # it would only say the same once more


def test_missing_subordinate_ids_are_given_by_a_command(furnished: Doctor, tmp_path: Path) -> None:
    fake = tmp_path / "subids"
    fake.write_text("somebody:100000:65536\n")
    alter = 'mount --bind "$word" /etc/subuid; mount --bind "$word" /etc/subgid'
    found = furnished.visit(alter, str(fake))
    name = found.diagnoses["user"]["found"].partition(",")[0]
    assert found.lacks() == ["subordinate ids"]
    assert found.diagnoses["subordinate ids"]["mend"] == (
        f"sudo usermod --add-subuids 165536-231071 --add-subgids 165536-231071 {name}"
    )


def test_a_kernel_that_allows_no_user_namespaces_is_told(furnished: Doctor) -> None:
    found = furnished.visit("echo 0 >/proc/sys/user/max_user_namespaces")
    assert "user namespaces" in found.lacks()
    diagnosis = found.diagnoses["user namespaces"]
    assert "user.max_user_namespaces = 0" in diagnosis["found"]
    assert diagnosis["mend"].startswith("sudo sysctl -w user.max_user_namespaces=")


def test_newuidmap_on_a_file_system_without_setuid_is_told(furnished: Doctor) -> None:
    folder = Path(shutil.which("newuidmap") or "/").resolve().parent
    alter = f"mount --bind {folder} {folder}; mount -o remount,bind,nosuid {folder}"
    found = furnished.visit(alter)
    assert found.lacks() == ["newuidmap", "newgidmap"]
    assert "nosuid" in found.diagnoses["newuidmap"]["found"]


def test_a_small_disk_and_one_that_runs_nothing_are_told(furnished: Doctor) -> None:
    settings = (furnished.home / "mini-buildd.toml").read_text()
    alter = (
        'mount -t tmpfs -o size=8m,nr_inodes=1000,noexec tmpfs "$home";'
        ' printf %s "$word" >"$home/mini-buildd.toml"'
    )
    found = furnished.visit(alter, settings)
    assert {"disk", "inodes", "file system"} <= set(found.lacks())
    assert "GiB free at" in found.diagnoses["disk"]["found"]
    assert "remount,exec" in found.diagnoses["file system"]["mend"]


def test_a_home_that_we_may_not_write_in_is_told(furnished: Doctor) -> None:
    furnished.home.chmod(0o500)
    try:
        found = furnished.visit()
    finally:
        furnished.home.chmod(0o700)
    assert found.lacks() == ["home"]
    assert found.diagnoses["home"]["mend"] == f"chmod u+rwx {furnished.home}"


def test_a_home_behind_a_folder_that_only_a_group_may_pass_is_told(
    furnished: Doctor, subids: Subids, tmp_path: Path
) -> None:
    """Like one of root:staff: whoever is in the group gets there, subordinate ids do not."""
    folder = tmp_path / "private"
    folder.mkdir()
    furnished.home.rename(folder / "home")
    ours = str(os.getgid())
    give = 'chown 1 "$1" && chmod 0710 "$1"'
    take = 'chown 65536 "$1"'
    _in_namespace(subids, give, str(folder))
    try:
        assert folder.stat().st_gid == int(ours)
        found = Doctor(folder / "home").visit()
    finally:
        _in_namespace(subids, take, str(folder))
    assert found.lacks() == ["way to home"]
    assert found.diagnoses["way to home"]["mend"] == f"sudo chmod o+x {folder}"


def _in_namespace(subids: Subids, script: str, *words: str) -> None:
    command = [*enter_command(subids), "sh", "-c", script, "sh", *words]
    subprocess.run(command, check=True)


@pytest.fixture
def subids() -> Subids:
    name = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
    texts = (Path(each).read_text() for each in ("/etc/subuid", "/etc/subgid"))
    found = read_subids(name, os.getuid(), *texts)
    assert found is not None
    return found


def test_a_folder_that_cannot_be_written_to_by_an_overlay_fails_its_trial(
    subids: Subids, tmp_path: Path
) -> None:
    """As on a file system without what an overlay keeps there: here, another overlay."""
    for name in ("lower", "upper", "work", "merged"):
        (tmp_path / name).mkdir()
    trial = trials.disk_overlay(subids, tmp_path / "merged")
    words = trial[trial.index("--") + 1 :]
    mount = (
        'cd "$1"; mount -t overlay -o userxattr,lowerdir=lower,upperdir=upper,workdir=work'
        ' overlay merged; shift; exec "$@"'
    )
    enter = enter_command(subids, "--mount")
    done = subprocess.run(
        [*enter, "sh", "-c", mount, "sh", str(tmp_path), *words],
        check=False,
        capture_output=True,
        text=True,
    )
    subprocess.run(trials.remove_scratch(subids, tmp_path), check=True)
    assert done.returncode != 0
    assert "overlay" in done.stderr


def test_root_is_told_not_to_be_it(doctor: Doctor) -> None:
    command = ["unshare", "--map-root-user", *doctor.command("doctor", "--json")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    (first, *others) = json.loads(done.stdout)["diagnoses"]
    assert (done.returncode, first["subject"], first["mark"]) == (1, "user", "lacks")
    assert {each["part"] for each in others} == {"programs"}


def test_a_port_that_somebody_has_is_told_unless_it_is_our_daemon(furnished: Doctor) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        (furnished.home / "mini-buildd.toml").write_text(f"[http]\nport = {port}\n")
        found = furnished.visit()
        assert "http port" in found.lacks()
        assert f"sport = :{port}" in found.diagnoses["http port"]["mend"]
        lock = furnished.home / "daemon.lock"
        lock.touch()
        holding = ["flock", str(lock), *furnished.command("doctor", "--json")]
        done = subprocess.run(holding, check=False, capture_output=True, text=True)
        ours = {each["subject"]: each for each in json.loads(done.stdout)["diagnoses"]}
        assert ours["http port"]["found"] == "our daemon serves there"


@pytest.fixture
def set_up(furnished: Doctor) -> Callable[..., Doctor]:
    """Sets the instance up, for a mirror that is not there."""

    def run(*arguments: str) -> Doctor:
        command: Sequence[str] = furnished.command(
            "setup", "--codename=trixie", "--no-chroots", *arguments
        )
        subprocess.run(command, check=True, capture_output=True)
        return furnished

    return run


def test_a_dead_mirror_and_a_missing_chroot_of_an_instance_are_told(
    set_up: Callable[..., Doctor],
) -> None:
    url = f"http://127.0.0.1:{free_port()}/debian"
    doctor = set_up("--architecture=amd64", f"--archive-url={url}")
    found = doctor.visit()
    assert found.diagnoses[f"{url} trixie"]["mark"] == "lacks"
    assert found.lacks() == ["chroot trixie amd64"]
    assert found.diagnoses["chroot trixie amd64"]["mend"] == (
        f"mini-buildd --home {doctor.home} chroot create trixie amd64"
    )
    command = doctor.command("doctor", "--json", "--machine")
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    subjects = {each["subject"] for each in json.loads(done.stdout)["diagnoses"]}
    assert not subjects & {f"{url} trixie", "chroot trixie amd64", "configuration"}


def test_a_chroot_that_root_has_not_installed_for_schroot_is_told(
    furnished: Doctor, set_up: Callable[..., Doctor]
) -> None:
    with (furnished.home / "mini-buildd.toml").open("a") as settings:
        settings.write('[builder]\nbackend = "schroot"\n')
    doctor = set_up("--architecture=amd64", "--archive-url=http://127.0.0.1:9/debian")
    made = "chroot trixie amd64"
    assert doctor.visit().diagnoses[made]["mend"].endswith("chroot create trixie amd64")
    (doctor.home / "chroots" / "trixie-amd64.tar.zst").touch()
    found = doctor.visit()
    assert made in found.lacks()
    assert found.diagnoses[made]["mend"] == (
        f"mini-buildd --home {doctor.home} chroot schroot-script trixie amd64 | sudo sh -e"
    )


def test_an_architecture_that_cannot_run_here_is_told(set_up: Callable[..., Doctor]) -> None:
    doctor = set_up("--architecture=ia64", "--archive-url=http://127.0.0.1:9/debian")
    found = doctor.visit()
    assert "architecture ia64" in found.lacks()
    assert "qemu-user-static" in found.diagnoses["architecture ia64"]["mend"]


def test_a_database_that_is_none_is_told(furnished: Doctor) -> None:
    (furnished.home / "db.sqlite3").write_bytes(b"this is no database " * 100)
    found = furnished.visit()
    assert found.lacks() == ["database"]
