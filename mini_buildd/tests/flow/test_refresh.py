"""Refreshing by schedule: what is due, what a mirror that is away does, what is told once."""

from datetime import timedelta
from typing import Any

import pytest

from mini_buildd.db import models
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import ChrootUnknown, NotAllowed
from mini_buildd.flow.chroot import Workshop, check_chroot, find_chroot
from mini_buildd.flow.refresh import ask_refresh, is_due, refresh_chroots, watch_expiry
from mini_buildd.tests.flow.scene import Scene

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _chroot(scene: Scene, **fields: Any) -> models.Chroot:
    """The one chroot, with a tree that counts as whole."""
    fields = {"generation": "20261120T120000Z", **fields}
    models.Chroot.objects.update(**fields)
    if fields["generation"]:
        tree = scene.site.places.chroots / "trixie-amd64" / fields["generation"] / "root"
        tree.mkdir(parents=True, exist_ok=True)
    return models.Chroot.objects.select_related("base").get()


def _workshop(scene: Scene) -> Workshop:
    return Workshop(scene.site.places, scene.clock)


def _kinds(kind: EventKind) -> list[str]:
    return [event.detail for event in models.Event.objects.filter(kind=kind)]


def test_one_is_due_when_it_is_old_or_asked_for_and_not_when_it_is_off(scene: Scene) -> None:
    now = scene.clock()
    assert not is_due(_chroot(scene, made_at=now - 23 * HOUR), now)
    assert is_due(_chroot(scene, made_at=now - 25 * HOUR), now)
    assert not is_due(_chroot(scene, is_active=False), now)
    assert not is_due(_chroot(scene, is_active=True, backend="schroot"), now)
    assert not is_due(_chroot(scene, backend="unshare", refresh_hours=0), now)
    assert is_due(_chroot(scene, asked_at=now), now)
    never = _chroot(scene, made_at=None, generation="", asked_at=None, refresh_hours=24)
    assert not is_due(never, now)


def test_only_administrators_may_ask(scene: Scene) -> None:
    chroot = _chroot(scene)
    with pytest.raises(NotAllowed):
        ask_refresh(scene.site, Actor("pat"), chroot)
    assert not is_due(_chroot(scene), scene.clock())
    ask_refresh(scene.site, Actor("root", is_admin=True), chroot)
    assert is_due(_chroot(scene), scene.clock())


def test_a_mirror_that_is_away_is_told_once_and_tried_again_later(scene: Scene) -> None:
    models.AptSource.objects.update(url="file:///gone")
    old = _chroot(scene, made_at=scene.clock() - 30 * HOUR)
    assert refresh_chroots(_workshop(scene)) == [EventKind.CHROOT_FAILED]
    chroot = _chroot(scene)
    assert (chroot.generation, chroot.made_at) == (old.generation, old.made_at)
    assert "/gone" in chroot.problem
    assert chroot.is_active
    assert refresh_chroots(_workshop(scene)) == []
    assert _chroot(scene).tried_at == chroot.tried_at  # it was too early
    scene.clock.now += HOUR
    assert refresh_chroots(_workshop(scene)) == []
    assert _chroot(scene).tried_at != chroot.tried_at
    assert len(_kinds(EventKind.CHROOT_FAILED)) == 1


def test_one_that_is_too_old_is_told_once_a_generation(scene: Scene) -> None:
    made_at = scene.clock() - 15 * DAY
    _chroot(scene, made_at=made_at, problem="no route to host\nmore", tried_at=made_at)
    assert watch_expiry(scene.clock) == [EventKind.CHROOT_EXPIRES]
    assert watch_expiry(scene.clock) == []
    (told,) = _kinds(EventKind.CHROOT_EXPIRES)
    assert told == "trixie amd64 (unshare) 20261120T120000Z: no route to host"
    _chroot(scene, generation="20261121T120000Z")
    assert watch_expiry(scene.clock) == [EventKind.CHROOT_EXPIRES]
    _chroot(scene, generation="20261122T120000Z", refresh_hours=0)
    assert watch_expiry(scene.clock) == []


def test_lists_past_their_date_make_it_too_old(scene: Scene) -> None:
    now = scene.clock()
    _chroot(scene, made_at=now - 3 * DAY, valid_until=now - HOUR)
    assert watch_expiry(scene.clock) == [EventKind.CHROOT_EXPIRES]


def test_what_was_never_made_can_not_be_checked(scene: Scene) -> None:
    _chroot(scene, made_at=None, generation="")
    with pytest.raises(ChrootUnknown, match="chroot create trixie amd64"):
        check_chroot(_workshop(scene), find_chroot("trixie", "amd64"))
    with pytest.raises(ChrootUnknown):
        find_chroot("sid", "amd64")
