"""Publishing where tree and rows differ: after a crash between them, after a restored backup."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mini_buildd.db import models
from mini_buildd.deb.deb822 import parse_paragraph
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.permission import Actor
from mini_buildd.flow import publish, sweep
from mini_buildd.flow.keys import rotate
from mini_buildd.tests.archive.published import packages, verified_release
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene


def valid_until(scene: Scene) -> str:
    """Until when apt takes what is shown of unstable."""
    tree = scene.site.tree("test")
    pointer = tree.pointer(DistributionName.parse("trixie-test-unstable"))
    release = parse_paragraph(verified_release(tree.root, pointer))
    return release.get("Valid-Until") or ""


def forget_that_it_is_published(scene: Scene) -> None:
    """As if killed between the swap of the pointer and the transaction after it."""
    newest = scene.distribution().publications.order_by("number").last()
    assert newest is not None
    newest.published_at, newest.valid_until, newest.signed_by = None, None, ""
    newest.save()


def test_what_a_crash_has_left_published_is_signed_by_the_keys_of_today(keyed: Scene) -> None:
    keyed.publish_all()
    forget_that_it_is_published(keyed)
    rotate(keyed.site.places, "example", clock=keyed.clock, by=Actor("ada", is_admin=True))
    keyed.publish_all()
    row = keyed.distribution().publications.get()
    assert row.signed_by == " ".join(keyed.site.signer.fingerprints)
    tree = keyed.site.tree("test")
    name = DistributionName.parse("trixie-test-unstable")
    signed = (tree.pointer(name) / "Release.gpg").read_text(encoding="ascii")
    assert len(signed) > len((tree.version(name, 1) / "Release.gpg").read_text(encoding="ascii"))
    assert tree.published(name) == 1


def test_what_a_crash_has_left_published_is_valid_as_long_as_the_rows_say(scene: Scene) -> None:
    """The daemon may have been down for days meanwhile."""
    models.Suite.objects.update(valid_days=7)
    scene.publish_all()
    before = valid_until(scene)
    forget_that_it_is_published(scene)
    scene.clock.now += timedelta(days=5)
    scene.publish_all()
    row = scene.distribution().publications.get()
    assert row.valid_until is not None
    assert valid_until(scene) == f"{row.valid_until:%a, %d %b %Y %H:%M:%S} UTC" != before


def test_signed_twice_within_one_second_what_is_shown_is_not_taken_away(scene: Scene) -> None:
    models.Suite.objects.update(valid_days=7)
    scene.publish_all()
    now = scene.clock() + timedelta(days=5)
    site = replace(scene.site, clock=lambda: now)
    publish.renew(site, scene.distribution())
    tree, name = scene.site.tree("test"), DistributionName.parse("trixie-test-unstable")
    first = tree.shown(name)
    scene.distribution().publications.update(signed_by="others")
    sweep.publish_all(site)
    second = tree.shown(name)
    assert first != second
    assert (tree.suite(name) / first / "InRelease").is_file()
    assert valid_until(scene)


def restore_to(scene: Scene, number: int) -> None:
    """As if the database were restored from a backup of when that version was the newest."""
    distribution = scene.distribution()
    distribution.entries.filter(added_in__gt=number).delete()
    distribution.entries.filter(removed_in__gt=number).update(removed_in=None)
    distribution.publications.filter(number__gt=number).delete()


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_versions_that_the_database_has_forgotten_never_come_back(scene: Scene, lost: int) -> None:
    """Tree and cache may be ahead of a database that was restored from a backup."""
    scene.published()
    (kept,) = scene.distribution().publications.values_list("number", flat=True)
    for number in range(lost):
        scene.published(SourcePackage(f"lost{number}"))
    restore_to(scene, kept)
    for number in range(lost + 1):
        scene.published(SourcePackage(f"new{number}"))
    tree = scene.site.tree("test")
    pointer = tree.pointer(DistributionName.parse("trixie-test-unstable"))
    assert packages(tree.root, pointer).keys() == {
        "hello",
        *(f"new{number}" for number in range(lost + 1)),
    }
