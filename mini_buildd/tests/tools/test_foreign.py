"""Which architectures a machine runs, by what its kernel says, and by running one."""

import getpass
import os
import subprocess
from pathlib import Path

import pytest

from mini_buildd.deb.names import Architecture
from mini_buildd.domain.problem import ArchitectureNotRunnable
from mini_buildd.tools.foreign import (
    Registration,
    demand_runnable,
    private_registration,
    read_registration,
    register_script,
    registrations,
    runnable,
    runnable_architectures,
)
from mini_buildd.tools.namespace import enter_command, read_subids

_ARM64 = """enabled
interpreter /usr/bin/qemu-aarch64-static
flags: {flags}
offset 0
magic 7f454c460201010000000000000000000200b700
"""


def _fixed(interpreter: str, *, is_enabled: bool = True, is_fixed: bool = True) -> Registration:
    return Registration(interpreter, is_enabled=is_enabled, is_fixed=is_fixed)


@pytest.mark.parametrize(("flags", "is_fixed"), [("F", True), ("OCF", True), ("OC", False)])
def test_a_registration_says_who_runs_what_and_whether_also_in_a_chroot(
    flags: str, *, is_fixed: bool
) -> None:
    found = read_registration(_ARM64.format(flags=flags))
    assert found == _fixed("/usr/bin/qemu-aarch64-static", is_fixed=is_fixed)
    assert found.architecture == "arm64"


@pytest.mark.parametrize(
    ("interpreter", "architecture"),
    [
        ("/usr/libexec/qemu-binfmt/aarch64-binfmt-P", "arm64"),
        ("/usr/bin/qemu-ppc64le-static", "ppc64el"),
        ("/usr/bin/qemu-riscv64", "riscv64"),
        ("/usr/bin/python3", None),
        ("", None),
    ],
)
def test_an_emulator_is_known_by_its_name(interpreter: str, architecture: str | None) -> None:
    assert _fixed(interpreter).architecture == architecture


def test_a_machine_runs_its_own_what_its_processor_has_besides_and_what_is_emulated() -> None:
    emulated = [_fixed("/usr/bin/qemu-s390x-static"), _fixed("/usr/bin/qemu-aarch64-static")]
    assert runnable("x86_64", emulated) == ("amd64", "i386", "arm64", "s390x")
    assert runnable("aarch64", []) == ("arm64", "armhf", "armel")
    assert runnable("riscv64", [_fixed("/usr/bin/jexec")]) == ("riscv64",)
    assert runnable("pdp11", []) == ()


@pytest.mark.parametrize("lacks", ["is_enabled", "is_fixed"])
def test_an_emulator_counts_when_it_is_enabled_and_there_in_every_chroot(lacks: str) -> None:
    there = _fixed("/usr/bin/qemu-s390x-static", **{lacks: False})
    assert runnable("x86_64", [there]) == ("amd64", "i386")


def test_registrations_are_read_from_their_folder_and_are_none_without(tmp_path: Path) -> None:
    for name in ("register", "status"):
        (tmp_path / name).write_text("enabled\n")
    (tmp_path / "qemu-aarch64").write_text(_ARM64.format(flags="F"))
    assert [each.architecture for each in registrations(tmp_path)] == ["arm64"]
    assert registrations(tmp_path / "none") == ()


def test_this_machine_runs_its_own_architecture_first() -> None:
    told = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    )
    assert runnable_architectures()[0] == told.stdout.strip()
    demand_runnable(runnable_architectures()[0])


def test_what_cannot_run_is_told_with_what_to_install() -> None:
    with pytest.raises(ArchitectureNotRunnable, match="cannot run pdp11") as caught:
        demand_runnable(Architecture("pdp11"))
    assert "qemu-user-static" in caught.value.hint


# --- a namespace's own registrations ----------------------------------------------------


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """As qemu-user-static installs them, but for an interpreter that is there."""
    emulator = tmp_path / "qemu-aarch64-static"
    emulator.touch()
    (tmp_path / "qemu-aarch64.conf").write_text(f":qemu-aarch64:M::\\x7fELF:\\xff:{emulator}:OC\n")
    (tmp_path / "qemu-s390x.conf").write_text(f":qemu-s390x:M::\\x7fELF:\\xff:{tmp_path}/no:OC\n")
    return tmp_path


def test_a_registration_of_ones_own_has_flag_f_whatever_the_template_says(templates: Path) -> None:
    line = private_registration(Architecture("arm64"), templates, "6.18.5")
    assert line.endswith("/qemu-aarch64-static:OCF")


@pytest.mark.parametrize(
    ("architecture", "release"),
    [("arm64", "6.1.0-9-amd64"), ("s390x", "6.18"), ("riscv64", "6.18")],
)
def test_there_is_none_on_an_old_kernel_or_without_the_emulator(
    templates: Path, architecture: str, release: str
) -> None:
    assert private_registration(Architecture(architecture), templates, release) == ""


def test_with_a_registration_of_ones_own_a_foreign_program_runs() -> None:
    foreign = Architecture("s390x" if runnable_architectures()[0] == "arm64" else "arm64")
    program = Path(f"/usr/lib/arch-test/{foreign}")
    line = private_registration(foreign)
    if not line or not program.exists():
        pytest.skip(f"needs Linux 6.7, qemu-user-static and arch-test to run {foreign}")
    texts = (Path(path).read_text("utf-8") for path in ("/etc/subuid", "/etc/subgid"))
    subids = read_subids(getpass.getuser(), os.getuid(), *texts)
    assert subids is not None
    script = f"{register_script(line)} && {program}"
    done = subprocess.run(
        [*enter_command(subids, "--mount"), "sh", "-c", script],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "ok"), done.stderr
