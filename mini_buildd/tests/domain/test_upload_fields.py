"""The fields of a .changes: what dpkg-genchanges writes passes, and each fault has its own name."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.deb.changes import Changes, parse_changes
from mini_buildd.domain import problem, upload_fields
from mini_buildd.tests.deb.test_changes import GOOD


def _changes(old: str = "", new: str = "") -> Changes:
    text = GOOD.replace(old, new) if old else GOOD
    assert text != GOOD or not old
    return parse_changes(text.encode())


@pytest.mark.parametrize("rule", upload_fields.RULES)
def test_what_dpkg_genchanges_writes_passes(rule: Callable[[Changes], object]) -> None:
    rule(_changes())


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("Format: 1.8", "Format: 1.7", problem.ChangesFormatUnknown),
        ("Format: 1.8\n", "", problem.ChangesFormatUnknown),
        ("Date: Fri, 20 Nov 2026", "Date: soon", problem.DateMalformed),
        ("Date: Fri, 20 Nov 2026 12:00:00 +0000\n", "", problem.DateMalformed),
        ("Date: Fri, 20 Nov 2026", "Date: Fri, 20 Nov 99999999999", problem.DateMalformed),
        ("Pat Packager <pat@example.invalid>", "Pat Packager", problem.PersonMalformed),
        ("Maintainer: Pat Packager <pat@example.invalid>\n", "", problem.PersonMalformed),
        ("Kim Changer <kim@example.invalid>", "<kim@example.invalid>", problem.PersonMalformed),
        ("<kim@example.invalid>", "<kim@example.invalid> <x@y>", problem.PersonMalformed),
        ("Urgency: low", "Urgency: whenever", problem.UrgencyUnknown),
        ("Urgency: low", "Urgency: low,high", problem.UrgencyUnknown),
        ("Changes:", "Closes: #123\nChanges:", problem.ClosesMalformed),
        ("Changes:", "Closes: 1,2\nChanges:", problem.ClosesMalformed),
        ("Changes:", f"Closes: {'1 ' * 1001}\nChanges:", problem.ClosesMalformed),
        (" hello - greets", " hello greets", problem.DescriptionMalformed),
        (" hello - greets", " Hello! - greets", problem.DescriptionMalformed),
        ("Architecture: source", "Architecture: all", problem.ArchitectureDiffers),
        ("hello_2.10.orig.tar.gz", "hello_2.10-3_amd64.deb", problem.ArchitectureDiffers),
    ],
)
def test_each_fault_has_its_own_name(old: str, new: str, kind: type[problem.Rejection]) -> None:
    changes = _changes(old, new)
    found = []
    for rule in upload_fields.RULES:
        try:
            rule(changes)
        except problem.Rejection as rejection:
            found.append(rejection)
    assert [type(each) for each in found] == [kind]
    assert all((found[0].expected, found[0].found, found[0].hint))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("low ", "low"),
        ("HIGH", "high"),
        ("high (HIGH for users of diversions)", "high"),
        ("critical  (read on", "critical"),
    ],
)
def test_an_urgency_may_have_a_remark(written: str, meant: str) -> None:
    changes = _changes("Urgency: low", f"Urgency: {written}")
    assert upload_fields.urgency_of(changes) == meant


def test_bugs_are_numbers_each_once() -> None:
    changes = _changes("Changes:", "Closes: 700001 0700001\n 12\nChanges:")
    assert upload_fields.bugs_of(changes) == (700001, 12)


def test_debug_symbols_are_of_their_package() -> None:
    changes = _changes("Architecture: source", "Binary: hello hello-dbgsym\nArchitecture: source")
    upload_fields.check_binaries(changes, ("hello", "hello-doc"))
    with pytest.raises(problem.BinaryDiffers, match="hello-dbgsym"):
        upload_fields.check_binaries(changes, ("hello-doc",))


@pytest.mark.parametrize("rule", upload_fields.RULES)
@given(
    field=st.sampled_from(["Date", "Maintainer", "Changed-By", "Urgency", "Closes", "Description"]),
    value=st.text(
        st.characters(exclude_categories=("C", "Z"), include_characters=" \t"), max_size=60
    ),
)
def test_whatever_stands_in_a_field_is_taken_or_refused(
    rule: Callable[[Changes], object], field: str, value: str
) -> None:
    lines = [line for line in GOOD.splitlines() if not line.startswith(f"{field}:")]
    text = "\n".join([f"{field}: {value}", *lines]).replace("\n hello - greets", "")
    with contextlib.suppress(problem.Rejection):
        rule(parse_changes(text.encode()))
