"""Roots, their makers and their snippets: what is told to the tools, and what they tell."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.problem import SnippetUnknown
from mini_buildd.tools import debootstrap, rootcheck
from mini_buildd.tools.aptlists import valid_until
from mini_buildd.tools.mmdebstrap import ChrootSource
from mini_buildd.tools.snippets import LIBRARY, find_snippets, packages_of


def _source(suite: str = "trixie", *, check: bool = True) -> ChrootSource:
    return ChrootSource(
        "http://deb.example/debian_x", suite, "main contrib", "/k.gpg", check_valid_until=check
    )


def test_debootstrap_checks_what_it_takes_against_the_given_keyring() -> None:
    command = debootstrap.command(
        codename=Codename("trixie"),
        architecture=Architecture("i386"),
        target=Path("/a/root"),
        source=_source(),
    )
    assert {"--force-check-gpg", "--keyring=/k.gpg", "--arch=i386"} <= set(command)
    assert "--components=main,contrib" in command
    assert command[-3:] == ["trixie", "/a/root", "http://deb.example/debian_x"]


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("I: Installing core packages...", "Installing core packages"),
        ("I: Retrieving base-files 13", None),
        ("I: Unpacking libc6:amd64...", None),
        ("W: something", None),
    ],
)
def test_the_steps_of_debootstrap_are_told_but_not_each_package(line: str, step: str) -> None:
    assert debootstrap.progress(line) == step


def test_until_when_the_lists_of_a_root_hold(tmp_path: Path) -> None:
    lists = tmp_path / "var/lib/apt/lists"
    lists.mkdir(parents=True)
    name = "deb.example_debian%5fx_dists_{}_InRelease"
    for suite, date in (("trixie", "26"), ("trixie-updates", "24"), ("trixie-old", "20")):
        (lists / name.format(suite)).write_text(
            f"Origin: Debian\nValid-Until: Thu, {date} Nov 2026 10:00:00 UTC\nDate: x\n",
            encoding="ascii",
        )
    both = [_source(), _source("trixie-updates"), _source("trixie-old", check=False)]
    assert valid_until(tmp_path, both) == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert valid_until(tmp_path, [_source("sid")]) is None


def test_snippets_are_found_in_the_given_order_each_once() -> None:
    found = find_snippets("ccache eatmydata  ccache")
    assert [each.name for each in found] == ["ccache", "eatmydata"]
    assert packages_of(found) == ["ccache", "eatmydata"]
    assert find_snippets("") == ()


def test_unknown_snippets_are_named() -> None:
    with pytest.raises(SnippetUnknown) as caught:
        find_snippets("turbo ccache nitro")
    assert caught.value.found == "turbo, nitro"


@pytest.mark.parametrize("script", [*(each.script for each in LIBRARY), rootcheck.BUILD])
def test_every_script_is_one_that_sh_can_read(script: str) -> None:
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
