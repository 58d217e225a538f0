"""The names that a base has, read from lists as apt itself leaves them."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mini_buildd.flow.names import make_names
from mini_buildd.tools.aptnames import Names

TEXT = """\
Package: libfoo-dev
Version: 1:2.0-1
Description: something
Provides: libfoo-abi (= 7), libfoo-any

Package: bar
Version: 1.0
Pre-Depends: Package: none

"""


def _as_it_is(path: Path) -> None:
    del path


def _packed(path: Path, *command: str, suffix: str) -> None:
    subprocess.run([*command, str(path)], check=True)
    assert path.with_name(path.name + suffix).exists()


def _xz(path: Path) -> None:
    _packed(path, "xz", suffix=".xz")


def _gz(path: Path) -> None:
    _packed(path, "gzip", suffix=".gz")


@pytest.mark.parametrize("pack", [_as_it_is, _gz, _xz])
def test_lists_are_read_however_they_are_compressed(
    tmp_path: Path, pack: Callable[[Path], None]
) -> None:
    folder = tmp_path / "generation"
    lists = folder / "root/var/lib/apt/lists"
    lists.mkdir(parents=True)
    path = lists / "deb.example_debian_dists_trixie_main_binary-amd64_Packages"
    path.write_text(TEXT, encoding="utf-8")
    pack(path)
    made = make_names(folder)
    assert made is not None
    with Names(made) as names:
        assert [(o.version, o.package) for o in names.find("libfoo-dev")] == [
            ("1:2.0-1", "libfoo-dev")
        ]
        assert [(o.version, o.package) for o in names.find("libfoo-abi")] == [("7", "libfoo-dev")]
        assert [(o.version, o.package) for o in names.find("libfoo-any")] == [(None, "libfoo-dev")]
        assert [o.version for o in names.find("bar")] == ["1.0"]
        assert names.find("nothing") == []


def test_where_there_are_no_lists_nobody_can_tell(tmp_path: Path) -> None:
    assert make_names(tmp_path) is None


def test_lists_that_cannot_be_read_are_told_and_harm_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lists = tmp_path / "root/var/lib/apt/lists"
    lists.mkdir(parents=True)
    (lists / "deb.example_dists_trixie_main_binary-amd64_Packages.xz").write_bytes(b"no xz")
    assert make_names(tmp_path) is None
    assert "cannot be read" in caplog.text
    assert not (tmp_path / "names.sqlite").exists()
