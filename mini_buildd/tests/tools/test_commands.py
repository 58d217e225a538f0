"""mmdebstrap, schroot and distro-info: what is told to them, and what they tell."""

import configparser
import subprocess
from datetime import date
from pathlib import Path

import pytest

from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.release import version_code
from mini_buildd.tools import distroinfo, mmdebstrap, schroot


def _source(*, check_valid_until: bool = True) -> mmdebstrap.ChrootSource:
    return mmdebstrap.ChrootSource(
        url="http://deb.example/debian",
        suite="trixie",
        components="main contrib",
        keyring="/usr/share/keyrings/x.gpg",
        check_valid_until=check_valid_until,
    )


def test_mmdebstrap_checks_what_it_takes_against_the_given_keyring() -> None:
    command = mmdebstrap.command(
        codename=Codename("trixie"),
        architecture=Architecture("amd64"),
        target=Path("/chroots/trixie.tar.zst"),
        mode="unshare",
        sources=[_source(), _source(check_valid_until=False)],
    )
    line = "http://deb.example/debian trixie main contrib"
    assert command[-4:] == [
        "trixie",
        "/chroots/trixie.tar.zst",
        f"deb [signed-by=/usr/share/keyrings/x.gpg] {line}",
        f"deb [signed-by=/usr/share/keyrings/x.gpg check-valid-until=no] {line}",
    ]
    assert {"--variant=buildd", "--architectures=amd64", "--mode=unshare"} <= set(command)


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("I: running apt-get update...", "running apt-get update"),
        ("I: success in 12.3 seconds", "success in 12.3 seconds"),
        ("W: something", None),
        ("Reading package lists...", None),
        ("", None),
    ],
)
def test_the_steps_of_mmdebstrap_are_told(line: str, step: str | None) -> None:
    assert mmdebstrap.progress(line) == step


def test_the_script_for_root_is_one_that_sh_can_read() -> None:
    script = schroot.install_script(
        name="mini-buildd-trixie-amd64", tarball=Path("/it's/a b.tar.zst"), user="x"
    )
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    _, _, rest = script.partition("<<END\n")
    configuration = configparser.ConfigParser(interpolation=None)
    configuration.read_string(rest.partition("\nEND\n")[0])
    chroot = configuration["mini-buildd-trixie-amd64"]
    assert (chroot["type"], chroot["union-type"]) == ("directory", "overlay")
    assert "'/it'\"'\"'s/a b.tar.zst'" in script


@pytest.mark.parametrize(
    ("codename", "vendor", "code"),
    [
        ("bookworm", "Debian", "12"),
        ("trixie", "Debian", "13"),
        ("sid", "Debian", "~SID"),
        ("jammy", "Ubuntu", "2204"),
        ("noble", "Ubuntu", "2404"),
    ],
)
def test_distro_info_knows_releases_and_their_codes(codename: str, vendor: str, code: str) -> None:
    found = distroinfo.find_release(Codename(codename))
    assert (found.vendor, found.codename, version_code(found)) == (vendor, codename, code)


@pytest.mark.parametrize("codename", ["nonsense", "unstable", "testing", "stable"])
def test_what_is_no_codename_is_unknown(codename: str) -> None:
    with pytest.raises(distroinfo.ReleaseUnknown):
        distroinfo.find_release(Codename(codename))


def test_what_is_in_preparation_is_not_released() -> None:
    today = date(2024, 6, 1)
    assert distroinfo.is_released(Codename("bookworm"), today)
    assert not distroinfo.is_released(Codename("trixie"), today)
    assert not distroinfo.is_released(Codename("sid"), today)
    distroinfo.is_released(Codename("trixie"), date.today())  # noqa: DTZ011  # never raises
