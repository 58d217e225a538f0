"""What a change of a suite would break, told by the real dose-debcheck and a small base."""

import shutil
from pathlib import Path

import pytest

from mini_buildd.deb.names import Architecture
from mini_buildd.domain.problem import CheckImpossible
from mini_buildd.flow.installable import newly_broken
from mini_buildd.tests.flow.base_archive import BaseArchive, paragraph

_AMD64 = Architecture("amd64")


@pytest.fixture
def archive(base_archive: BaseArchive) -> BaseArchive:
    return base_archive


def _broken(archive: BaseArchive, before: list[str], after: list[str]) -> list[str]:
    found = newly_broken(archive.scene.site, archive.base, _AMD64, before, after)
    return [str(each) for each in found]


def test_removing_a_library_breaks_what_uses_it(archive: BaseArchive) -> None:
    library = paragraph("libfoo", "Depends: libc6 (>= 2.30)")
    app = paragraph("app", "Depends: libfoo, libc6", architecture="all")
    alone = paragraph("alone", "Depends: libc6")
    assert _broken(archive, [library, app, alone], [app, alone]) == [
        "app 1.0 (all) depends on libfoo, which nothing provides"
    ]
    assert _broken(archive, [library, app, alone], [library, alone]) == []


def test_a_newer_library_breaks_what_is_bound_to_the_older_one(archive: BaseArchive) -> None:
    app = paragraph("app", "Depends: libfoo (<< 2)")
    broken = paragraph("zombie", "Depends: gone")
    before = [paragraph("libfoo", version="1.9"), app, broken]
    assert _broken(archive, before, [paragraph("libfoo", version="2.0"), app, broken]) == [
        "app 1.0 (amd64) depends on libfoo (<< 2), which nothing provides"
    ]
    breaker = paragraph("libfoo", "Breaks: app (<< 2)", version="1.10")
    assert _broken(archive, before, [breaker, app, broken]) == [
        "app 1.0 (amd64) needs libfoo 1.10, which conflicts with app (<< 2)"
    ]


def test_a_newcomer_that_cannot_be_installed_is_told_and_an_old_sorrow_is_not(
    archive: BaseArchive,
) -> None:
    before = [paragraph("zombie", "Depends: gone")]
    after = [
        paragraph("zombie", "Depends: lost", version="2.0"),
        paragraph("b", "Depends: libc6 (>= 2.37)", version="1:3-1"),
        paragraph("a", "Depends: zombie"),
    ]
    assert _broken(archive, before, after) == [
        "a 1.0 (amd64) needs zombie 2.0, which depends on lost, which nothing provides",
        "b 1:3-1 (amd64) depends on libc6 (>= 2.37), which nothing provides",
    ]
    assert _broken(archive, after, after) == []
    assert _broken(archive, [], []) == []


def test_what_was_before_is_not_read_when_all_is_well_afterwards(archive: BaseArchive) -> None:
    before = iter([paragraph("lib")])
    app = paragraph("app", "Depends: libc6")
    assert newly_broken(archive.scene.site, archive.base, _AMD64, before, [app]) == ()
    assert len(list(before)) == 1


def test_without_dose_the_check_is_impossible_and_says_what_to_install(
    archive: BaseArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _broken(archive, [], [])
    timeout = shutil.which("timeout")
    assert timeout
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "timeout").symlink_to(timeout)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(CheckImpossible) as problem:
        _broken(archive, [], [])
    assert problem.value.hint == "apt install dose-distcheck"


def test_a_package_that_dose_cannot_read_is_named(archive: BaseArchive) -> None:
    with pytest.raises(CheckImpossible, match=r"\(odd,1\.0,amd64\)"):
        _broken(archive, [], [paragraph("odd", "Depends: what is this")])
