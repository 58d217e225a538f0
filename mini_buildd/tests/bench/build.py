"""Building beside plain sbuild: the same sources, in one run, in turns.

By hand a build begins with the command and ends with it. Ours begins when the last byte of the
upload has been sent, and ends when apt could install the package: verifying, planning, judging and
publishing are counted too. The first build of a source finds none of its build dependencies
installed; the second one is a later version of the same source, as a packager uploads it.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mini_buildd.tests import schroot
from mini_buildd.tests.bench.by_hand import Taken, build_by_hand
from mini_buildd.tests.figures import table
from mini_buildd.tests.instance import wait_for
from mini_buildd.tests.packager import Upload, ftp
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import DebianSources
from mini_buildd.wire.task import PhaseTime

_SOURCES = ("hello", "bc", "zlib", "lua5.4")
_DEPENDENCIES = ("Install package build dependencies", "Build dependencies", "Update chroot")


@dataclass(frozen=True, slots=True)
class Ours:
    """One build of ours: what its supervisor took, and *whole*, from upload to installable."""

    taken: Taken
    whole: float

    @property
    def share(self) -> float:
        """The daemon's own share."""
        return self.whole - self.taken.wall


@dataclass(slots=True)
class Case:
    """One source and what its builds took."""

    source: str
    by_hand: dict[str, Taken] = field(default_factory=dict)
    first: Ours | None = None
    repeated: Ours | None = None


def main(arguments: list[str]) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="./devel bench build", description=__doc__)
    parser.add_argument("source", nargs="*", default=_SOURCES)
    options = parser.parse_args(arguments)
    run(options.source)
    return 0


def run(sources: Iterable[str]) -> list[Case]:
    """All of *sources*; those that the mirror does not have are left out, and named."""
    folder = Path(tempfile.mkdtemp(prefix="mbd-bench-"))
    scene = Scenario(folder)
    try:
        scene.set_up()
        scene.instance.start()
        fetched = DebianSources(scene.codename, folder / "apt")
        fetched.prepare()
        cases = []
        for source in sources:
            try:
                dsc = fetched.fetch(source, folder / "debian" / source)
            except AssertionError as error:
                print(f"{source} is not to be had: {str(error).splitlines()[-1]}")
                continue
            cases.append(_measure(scene, source, dsc))
    finally:
        scene.close()
        shutil.rmtree(folder, ignore_errors=True)
    _print(cases)
    return cases


def _measure(scene: Scenario, source: str, dsc: Path) -> Case:
    case = Case(source)
    uploads = [_upload(scene, source, dsc, number) for number in (1, 2)]
    (first_dsc,) = (path for path in uploads[0][0].files if path.name.endswith(".dsc"))
    chroots = {"unshare": str(scene.chroot)}
    if schroot.is_available():
        chroots["schroot"] = schroot.chroot_name()
    for mode, chroot in chroots.items():
        place = scene.folder / f"by-hand-{mode}"
        case.by_hand[mode] = build_by_hand(
            first_dsc, place, codename=scene.codename, mode=mode, chroot=chroot
        )
    case.first, case.repeated = (_by_daemon(scene, *upload) for upload in uploads)
    return case


def _upload(scene: Scenario, source: str, dsc: Path, number: int) -> tuple[Upload, str]:
    tree = scene.packager.unpack(dsc, scene.folder / "work" / source / str(number))
    version = scene.version(dsc.stem.partition("_")[2], number)
    scene.packager.change(tree, version=version, distribution=scene.distribution, text="Measured.")
    return scene.packager.build_source(tree), version


def _by_daemon(scene: Scenario, upload: Upload, version: str) -> Ours:
    instance = scene.instance
    index = f"/archive/test/dists/{scene.distribution}/main/binary-{scene.architecture}/Packages.gz"
    ftp(instance, *upload.files, upload.changes)
    began, etag = time.monotonic(), instance.get(index)[2].get("ETag")
    sql = (
        "SELECT a.* FROM mini_buildd_attempt a JOIN mini_buildd_job j ON j.id = a.job_id"
        " JOIN mini_buildd_source s ON s.id = j.source_id WHERE s.version LIKE ? AND s.state IN"
        " ('published', 'failed') ORDER BY a.id DESC"
    )
    row = wait_for(
        "published", lambda: instance.one(sql, f"%{version}"), seconds=3600, interval=0.02
    )
    whole = time.monotonic() - began
    if row["outcome"] != "succeeded" or instance.get(index)[2].get("ETag") == etag:
        raise AssertionError(f"{version}: {row['reason']}")
    started, finished = (
        datetime.fromisoformat(row[name]).replace(tzinfo=UTC).timestamp()
        for name in ("started_at", "finished_at")
    )
    phases = tuple(PhaseTime(title=t, seconds=s) for t, s in json.loads(row["phases"]))
    return Ours(Taken(finished - started, row["cpu_seconds"], phases), whole)


def _print(cases: list[Case]) -> None:
    rows = [row for case in cases for row in _rows(case)]
    head = ("source", "how", "wall s", "CPU s", "dependencies", "build", "whole", "daemon")
    table("build: seconds by hand, and from upload to installable", head, rows)
    ratios = [row for case in cases for row in _ratios(case)]
    table(
        "build: ours in parts of plain sbuild's wall time (CPU time)",
        ("source", "plain", "first", "repeated", "first, whole", "repeated, whole"),
        ratios,
    )
    shares = [each.share for case in cases for each in (case.first, case.repeated) if each]
    if shares:
        print(f"  the daemon's own share: median {statistics.median(shares):.2f} s (aim: 0.5)")


def _rows(case: Case) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [
        (case.source, f"plain {mode}", *_figures(taken), "", "")
        for mode, taken in case.by_hand.items()
    ]
    for how, ours in (("first", case.first), ("repeated", case.repeated)):
        if ours is not None:
            whole = (f"{ours.whole:.1f}", f"{ours.share:.2f}")
            rows.append((case.source, f"ours, {how}", *_figures(ours.taken), *whole))
    return rows


def _figures(taken: Taken) -> tuple[str, ...]:
    parts = (taken.wall, taken.cpu, taken.seconds(*_DEPENDENCIES), taken.seconds("Build"))
    return tuple(f"{part:.1f}" for part in parts)


def _ratios(case: Case) -> list[tuple[object, ...]]:
    if case.first is None or case.repeated is None:
        return []
    first, repeated = case.first, case.repeated
    return [
        (
            case.source,
            mode,
            *(
                f"{ours.taken.wall / plain.wall:.2f} ({ours.taken.cpu / plain.cpu:.2f})"
                for ours in (first, repeated)
            ),
            *(f"{ours.whole / plain.wall:.2f}" for ours in (first, repeated)),
        )
        for mode, plain in case.by_hand.items()
    ]
