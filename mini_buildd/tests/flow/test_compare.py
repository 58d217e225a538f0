"""In what versions of suites differ, and which version somebody means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.deb.version import Version
from mini_buildd.domain.problem import SuiteUnknown, VersionNotKept
from mini_buildd.domain.suite_version import Difference, Held, Kind, differences
from mini_buildd.flow.choose import version_of
from mini_buildd.flow.compare import At, compare
from mini_buildd.flow.remove import remove
from mini_buildd.tests.flow.base_archive import paragraph
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import ADMIN, Shelf


@pytest.fixture
def shelf(scene: Scene) -> Shelf:
    """Six versions of unstable; in each something else happens."""
    made = Shelf(scene)
    made.check_installability(wanted=False)
    made.put(made.source("bc"), made.source("hello", "1.9"))
    made.put(made.source("hello", "1.10"))
    made.put(made.source("dash"))
    remove(scene.site, ADMIN, scene.distribution(), ["hello"])
    made.put(made.source("hello", "1.0"))
    bc = scene.distribution().sources.get(name="bc")
    made.binary(bc, paragraph("bc", architecture="armhf"))
    made.put(bc)
    return made


def between(shelf: Shelf, old: int, new: int) -> list[tuple[Kind, str]]:
    distribution = shelf.scene.distribution()
    found = compare(At(distribution, old), At(distribution, new))
    return [(each.kind, each.source) for each in found]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (1, 2, [(Kind.UPGRADED, "hello")]),
        (2, 3, [(Kind.ADDED, "dash")]),
        (3, 4, [(Kind.REMOVED, "hello")]),
        (1, 4, [(Kind.ADDED, "dash"), (Kind.REMOVED, "hello")]),
        (1, 5, [(Kind.ADDED, "dash"), (Kind.DOWNGRADED, "hello")]),
        (5, 1, [(Kind.REMOVED, "dash"), (Kind.UPGRADED, "hello")]),
        (5, 6, [(Kind.REBUILT, "bc")]),
        (0, 1, [(Kind.ADDED, "bc"), (Kind.ADDED, "hello")]),
        (6, 6, []),
        (6, 99, []),
    ],
)
def test_of_one_suite(shelf: Shelf, old: int, new: int, expected: list[tuple[Kind, str]]) -> None:
    assert between(shelf, old, new) == expected


def test_of_two_suites_all_packages_are_compared(shelf: Shelf) -> None:
    bc = shelf.scene.distribution().sources.get(name="bc")
    shelf.put(bc, shelf.source("hello", "3.0", suite="testing"), suite="testing")
    unstable, testing = shelf.scene.distribution(), shelf.scene.distribution("testing")
    assert compare(At(testing, 1), At(unstable, 6)) == (
        Difference(Kind.ADDED, "dash", (), (Version("1.0"),)),
        Difference(Kind.DOWNGRADED, "hello", (Version("3.0"),), (Version("1.0"),)),
    )


_HELD = st.builds(
    Held,
    st.sampled_from(["1.0", "1.10", "1.9", "1:0.1", "1.0~rc1"]).map(Version),
    st.frozensets(st.sampled_from(["a", "b"])),
)
_SUITE = st.dictionaries(
    st.sampled_from(["bc", "dash", "hello"]),
    st.lists(_HELD, min_size=1, max_size=3, unique_by=lambda each: each.version),
)
_MIRROR = {
    Kind.ADDED: Kind.REMOVED,
    Kind.REMOVED: Kind.ADDED,
    Kind.UPGRADED: Kind.DOWNGRADED,
    Kind.DOWNGRADED: Kind.UPGRADED,
    Kind.REBUILT: Kind.REBUILT,
}


@given(before=_SUITE, after=_SUITE)
def test_backwards_it_is_the_mirror_image(
    before: dict[str, list[Held]], after: dict[str, list[Held]]
) -> None:
    there, back = differences(before, after), differences(after, before)
    assert [(_MIRROR[each.kind], each.source, each.after, each.before) for each in there] == [
        (each.kind, each.source, each.before, each.after) for each in back
    ]
    assert not list(differences(before, before))


def test_a_version_is_meant_by_suite_and_number_or_by_number_alone(shelf: Shelf) -> None:
    unstable = shelf.scene.distribution()
    for word, beside, number in (
        ("trixie-test-unstable", None, 6),
        ("trixie-test-unstable@3", None, 3),
        ("trixie-test-unstable@3", shelf.scene.distribution("testing"), 3),
        ("2", unstable, 2),
        ("@2", unstable, 2),
        ("", unstable, 6),
    ):
        assert version_of(word, beside) == At(unstable, number)


@pytest.mark.parametrize(
    "word",
    [
        *("trixie-test-unstable@0", "trixie-test-unstable@7", "trixie-test-unstable@-1"),
        *("trixie-test-unstable@x", "trixie-test-unstable@1@2", "trixie-test-unstable@²"),
        *("trixie-test-testing", "nowhere", "nowhere@1", "@1", "1", "", "@", "9" * 40),
        "trixie-test-unstable@" + "9" * 40,
    ],
)
@pytest.mark.usefixtures("shelf")
def test_what_never_was_is_told_so(word: str) -> None:
    with pytest.raises((SuiteUnknown, VersionNotKept)):
        version_of(word)
