"""The catalogue says what the suites have, follows them, and can be made anew at any time."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils.timezone import now

from mini_buildd.archive import catalogue_read
from mini_buildd.archive.catalogue import Need, SourceEntry, reading, writing
from mini_buildd.archive.catalogue_read import Asked
from mini_buildd.archive.contents import pack_listing
from mini_buildd.db.models import Binary, Distribution, Listing, Publication, Repository, Source
from mini_buildd.db.visibility import seen_by
from mini_buildd.domain.permission import VISITOR
from mini_buildd.flow.catalogue import keep_catalogue
from mini_buildd.flow.growth import growth
from mini_buildd.flow.package import maintained_by, needed_by
from mini_buildd.flow.search import Meant, search
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import Shelf

HELLO = (
    "Package: hello\nVersion: 1.0\nArchitecture: amd64\nDepends: libgreet1 (>= 1), mail-agent\n"
    "Description: greets everybody\n"
)
LIBGREET = (
    "Package: libgreet1\nVersion: 1.0\nArchitecture: amd64\nProvides: greeter-lib\n"
    "Description: what greetings are made of\n"
)


@pytest.fixture
def shelf(scene: Scene) -> Any:
    """An instance that the pages would show."""
    with override_settings(MINI_BUILDD=scene.settings):
        yield Shelf(scene)


def put(shelf: Shelf, name: str, *paragraphs: str, version: str = "1.0") -> Source:
    """A source package in unstable, whose binaries each have a file of their name in usr/bin."""
    source = shelf.source(name, version, *paragraphs)
    for binary in source.binaries.all():
        paths = [f"usr/bin/{binary.package}".encode(), b"usr/share/doc/x/copyright"]
        Listing.objects.create(binary=binary, paths=pack_listing(paths))
    shelf.put(source)
    return source


def ask(shelf: Shelf, question: Callable[..., Any], *given: object) -> Any:
    """The answer of the catalogue as it is after it was kept."""
    keep_catalogue(shelf.scene.site.places)
    with reading(shelf.scene.site.places.catalogue) as rows:
        assert rows is not None
        return question(Asked(rows), *given)


def contents(shelf: Shelf) -> dict[str, list[Any]]:
    """All that it has, without the numbers that it gives itself."""
    keep_catalogue(shelf.scene.site.places)
    with reading(shelf.scene.site.places.catalogue) as rows:
        assert rows is not None
        questions = {
            "source": "SELECT * FROM source",
            "binary": "SELECT binary.id, package, summary FROM binary"
            " JOIN about ON about.id = about",
            "words": "SELECT package, summary, description FROM words",
            "need": "SELECT * FROM need",
            "file": "SELECT path, name, binary FROM file JOIN folder ON folder.id = file.folder",
            "person": "SELECT * FROM person",
            "growth": "SELECT * FROM growth",
            "mark": "SELECT * FROM mark",
        }
        return {name: sorted(rows.execute(sql).fetchall()) for name, sql in questions.items()}


def test_packages_are_found_by_file_description_and_a_part_of_their_name(shelf: Shelf) -> None:
    put(shelf, "hello", HELLO)
    put(shelf, "greet", LIBGREET)
    assert ask(shelf, catalogue_read.source_names, "e") == ["greet", "hello"]
    assert ask(shelf, catalogue_read.binary_names, "greet") == ["libgreet1"]
    for text in ("hello", "bin/hello", "/usr/bin/hello", "hel"):
        found = ask(shelf, catalogue_read.files, text)
        assert [each.path for each in found] == ["usr/bin/hello"], text
    for text in ("sbin/hello", "bin/hello/", "usr/bi/hello", "%", "ello"):
        assert ask(shelf, catalogue_read.files, text) == []
    for text in ("greetings", "made greet", "MADE"):
        found = ask(shelf, catalogue_read.described, text)
        assert [each.package for each in found] == ["libgreet1"], text
    for text in ('"', "made everybody", "NEAR(a b)", "package:hello OR", "*"):
        assert ask(shelf, catalogue_read.described, text) == []


def test_what_needs_a_package_is_told_by_its_names_and_those_it_provides(shelf: Shelf) -> None:
    put(shelf, "hello", HELLO)
    greet = put(shelf, "greet", LIBGREET)
    other = put(
        shelf,
        "other",
        "Package: other\nVersion: 1.0\nArchitecture: all\nRecommends: greeter-lib | nothing\n",
    )
    Source.objects.filter(pk=other.pk).update(
        paragraph="Package: other\nVersion: 1.0\nBuild-Depends: libgreet1 <!nocheck>, debhelper\n"
    )
    names = {"libgreet1", "greeter-lib"}
    assert ask(shelf, catalogue_read.provided_by, [greet.binaries.get().pk]) == {"greeter-lib"}
    found = {
        kind: ask(shelf, catalogue_read.needing, names, kind)
        for kind in (Need.DEPENDS, Need.RECOMMENDS, Need.SUGGESTS, Need.BUILD)
    }
    assert found == {
        Need.DEPENDS: (Binary.objects.get(package="hello").pk,),
        Need.RECOMMENDS: (Binary.objects.get(package="other").pk,),
        Need.SUGGESTS: (),
        Need.BUILD: (other.pk,),
    }


def test_it_follows_the_suites_and_is_the_same_as_one_made_anew(shelf: Shelf) -> None:
    put(shelf, "hello", HELLO)
    first = contents(shelf)
    assert [row[2] for row in first["source"]] == ["hello"]
    put(shelf, "greet", LIBGREET)
    newer = put(shelf, "hello", HELLO.replace("1.0", "2.0"), version="2.0")
    followed = contents(shelf)
    assert {(row[2], row[3]) for row in followed["source"]} == {("hello", "2.0"), ("greet", "1.0")}
    assert [row[2] for row in followed["file"] if row[1] == b"hello"] == [newer.binaries.get().pk]
    assert followed["words"] == [
        ("hello", "greets everybody", ""),
        ("libgreet1", "what greetings are made of", ""),
    ]
    shelf.scene.site.places.catalogue.unlink()
    assert contents(shelf) == followed


def test_a_package_stays_in_it_until_no_suite_has_it(shelf: Shelf) -> None:
    source = put(shelf, "hello", HELLO)
    shelf.put(source, suite="testing")
    put(shelf, "hello", HELLO.replace("1.0", "2.0"), version="2.0")
    versions = {row[3] for row in contents(shelf)["source"]}
    assert versions == {"1.0", "2.0"}
    shelf.put(Source.objects.get(version="2.0"), suite="testing")
    assert {row[3] for row in contents(shelf)["source"]} == {"2.0"}


def test_it_is_made_anew_when_the_database_is_of_another_past_or_it_is_damaged(
    shelf: Shelf,
) -> None:
    put(shelf, "hello", HELLO)
    contents(shelf)
    put(shelf, "greet", LIBGREET)
    whole = contents(shelf)
    last = Publication.objects.latest("pk")
    Publication.objects.filter(pk=last.pk).update(decided_at=last.decided_at - timedelta(days=1))
    other = contents(shelf)
    assert other["source"] == whole["source"]
    assert other["mark"] != whole["mark"]
    path = shelf.scene.site.places.catalogue
    path.write_bytes(b"no database at all" * 1000)
    assert contents(shelf) == other
    rows = sqlite3.connect(path)
    rows.execute("PRAGMA user_version=77")
    rows.close()
    with reading(path) as found:
        assert found is None
    assert contents(shelf) == other


def test_damage_within_it_breaks_no_page_and_is_mended(shelf: Shelf) -> None:
    put(shelf, "hello", HELLO)
    whole = contents(shelf)
    path = shelf.scene.site.places.catalogue
    with closing(sqlite3.connect(path)) as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))  # the first page is as it was
    assert search("hello", now()).sources[0].name == "hello"  # the database knows it
    assert search("greets everybody", now()).described == ()
    put(shelf, "greet", LIBGREET)
    with pytest.raises(sqlite3.DatabaseError):
        keep_catalogue(shelf.scene.site.places)
    assert search("greets everybody", now()).is_ready is False
    again = contents(shelf)
    assert set(whole["source"]) < set(again["source"])


def test_whatever_is_searched_for_is_no_syntax_of_the_database(shelf: Shelf) -> None:
    put(shelf, "hello", HELLO)
    keep_catalogue(shelf.scene.site.places)
    odd: tuple[str, ...] = (
        '"',
        "'",
        "*",
        "_",
        "__ _",
        'a"*',
        "NEAR(a b)",
        "hello OR",
        "-hello",
        "a:b",
        "^a",
        "%",
        "[a-z]",
    )
    odd += ("\0", "hello\0", "#" + "9" * 18, "9" * 30, "/", "//", "\\", "é_ß", "x" * 5000)
    for text in odd:
        assert search(text, now()).meant is None, text


def test_an_end_of_the_daemon_in_between_loses_nothing(shelf: Shelf) -> None:
    put(shelf, "hello", HELLO)
    put(shelf, "greet", LIBGREET)
    answers = iter([False, True])
    keep_catalogue(shelf.scene.site.places, lambda: next(answers))
    keep_catalogue(shelf.scene.site.places, lambda: True)
    interrupted = contents(shelf)
    shelf.scene.site.places.catalogue.unlink()
    assert contents(shelf) == interrupted


def test_growth_is_what_each_version_had(shelf: Shelf) -> None:
    put(shelf, "hello", HELLO)
    put(shelf, "greet", LIBGREET, LIBGREET.replace("libgreet1", "libgreet-dev"))
    keep_catalogue(shelf.scene.site.places)
    put(shelf, "hello", HELLO.replace("1.0", "2.0"), version="2.0")
    keep_catalogue(shelf.scene.site.places)
    rows = growth(shelf.scene.distribution().pk, 500)
    assert [(row.number, row.sources, row.binaries, row.size_bytes) for row in rows] == [
        (1, 1, 1, 1),
        (2, 2, 3, 3),
        (3, 2, 3, 3),
    ]
    assert [row.number for row in growth(shelf.scene.distribution().pk, 2)] == [1, 3]


def test_a_search_finds_each_kind_and_knows_what_was_meant(shelf: Shelf) -> None:
    put(shelf, "hello", HELLO)
    put(shelf, "greet", LIBGREET)
    keep_catalogue(shelf.scene.site.places)
    found = search("hello", now())
    assert found.meant == Meant("hello")
    assert [row.name for row in found.sources] == ["hello"]
    assert [each.path for each in found.files] == ["usr/bin/hello"]
    assert search("libgreet1", now()).meant == Meant("greet")
    assert search("hello 1.0", now()).meant == Meant("hello", "1.0")
    assert search("hello_1.0", now()).versions == (("hello", "1.0"),)
    assert search("hello 7", now()).meant is None
    assert search("1.", now()).versions == (("greet", "1.0"), ("hello", "1.0"))
    assert search("trixie-test-testing", now()).meant == Meant(suite="trixie-test-testing")
    assert search("test", now()).repositories == ("test",)
    described = search("greetings", now()).described
    assert [(each.package, each.source) for each in described] == [("libgreet1", "greet")]
    assert search("", now()).count == search("nothing-of-that-name", now()).count == 0


def test_of_a_private_repository_nothing_is_found_by_others(shelf: Shelf) -> None:
    put(shelf, "hello", HELLO)
    greet = put(shelf, "greet", LIBGREET)
    Source.objects.update(paragraph="Package: x\nMaintainer: Ada <ada@example.org>\n")
    shelf.scene.site.places.catalogue.unlink(missing_ok=True)
    keep_catalogue(shelf.scene.site.places)
    texts = ("hello", "greet", "greetings", "/usr/bin/hello", "1.0", "ada", "hello 1.0", "trixie")
    for text in texts:
        assert search(text, now()).count, text
    assert needed_by("greet", ()) == ()
    Repository.objects.update(is_private=True)
    with seen_by(lambda: VISITOR):
        for text in texts:
            found = search(text, now())
            assert (found.count, found.meant) == (0, None), text
    assert search("hello", now()).count
    del greet


def test_a_package_that_went_the_whole_way_is_found(scene: Scene) -> None:
    with override_settings(MINI_BUILDD=scene.settings):
        scene.published(SourcePackage())
        keep_catalogue(scene.site.places)
        found = search("says hello", now())
        assert [each.package for each in found.described] == ["hello"]
        assert [each.name for each in search("pat pack", now()).maintainers] == [
            "Pat Packager <pat@example.invalid>"
        ]
        assert Distribution.objects.exists()


def test_a_team_may_maintain_more_packages_than_anybody_is_shown_at_once(shelf: Shelf) -> None:
    team = "A Team <team@example.org>"
    with writing(shelf.scene.site.places.catalogue) as catalogue:
        catalogue.add_sources(
            SourceEntry(number, 1, f"lib{number}", "1.0", frozenset({team}), frozenset())
            for number in range(1, 701)
        )
    assert len(maintained_by(team)) == 700
