"""Leftovers: gone after their time, and nothing that somebody still waits for."""

import os
import time
from pathlib import Path

from mini_buildd.db import models
from mini_buildd.flow.expire import expire
from mini_buildd.flow.receive import receive
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene


def age(path: Path, seconds: int) -> None:
    """Let *path* be so old."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_what_nobody_meant_goes_after_its_time(scene: Scene) -> None:
    old, new = scene.send({"a.deb": b"a", "b.deb": b"b"}).values()
    age(old.path, 25 * 3600)
    age(new.path, 23 * 3600)
    expire(scene.site)
    assert (old.path.exists(), new.path.exists()) == (False, True)


def test_a_settled_upload_that_a_crash_left_goes_and_a_waiting_one_stays(scene: Scene) -> None:
    waiting = scene.upload()
    receive(scene.site, waiting, is_final=True)
    settled = scene.take_in(SourcePackage("other"))
    folders = [scene.site.spool.upload(token) for token in (waiting.token, settled.token, "nobody")]
    for folder in folders:
        folder.mkdir(exist_ok=True)
        age(folder, 25 * 3600)
    models.Upload.objects.filter(token=waiting.token).update(state="received")
    expire(scene.site)
    assert [folder.exists() for folder in folders] == [True, False, False]
