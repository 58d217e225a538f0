"""Rotating and retiring keys while the instance runs, and the alarm before one runs out."""

from datetime import timedelta

import pytest

from mini_buildd.db import models
from mini_buildd.deb.names import Fingerprint
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import KeyIsLast, KeyUnknown
from mini_buildd.flow.keys import retire, rotate, watch_keys
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.tests.flow.scene import Scene


def told() -> list[str]:
    """The details of the alarms."""
    events = models.Event.objects.filter(kind="key.expires")
    return list(events.order_by("id").values_list("detail", flat=True))


def test_what_signs_follows_each_rotation_and_retirement(keyed: Scene) -> None:
    places, signer = keyed.site.places, keyed.site.signer
    (old,) = signer.fingerprints
    assert rotate(places, "example", clock=keyed.clock, by=Actor("ada", is_admin=True)) == [
        "key.rotated"
    ]
    new = signer.fingerprints[0]
    assert set(signer.fingerprints) == {new, old}
    assert signer.clearsign(b"text\n").count(b"BEGIN PGP SIGNATURE") == 1
    assert retire(places, old, clock=keyed.clock, by=Actor("ada", is_admin=True)) == ["key.retired"]
    assert retire(places, old, clock=keyed.clock, by=Actor("ada", is_admin=True)) == []
    assert signer.fingerprints == (new,)
    details = models.Event.objects.order_by("id").values_list("detail", flat=True)
    assert list(details) == [f"{new} signs, by ada", f"{old} signs no more, by ada"]


def test_the_last_key_and_an_unknown_one_are_not_retired(keyed: Scene) -> None:
    (only,) = keyed.site.signer.fingerprints
    for fingerprint, cause in ((only, KeyIsLast), (Fingerprint("0" * 40), KeyUnknown)):
        with pytest.raises(cause):
            retire(
                keyed.site.places, fingerprint, clock=keyed.clock, by=Actor("ada", is_admin=True)
            )
    assert keyed.site.signer.fingerprints == (only,)
    assert not models.Event.objects.exists()


def test_the_alarm_comes_once_for_each_threshold(keyed: Scene) -> None:
    (key,) = ArchiveKeys(keyed.site.places.gnupg).listing()
    assert key.expires_at is not None
    assert watch_keys(keyed.site) == []
    for days, words in ((59, "less than 60 days"), (13, "less than 14 days"), (-1, "has expired")):
        keyed.clock.now = key.expires_at - timedelta(days=days)
        assert watch_keys(keyed.site) == ["key.expires"]
        assert watch_keys(keyed.site) == []
        assert words in told()[-1]
        assert told()[-1].startswith(key.fingerprint)
        assert told()[-1].endswith("mini-buildd key rotate")
    rotate(keyed.site.places, "example", clock=keyed.clock, by=Actor("ada", is_admin=True))
    assert len(told()) == 3
