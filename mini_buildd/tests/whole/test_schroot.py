"""The other backend: builds in a schroot that root has prepared."""

import sqlite3
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import pytest

from mini_buildd.tests import schroot
from mini_buildd.tests.instance import wait_for
from mini_buildd.tests.scenario import Scenario

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(
        not schroot.is_available(), reason="only root can prepare a schroot; ./devel does as root"
    ),
]


def ended(scene: Scenario, upload_id: int) -> sqlite3.Row | None:
    """The first attempt of an upload, once it is over."""
    job = scene.instance.job_of(upload_id)
    attempt = scene.instance.attempt_of(job["id"]) if job is not None else None
    return attempt if attempt is not None and attempt["outcome"] else None


def test_a_package_is_built_with_one_that_was_published_before(short_folder: Path) -> None:
    scene = Scenario(Path(tempfile.mkdtemp(prefix="schroot-", dir=short_folder)))
    scene.instance.backend = "schroot"
    try:
        scene.set_up()
        scene.instance.start()
        for name in ("mbd-tiny", "mbd-needy"):
            upload = scene.make_tiny(name)
            scene.packager.dput(scene.instance, upload)
            row = scene.instance.upload_of(upload.name)
            attempt = wait_for("its end", partial(ended, scene, row["id"]), seconds=300)
            assert attempt["outcome"] == "succeeded", scene.log_of(attempt["job_id"])
            scene.instance.wait_for_source(row["id"], "published")
    finally:
        scene.close()
    sessions = subprocess.run(
        ["schroot", "--list", "--all-sessions"], capture_output=True, text=True, check=True
    )
    assert schroot.chroot_name() not in sessions.stdout
