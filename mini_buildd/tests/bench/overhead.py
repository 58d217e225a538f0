"""What the daemon adds to a build: "upload complete" to "installable", less sbuild's own time.

The same source is built by hand with plain sbuild on the same chroot, in turns with ours, so that
what else the machine does weighs on both alike.
"""

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mini_buildd.tests.figures import table
from mini_buildd.tests.instance import wait_for
from mini_buildd.tests.packager import Upload, ftp
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import first_available

_CANDIDATES = ("hello", "figlet", "sl")
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds of one round: by hand; ours from upload to installable, and sbuild's part of it."""

    plain: float
    ours: float
    sbuild: float

    @property
    def overhead(self) -> float:
        """What ours took beyond its sbuild."""
        return self.ours - self.sbuild


def main(arguments: list[str]) -> int:
    """As many rounds as the argument says; returns the exit status."""
    run(int(arguments[0]) if arguments else _ROUNDS)
    return 0


def run(rounds: int) -> list[Round]:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="mbd-bench-"))
    scene = Scenario(folder)
    try:
        scene.set_up()
        scene.instance.start()
        dsc = first_available(_CANDIDATES, scene.codename, folder)
        measured = [_measure(scene, dsc, number) for number in range(1, rounds + 1)]
    finally:
        scene.close()
        shutil.rmtree(folder, ignore_errors=True)
    _print(dsc, measured)
    return measured


def _measure(scene: Scenario, dsc: Path, number: int) -> Round:
    upstream = dsc.stem.partition("_")[2]
    tree = scene.packager.unpack(dsc, scene.folder / "work" / str(number))
    version = scene.version(upstream, number)
    scene.packager.change(tree, version=version, distribution=scene.distribution, text="Measured.")
    upload = scene.packager.build_source(tree)
    plain = _by_hand(scene, upload)
    ours, sbuild = _by_daemon(scene, upload, version)
    return Round(plain, ours, sbuild)


def _by_hand(scene: Scenario, upload: Upload) -> float:
    """Plain sbuild, as a person calls it."""
    folder = scene.folder / "by-hand"
    folder.mkdir()
    (dsc,) = (path for path in upload.files if path.name.endswith(".dsc"))
    config = folder / "sbuildrc"
    config.write_text("1;\n", encoding="ascii")
    started = time.monotonic()
    with (folder / "log").open("wb") as log:
        subprocess.run(
            [
                "sbuild",
                f"--dist={scene.codename}",
                "--arch-all",
                "--chroot-mode=unshare",
                f"--chroot={scene.chroot}",
                "--no-run-lintian",
                str(dsc),
            ],
            cwd=folder,
            check=True,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "SBUILD_CONFIG": str(config)},
        )
    seconds = time.monotonic() - started
    shutil.rmtree(folder)
    return seconds


def _by_daemon(scene: Scenario, upload: Upload, version: str) -> tuple[float, float]:
    """Seconds from the last byte of the upload to installable, and sbuild's part of them."""
    instance = scene.instance
    index = f"/archive/test/dists/{scene.distribution}/main/binary-{scene.architecture}/Packages"
    ftp(instance, *upload.files, upload.changes)
    started = time.monotonic()
    wanted = f"Version: {version}\n".encode()
    wait_for("installable", lambda: wanted in instance.get(index)[1], seconds=1800, interval=0.01)
    ours = time.monotonic() - started
    row = instance.upload_of(upload.name)
    job = instance.job_of(row["id"])
    attempt = instance.attempt_of(job["id"]) if job else None
    if attempt is None:
        raise AssertionError("published without an attempt")
    log = instance.home / "builds" / attempt["token"] / "log"
    ended = log.stat().st_mtime
    begun = datetime.fromisoformat(attempt["started_at"]).replace(tzinfo=UTC).timestamp()
    return ours, ended - begun


def _print(dsc: Path, rounds: list[Round]) -> None:
    table(
        f"overhead: {dsc.name}, seconds from upload complete to installable",
        ("round", "plain sbuild", "ours", "of it sbuild", "overhead", "ours / plain"),
        [
            (
                number,
                f"{each.plain:.2f}",
                f"{each.ours:.2f}",
                f"{each.sbuild:.2f}",
                f"{each.overhead:.2f}",
                f"{each.ours / each.plain:.2f}",
            )
            for number, each in enumerate(rounds, start=1)
        ],
    )
    ratio = statistics.median(each.ours for each in rounds) / statistics.median(
        each.plain for each in rounds
    )
    overhead = statistics.median(each.overhead for each in rounds)
    print(f"  median overhead {overhead:.2f} s (mini-buildd 2: 1.1 s; aim: under 1 s)")
    print(f"  median of the whole: {ratio:.2f} times a plain sbuild (mini-buildd 2: 1.27 times)")
