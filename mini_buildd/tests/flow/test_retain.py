"""Retention: what a suite says is kept, and what can no longer be had is no longer offered."""

from datetime import timedelta

import pytest

from mini_buildd.db import models
from mini_buildd.domain.permission import SELF
from mini_buildd.domain.problem import VersionNotKept
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow import publish, snapshot
from mini_buildd.flow.retain import retain
from mini_buildd.flow.revise import Order, revise
from mini_buildd.flow.rollback import rollback
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.tests.flow.tree import folders, numbers


def more_versions(scene: Scene, count: int, days: float = 3) -> None:
    """Publish so many versions of unstable, so many days apart."""
    for _ in range(count):
        scene.clock.now += timedelta(days=days)
        revise(scene.site, scene.distribution(), Order(SELF, Cause.COPY))
        publish.carry_out(scene.site, scene.distribution())


@pytest.fixture
def kept_two(scene: Scene) -> Scene:
    """Of unstable, two versions are kept beside the published one; it is at version 6."""
    scene.publish_all()
    models.Suite.objects.filter(name="unstable").update(kept_rollbacks=2, kept_days=2)
    more_versions(scene, 5)
    return scene


def test_the_published_one_and_so_many_before_it_stay(kept_two: Scene) -> None:
    assert folders(kept_two) == [1, 2, 3, 4, 5, 6]
    assert retain(kept_two.site, kept_two.distribution()) == {1, 2, 3}
    assert folders(kept_two) == numbers() == [4, 5, 6]
    assert retain(kept_two.site, kept_two.distribution()) == set()


def test_what_ended_lately_stays_for_those_who_read_it(kept_two: Scene) -> None:
    more_versions(kept_two, 4, days=0.5)
    retain(kept_two.site, kept_two.distribution())
    # Version 6 ended one and a half days ago.
    assert folders(kept_two) == numbers() == [6, 7, 8, 9, 10]


def test_what_a_snapshot_names_stays_as_long_as_it(kept_two: Scene) -> None:
    repository = models.Repository.objects.get()
    snapshot.take(kept_two.site, SELF, repository, SnapshotName("kept"))
    more_versions(kept_two, 4)
    retain(kept_two.site, kept_two.distribution())
    assert folders(kept_two) == numbers() == [6, 8, 9, 10]
    snapshot.drop(kept_two.site, SELF, repository, "kept")
    retain(kept_two.site, kept_two.distribution())
    assert folders(kept_two) == numbers() == [8, 9, 10]


def test_what_was_never_seen_counts_for_nothing(kept_two: Scene) -> None:
    """Of several versions decided at once only the last is written."""
    for _ in range(5):
        revise(kept_two.site, kept_two.distribution(), Order(SELF, Cause.COPY))
    publish.carry_out(kept_two.site, kept_two.distribution())
    retain(kept_two.site, kept_two.distribution())
    assert folders(kept_two) == numbers() == [5, 6, 11]  # 5 and 6 are the two before 11


def test_nobody_goes_back_to_what_is_removed(kept_two: Scene) -> None:
    retain(kept_two.site, kept_two.distribution())
    with pytest.raises(VersionNotKept, match="that is kept: 4, 5, 6"):
        rollback(kept_two.site, SELF, kept_two.distribution(), 3)
    assert not kept_two.distribution().publications.filter(published_at=None).exists()


def test_what_is_decided_and_not_yet_written_is_no_matter_of_retention(kept_two: Scene) -> None:
    revise(kept_two.site, kept_two.distribution(), Order(SELF, Cause.COPY))
    retain(kept_two.site, kept_two.distribution())
    assert numbers() == [4, 5, 6, 7]
    publish.carry_out(kept_two.site, kept_two.distribution())
    assert folders(kept_two) == [4, 5, 6, 7]


def test_a_suite_that_was_never_published_is_left_alone(scene: Scene) -> None:
    assert retain(scene.site, scene.distribution()) == set()


def test_killed_between_any_two_effects_the_next_run_completes_it(real: Scene) -> None:
    real.publish_all()
    models.Suite.objects.filter(name="unstable").update(kept_rollbacks=0, kept_days=1)
    effects = 0
    while True:
        more_versions(real, 2)
        real.clock.now += timedelta(days=2)
        came_to_its_end = runs_to_its_end(
            lambda: retain(real.site, real.distribution()), effects=effects
        )
        assert set(numbers()) <= set(folders(real)), effects
        retain(real.site, real.distribution())
        (published,) = numbers()
        assert folders(real) == [published], effects
        if came_to_its_end:
            break
        effects += 7
    assert effects > 7, "it had effects"


def test_beside_publishing_it_removes_nothing_that_is_shown(real: Scene) -> None:
    real.publish_all()
    models.Suite.objects.filter(name="unstable").update(kept_rollbacks=0, kept_days=1)
    more_versions(real, 2)

    def publish_more() -> None:
        more_versions(real, 5, days=2)

    def remove() -> None:
        for _ in range(5):
            retain(real.site, real.distribution())

    assert at_once(publish_more, remove) == []
    real.clock.now += timedelta(days=2)
    retain(real.site, real.distribution())
    assert folders(real) == numbers() == [8]
