"""Architectures that this machine emulates: a chroot for each, and a build that runs what it made.

``./devel campaign foreign [ARCHITECTURE..]``, arm64 when none is named. It takes minutes, since
every program of the chroot runs in qemu.
"""

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.deb.names import Architecture
from mini_buildd.tests.figures import table
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tools.foreign import private_registration, runnable_architectures

_BUILD_SECONDS = 1800


@dataclass(slots=True)
class Trial:
    """One architecture; *outcome* is "published" when all is well."""

    architecture: str
    kind: str
    chroot_seconds: float = 0
    build_seconds: float = 0
    outcome: str = "cannot run here: install qemu-user-static and binfmt-support"


def run(arguments: list[str]) -> int:
    """Try each; the exit status is 1 when one could not be built for."""
    trials = [try_out(Architecture(each)) for each in arguments or ["arm64"]]
    table(
        "foreign architectures",
        ("architecture", "kind", "setup s", "build s", "outcome"),
        [
            (
                trial.architecture,
                trial.kind,
                f"{trial.chroot_seconds:.0f}",
                f"{trial.build_seconds:.0f}",
                trial.outcome,
            )
            for trial in trials
        ],
    )
    return int(any(trial.outcome != "published" for trial in trials))


def try_out(architecture: Architecture) -> Trial:
    """An instance for this machine's architecture and that one; a program compiled for both."""
    trial = Trial(architecture, _kind(architecture))
    if not trial.kind:
        return trial
    folder = Path(tempfile.mkdtemp(prefix="mbd-foreign-"))
    scene = Scenario(folder, others=(architecture,))
    try:
        started = time.monotonic()
        scene.set_up()
        trial.chroot_seconds = time.monotonic() - started
        scene.instance.start()
        _build(scene, trial)
    finally:
        scene.close()
        shutil.rmtree(folder, ignore_errors=True)
    return trial


def _kind(architecture: Architecture) -> str:
    """How such programs run here; empty when they do not."""
    if architecture in runnable_architectures():
        return "by the kernel"
    return "emulated by our own registration" if private_registration(architecture) else ""


def _build(scene: Scenario, trial: Trial) -> None:
    started = time.monotonic()
    upload = scene.make_tiny("mbd-cc")
    scene.packager.dput(scene.instance, upload)
    upload_id = scene.instance.upload_of(upload.name)["id"]
    source = scene.instance.wait_for_source(
        upload_id, "published", "failed", seconds=_BUILD_SECONDS
    )
    trial.build_seconds = time.monotonic() - started
    trial.outcome = source["state"]
    for job in scene.instance.rows("SELECT * FROM mini_buildd_job WHERE state != 'succeeded'"):
        trial.outcome += f"; {job['architecture']}: {job['reason']}\n{scene.log_of(job['id'])}"
