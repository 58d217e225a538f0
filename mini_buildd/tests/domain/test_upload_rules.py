"""The rules for uploads: each lets through what fits and explains what does not."""

from collections.abc import Callable

import pytest

from mini_buildd.deb.changes import Changes, parse_changes
from mini_buildd.deb.dsc import Dsc, parse_dsc
from mini_buildd.deb.names import PlainFilename, Sha256
from mini_buildd.deb.version import Version
from mini_buildd.domain import problem, upload_rules
from mini_buildd.domain.layout import VersionRule, fits_rule, version_mark

_A, _B, _C = "a" * 64, "b" * 64, "c" * 64
_MD5 = "0" * 32


def _files(files: dict[str, str], columns: str) -> str:
    lines = ["Checksums-Sha256:"]
    lines += [f" {digest} 1 {name}" for name, digest in files.items()]
    return "\n".join([*lines, "Files:", *(f" {_MD5} 1{columns} {name}" for name in files), ""])


def _changes(files: dict[str, str], *, version: str = "1.0-1") -> Changes:
    head = f"Source: hello\nVersion: {version}\nArchitecture: source\nDistribution: x\n"
    return parse_changes((head + _files(files, " misc optional")).encode())


def _dsc(files: dict[str, str], *, version: str = "1.0-1", of: str = "3.0 (quilt)") -> Dsc:
    head = f"Format: {of}\nSource: hello\nVersion: {version}\nArchitecture: any\n"
    return parse_dsc((head + _files(files, "")).encode())


def test_an_upload_has_just_one_dsc() -> None:
    listed = upload_rules.the_dsc(_changes({"hello_1.0-1.dsc": _A, "hello_1.0.orig.tar.gz": _B}))
    assert listed.name == "hello_1.0-1.dsc"
    for files in ({"hello_1.0-1_amd64.deb": _A}, {"a.dsc": _A, "b.dsc": _B}):
        with pytest.raises(problem.SourceMissing) as caught:
            upload_rules.the_dsc(_changes(files))
        assert caught.value.found == ", ".join(files)


def test_the_dsc_is_the_one_that_the_changes_speaks_of() -> None:
    changes = _changes({"hello.dsc": _A})
    upload_rules.check_dsc_fits(changes, _dsc({"x.tar.gz": _A}))
    with pytest.raises(problem.DscDiffers, match=r"hello 1\.0-2"):
        upload_rules.check_dsc_fits(changes, _dsc({"x.tar.gz": _A}, version="1.0-2"))
    with pytest.raises(problem.SourceFormatUnknown, match="debian/source/format"):
        upload_rules.check_dsc_fits(changes, _dsc({"x.tar.gz": _A}, of="3.0 (custom)"))


def test_a_distribution_must_be_known_and_open() -> None:
    open_ones = ["trixie-test-unstable", "trixie-test-hotfix"]
    upload_rules.check_distribution("x", exists=True, is_open=True, open_ones=open_ones)
    with pytest.raises(problem.DistributionUnknown) as unknown:
        upload_rules.check_distribution("x", exists=False, is_open=False, open_ones=open_ones)
    assert unknown.value.expected == "one of: trixie-test-hotfix, trixie-test-unstable"
    with pytest.raises(problem.DistributionClosed):
        upload_rules.check_distribution("x", exists=True, is_open=False, open_ones=open_ones)
    with pytest.raises(problem.DistributionUnknown, match="none yet"):
        upload_rules.check_distribution("x", exists=False, is_open=False, open_ones=())


@pytest.mark.parametrize("rule", VersionRule)
@pytest.mark.parametrize("code", ["13", "2404", "~SID"])
@pytest.mark.parametrize(
    ("version", "base"),
    [
        ("1.0", "1.0"),
        ("1.0-1", "1.0-1"),
        ("1.0~rc1-1", "1.0~rc1-1"),
        ("2:1.0-1~bpo12+1", "2:1.0-1"),
        ("1.0-1~test12+3", "1.0-1"),
        ("1.0-1~test~SID+3", "1.0-1"),
        ("1.0-1~test13+0+b1", "1.0-1~test13+0+b1"),
        ("1.0-1~other13+1", "1.0-1"),
    ],
)
def test_a_version_against_the_rule_is_rejected_with_one_that_fits(
    version: str, base: str, code: str, rule: VersionRule
) -> None:
    mark = version_mark("test", code)
    if fits_rule(Version(version), mark, rule):
        upload_rules.check_version(Version(version), repository="test", code=code, rule=rule)
        return
    with pytest.raises(problem.VersionAgainstRule) as caught:
        upload_rules.check_version(Version(version), repository="test", code=code, rule=rule)
    suggested = Version(caught.value.hint.split()[3])
    assert suggested == f"{base}{mark}{rule.example}"
    upload_rules.check_version(suggested, repository="test", code=code, rule=rule)


def test_a_version_is_accepted_once() -> None:
    upload_rules.check_not_there(Version("1.0"), accepted_before=None)
    with pytest.raises(problem.VersionExists, match="accepted as upload 7"):
        upload_rules.check_not_there(Version("1.0"), accepted_before="upload 7")


@pytest.mark.parametrize("newest", [None, "0.9", "1.0~rc1"])
def test_a_version_later_than_what_is_there_is_let_through(newest: str | None) -> None:
    upload_rules.check_not_lower(Version("1.0"), newest=Version(newest) if newest else None)


@pytest.mark.parametrize("newest", ["1.1", "1:0.1", "1.0-1", "1.0", "0:1.0", "1.0-0", "01.0"])
def test_a_version_that_apt_would_not_take_for_later_is_rejected(newest: str) -> None:
    with pytest.raises(problem.VersionTooLow) as caught:
        upload_rules.check_not_lower(Version("1.0"), newest=Version(newest))
    assert caught.value.expected == f"a version later than {newest}"


def _sent(changes: Changes) -> Callable[[PlainFilename], bool]:
    return {file.name for file in changes.files}.__contains__


def test_what_an_upload_leaves_out_comes_from_the_pool() -> None:
    dsc = _dsc({"hello.orig.tar.gz": _A, "hello.debian.tar.xz": _B})
    changes = _changes({"hello.dsc": _C, "hello.debian.tar.xz": _B})
    pool = {PlainFilename("hello.orig.tar.gz"): Sha256(_A)}
    parts = upload_rules.source_parts(dsc, changes, pool, _sent(changes))
    assert [file.name for file in parts.pool] == ["hello.orig.tar.gz"]
    assert [file.name for file in parts.sent] == ["hello.debian.tar.xz"]
    with pytest.raises(problem.SourceIncomplete, match="-sa"):
        upload_rules.source_parts(dsc, changes, {}, _sent(changes))
    pool = {PlainFilename("hello.orig.tar.gz"): Sha256(_C)}
    with pytest.raises(problem.FileConflicts, match="the archive's pool"):
        upload_rules.source_parts(dsc, changes, pool, _sent(changes))


def test_what_is_sent_although_the_pool_has_another_conflicts() -> None:
    dsc = _dsc({"hello.tar.gz": _A})
    changes = _changes({"hello.dsc": _C, "hello.tar.gz": _A})
    pool = {PlainFilename("hello.tar.gz"): Sha256(_B)}
    with pytest.raises(problem.FileConflicts, match="the archive's pool"):
        upload_rules.source_parts(dsc, changes, pool, _sent(changes))


def test_changes_and_dsc_must_mean_the_same_files() -> None:
    dsc = _dsc({"hello.tar.gz": _A})
    changes = _changes({"hello.dsc": _C, "hello.tar.gz": _B})
    with pytest.raises(problem.FileDiffers, match="same upload"):
        upload_rules.source_parts(dsc, changes, {}, _sent(changes))
