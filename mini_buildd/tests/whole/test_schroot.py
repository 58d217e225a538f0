"""The other backend: builds in a schroot that root has prepared."""

import subprocess
import tempfile
from pathlib import Path

import pytest

from mini_buildd.tests import schroot
from mini_buildd.tests.scenario import Scenario

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(
        not schroot.is_available(), reason="only root can prepare a schroot; ./devel does as root"
    ),
]


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
            scene.instance.wait_for_source(row["id"], "published", "failed")
            job = scene.instance.job_of(row["id"])
            assert job is not None
            assert (job["state"], job["reason"]) == ("succeeded", ""), scene.log_of(job["id"])
    finally:
        scene.close()
    sessions = subprocess.run(
        ["schroot", "--list", "--all-sessions"], capture_output=True, text=True, check=True
    )
    assert schroot.chroot_name() not in sessions.stdout
