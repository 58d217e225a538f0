"""What a crash leaves between the pointer and the rows, and what is signed again because of it."""

from dataclasses import replace
from datetime import timedelta

from mini_buildd.db import models
from mini_buildd.deb.deb822 import parse_paragraph
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.flow import publish, sweep
from mini_buildd.flow.keys import rotate
from mini_buildd.tests.archive.published import verified_release
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
    rotate(keyed.site.places, "example", clock=keyed.clock, by="ada")
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
