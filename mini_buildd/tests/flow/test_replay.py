"""Sending again what somebody else has signed: what that can do, and what it cannot."""

from datetime import timedelta

import pytest

from mini_buildd.db import models
from mini_buildd.domain.permission import SELF
from mini_buildd.flow import sweep
from mini_buildd.flow.remove import remove
from mini_buildd.tests.flow.package import Files, SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.test_collect import collect_all
from mini_buildd.tests.flow.tree import pool
from mini_buildd.wire.task import BuildStatus

SECOND = "1.0-1~test13+2"


def sent(scene: Scene, files: Files) -> models.Upload:
    """What becomes of just these bytes."""
    arrival = list(scene.send(files).values())[-1]
    sweep.take_in(scene.site, lambda _: False)
    return models.Upload.objects.get(token=arrival.token)


@pytest.fixture
def heard(scene: Scene) -> Files:
    """An upload of Pat's that somebody has heard on its way."""
    return SourcePackage().upload(scene.packager)


def test_what_was_removed_does_not_come_back(scene: Scene, heard: Files) -> None:
    """Not even when nothing of it is left, neither in a suite nor in the pool."""
    models.Suite.objects.update(kept_rollbacks=0, kept_days=1)
    assert sent(scene, heard).state == "accepted"
    for task in scene.assign():
        scene.report(task)
    scene.publish_all()
    remove(scene.site, SELF, scene.distribution(), ["hello"], force=True)
    scene.publish_all()
    scene.clock.now += timedelta(days=2)
    collect_all(scene)
    assert pool(scene) == []
    assert sent(scene, heard).problem_code == "version-exists"


def test_what_failed_is_not_built_again_by_somebody_else(scene: Scene, heard: Files) -> None:
    assert sent(scene, heard).state == "accepted"
    for task in scene.assign():
        scene.report(task, scene.result(task, BuildStatus.FAILED, reason="no"))
    scene.publish_all()
    assert models.Source.objects.get().state == "failed"
    assert sent(scene, heard).problem_code == "version-exists"


def test_what_a_later_version_has_replaced_does_not_come_back(scene: Scene, heard: Files) -> None:
    models.Grant.objects.update(role=1)  # so that it is rejected when it comes
    assert sent(scene, heard).problem_code == "signer-not-allowed"
    models.Grant.objects.update(role=2)
    scene.accepted(SourcePackage(version=SECOND))
    assert sent(scene, heard).problem_code == "version-too-low"


def test_what_was_rejected_is_what_its_signer_wanted_and_can_be_sent_again(
    scene: Scene, heard: Files
) -> None:
    """So can it by its signer; a later version or a revoked key is what ends that, or the years."""
    models.Suite.objects.update(accepts_uploads=False)
    assert sent(scene, heard).problem_code == "distribution-closed"
    models.Suite.objects.update(accepts_uploads=True)
    models.OpenPGPKey.objects.update(is_active=False)
    assert sent(scene, heard).problem_code == "signer-unknown"
    models.OpenPGPKey.objects.update(is_active=True)
    assert sent(scene, heard).state == "accepted"
