"""kill -9 of the daemon at random moments between upload and publication, many times.

After each kill the daemon is started again and nobody helps: every upload must end published,
once, with one successful attempt; and the tree must be whole at every moment, also while nobody
serves it.
"""

import random
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from mini_buildd.tests.archive.published import NotWhole, packages
from mini_buildd.tests.figures import table
from mini_buildd.tests.instance import processes
from mini_buildd.tests.packager import Upload
from mini_buildd.tests.scenario import Scenario

_ROUNDS = 30


@dataclass(slots=True)
class Round:
    """One upload with one kill: after how long, in which state, and what came of it."""

    after_seconds: float
    state: str = ""
    seconds: float = 0
    faults: list[str] = field(default_factory=list)


def run(arguments: list[str]) -> int:
    """As many rounds as the argument says (30); the exit status is 1 when one has a fault."""
    count = int(arguments[0]) if arguments else _ROUNDS
    folder = Path(tempfile.mkdtemp(prefix="mbd-kill-"))
    scene = Scenario(folder)
    try:
        scene.set_up()
        scene.instance.start()
        rounds = [play(scene, number, count) for number in range(1, count + 1)]
        leftovers = leftovers_of(scene)
    finally:
        scene.close()
        shutil.rmtree(folder, ignore_errors=True)
    _print(rounds, leftovers)
    return 1 if leftovers or any(each.faults for each in rounds) else 0


def play(scene: Scenario, number: int, count: int) -> Round:
    """Half of the kills come early, around verification; the others anywhere in the build."""
    rng = random.Random(number)  # noqa: S311  # moments, not secrets
    typical = 0.5 if number <= count // 2 else 20.0
    this = Round(rng.uniform(0, typical))
    instance = scene.instance
    upload = scene.make_tiny(version=scene.version(f"1.{number}"))
    started = time.monotonic()
    scene.packager.dput(instance, upload)
    time.sleep(this.after_seconds)
    instance.kill()
    this.state = _state(scene, upload)
    this.faults += _tree_faults(scene)
    instance.start()
    try:
        row = instance.upload_of(upload.name)
        source = instance.wait_for_source(row["id"], "published", "failed", seconds=300)
        this.faults += _row_faults(scene, source["id"], source["state"])
    except AssertionError as error:
        this.faults.append(str(error))
    this.faults += _tree_faults(scene)
    this.seconds = time.monotonic() - started
    return this


def _state(scene: Scenario, upload: Upload) -> str:
    """How far the upload had come when the daemon was killed."""
    row = scene.instance.one(
        "SELECT u.state AS upload, s.state AS source, j.state AS job FROM mini_buildd_upload u"
        " LEFT JOIN mini_buildd_source s ON s.upload_id = u.id"
        " LEFT JOIN mini_buildd_job j ON j.source_id = s.id WHERE u.changes_name = ?",
        upload.name,
    )
    return "in the spool" if row is None else str(row["job"] or row["source"] or row["upload"])


def _row_faults(scene: Scenario, source_id: int, state: str) -> list[str]:
    """What the rows of one upload must say."""
    checks: list[tuple[str, str, int]] = [
        ("publications", "mini_buildd_publication WHERE cause_id = ?", 1),
        ("entries", "mini_buildd_suiteentry WHERE binary_id IS NULL AND source_id = ?", 1),
        ("successful attempts", _SUCCESSES, 1),
    ]
    faults = [] if state == "published" else [f"it ended {state}"]
    for what, where, expected in checks:
        found = scene.instance.rows(f"SELECT count(*) AS n FROM {where}", source_id)[0]["n"]  # noqa: S608  # from above
        if found != expected:
            faults.append(f"{found} {what}")
    return faults


def _tree_faults(scene: Scenario) -> list[str]:
    """Read the published tree as plain files: the signature holds, and so does every hash."""
    tree = scene.instance.home / "archive" / "test"
    try:
        packages(tree, tree / "dists" / scene.distribution)
    except (NotWhole, OSError) as error:
        return [str(error)]
    return []


_SUCCESSES = (
    "mini_buildd_attempt WHERE outcome = 'succeeded'"
    " AND job_id IN (SELECT id FROM mini_buildd_job WHERE source_id = ?)"
)


def leftovers_of(scene: Scenario) -> list[str]:
    """Processes and folders that no build needs any more."""
    scene.instance.stop()
    home = str(scene.instance.home).encode()
    left = [command.decode(errors="replace") for _, command in processes() if home in command]
    spool = scene.instance.home / "spool"
    left += [str(path) for path in spool.rglob("*") if path.is_file()]
    results = (scene.instance.home / "builds").glob("*/results")
    return left + [str(path) for path in results]


def _print(rounds: list[Round], leftovers: list[str]) -> None:
    table(
        f"kill: {len(rounds)} uploads, the daemon killed once in each",
        ("round", "killed after s", "while", "published after s", "faults"),
        [
            (
                number,
                f"{each.after_seconds:.2f}",
                each.state,
                f"{each.seconds:.1f}",
                "; ".join(each.faults) or "none",
            )
            for number, each in enumerate(rounds, start=1)
        ],
    )
    print(f"  left behind: {leftovers or 'nothing'}")
