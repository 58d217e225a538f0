"""kill -9 of daemon, supervisor and sbuild at random moments, reboots, and cancels in every state.

Each round has two uploads. Of the one, something that builds it is killed, and nobody helps: it
must end published, once, with one successful attempt, and whatever was killed must stand in its
right state within a minute. The other is cancelled from the command line, in whatever state it is:
it must have ended within ten seconds, or the cancel must have been refused as too late. At the end
as many processes, mounts, sessions and folders are there as at the beginning.
"""

import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mini_buildd.buildd.sweep import find_stragglers
from mini_buildd.kit.process import boot_id
from mini_buildd.tests.figures import table
from mini_buildd.tests.instance import Unfulfilled, processes, wait_for
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import tiny

_ROUNDS = 100
_BUILD_SECONDS = 4
_MOMENTS_SECONDS = 6.0  # a little less than a build takes altogether
_RIGHT_STATE_SECONDS = 60.0
_CANCEL_SECONDS = 10.0
_PUBLISH_SECONDS = 600.0

# What a build leaves behind when nobody ends it: an orphan that ignores SIGTERM.
_RULES = (
    "build-arch: counted\nbuild-indep:\ncounted:\n"
    "\t(trap '' TERM; setsid sh -c \"trap '' TERM; sleep 600\" >/dev/null 2>&1 &)\n"
    f"\tfor i in $$(seq {_BUILD_SECONDS}); do echo count $$i; sleep 1; done\n\ttouch counted\n"
)


@dataclass(slots=True)
class Trial:
    """One upload: what was done to it while it was in which state, and what came of it."""

    name: str
    what: str
    state: str = ""
    seconds: float = 0
    attempts: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Count:
    """What is there of an instance beside its daemon."""

    processes: int
    mounts: int
    sessions: int
    folders: int


def run(arguments: list[str]) -> int:
    """As many rounds as the argument says (100); the exit status is 1 when one has a fault."""
    rounds = int(arguments[0]) if arguments else _ROUNDS
    folder = Path(tempfile.mkdtemp(prefix="mbd-build-kill-"))
    scene = Scenario(folder)
    scene.instance.slots = 2
    try:
        scene.set_up()
        scene.instance.start()
        campaign = Campaign(scene)
        before = campaign.warm_up()
        for number in range(1, rounds + 1):
            campaign.play(number)
        after = campaign.count()
    finally:
        scene.close()
        shutil.rmtree(folder, ignore_errors=True)
    _print(campaign, before, after)
    return 1 if before != after or any(each.faults for each in campaign.trials) else 0


class Campaign:
    """All rounds on one instance; *returned* tells how often its builder had to be taken back."""

    def __init__(self, scene: Scenario) -> None:
        self._scene = scene
        self._instance = scene.instance
        self.kills: list[Trial] = []
        self.cancels: list[Trial] = []
        self.returned = 0
        self._acts: Mapping[str, Callable[[str], bool]] = {
            "daemon": self._kill_daemon,
            "supervisor": self._kill_supervisor,
            "sbuild": self._kill_sbuild,
            "reboot": self._reboot,
        }

    @property
    def trials(self) -> list[Trial]:
        """All of them."""
        return [*self.kills, *self.cancels]

    def warm_up(self) -> Count:
        """One build that nobody disturbs, and what is there after it."""
        upload = self._upload("0")
        self._instance.wait_for_source(upload, "published", seconds=_PUBLISH_SECONDS)
        return self.count()

    def play(self, number: int) -> None:
        """One round; its moments depend on its *number* only."""
        rng = random.Random(number)  # noqa: S311  # moments, not secrets
        what = list(self._acts)[number % len(self._acts)]
        killed = Trial(f"1.{number}", what)
        cancelled = Trial(f"2.{number}", "cancel")
        moments = sorted(
            [
                (rng.uniform(0, _MOMENTS_SECONDS), self._kill, killed),
                (rng.uniform(0, _MOMENTS_SECONDS), self._cancel, cancelled),
            ],
            key=lambda each: each[0],
        )
        # Who comes first has a free slot; whether the other has, too, depends on the last round.
        names = [killed.name, cancelled.name]
        rng.shuffle(names)
        uploads = {name: self._upload(name) for name in names}
        began = time.monotonic()
        for after_seconds, act, trial in moments:
            time.sleep(max(0.0, began + after_seconds - time.monotonic()))
            _guarded(trial, act, uploads[trial.name])
        _guarded(killed, self._check_published, uploads[killed.name])
        _guarded(cancelled, self._check_cancelled, uploads[cancelled.name])
        self.kills.append(killed)
        self.cancels.append(cancelled)
        print(f"  {number}: {_told(killed)}; {_told(cancelled)}", flush=True)

    # --- killing ----------------------------------------------------------------------

    def _kill(self, trial: Trial, upload: int) -> None:
        """Kill what is to be killed as soon as it is there, unless the build ends before."""
        job = wait_for("a job", lambda: self._instance.job_of(upload), seconds=60)["id"]

        def kill() -> bool:
            trial.state = str(self._job(job)["state"])
            return self._has_ended(job) or self._acts[trial.what](self._token(job))

        wait_for("somebody to kill", kill, seconds=90)
        started = time.monotonic()
        open_ones = [row["id"] for row in self._attempts(job) if not row["outcome"]]
        if trial.what != "daemon":
            for attempt in open_ones:
                self._wait(
                    "its right state",
                    lambda attempt=attempt: self._outcome(attempt) or self._runs(attempt),  # type: ignore[misc]  # a default is of any type
                    _RIGHT_STATE_SECONDS,
                )
        trial.seconds = time.monotonic() - started

    def _runs(self, attempt: int) -> bool:
        """Whether the attempt goes on all the same: it had not begun, or another was killed."""
        row = self._instance.rows("SELECT * FROM mini_buildd_attempt WHERE id = ?", attempt)[0]
        return self._supervisor(str(row["token"])) is not None and not row["outcome"]

    def _kill_daemon(self, _: str) -> bool:
        self._instance.kill()
        self._instance.start()
        return True

    def _kill_supervisor(self, token: str) -> bool:
        pid = self._supervisor(token)
        return pid is not None and _killed(pid)

    def _kill_sbuild(self, token: str) -> bool:
        supervisor = self._supervisor(token)
        for pid, command in processes():
            if b"/sbuild\0" in command and _parent(pid) == supervisor:
                return _killed(pid)
        return False

    def _reboot(self, token: str) -> bool:
        """All at once, and what ran then is of another boot."""
        if self._supervisor(token) is None:
            return False
        self._instance.kill()
        for folder in self._builds.iterdir():
            while stragglers := find_stragglers(folder):
                for each in stragglers:
                    _killed(each.pid)
            note = folder / "running.json"
            if note.exists() and not (folder / "result.json").exists():
                told = json.loads(note.read_text(encoding="utf-8"))
                note.write_text(json.dumps({**told, "boot_id": f"not {boot_id()}"}))
        self._instance.start()
        return True

    def _supervisor(self, token: str) -> int | None:
        mark = token.encode()
        found = (
            pid
            for pid, command in processes()
            if b"buildd.supervisor" in command and mark in command
        )
        return next(found, None) if token else None

    # --- cancelling -------------------------------------------------------------------

    def _cancel(self, trial: Trial, upload: int) -> None:
        job = wait_for("a job", lambda: self._instance.job_of(upload), seconds=60)["id"]
        trial.state = str(self._job(job)["state"])
        done = self._instance.call("build", "cancel", str(job), check=False)
        started = time.monotonic()
        if done.returncode and "build-ended" not in done.stderr:
            raise AssertionError(done.stderr)
        if done.returncode:
            trial.what = "cancel, too late"
        self._wait("its end", lambda: self._has_ended(job), _CANCEL_SECONDS)
        trial.seconds = time.monotonic() - started

    # --- what must hold ---------------------------------------------------------------

    def _check_published(self, trial: Trial, upload: int) -> None:
        self._wait(
            "publication", lambda: self._source_state(upload) == "published", _PUBLISH_SECONDS
        )
        self._check_once(trial, upload, successes=1, publications=1)

    def _check_cancelled(self, trial: Trial, upload: int) -> None:
        job = self._instance.job_of(upload)
        if job is not None and job["state"] == "succeeded":
            if trial.what != "cancel, too late":
                raise AssertionError("it succeeded after its cancel was taken")
            self._check_published(trial, upload)
            return
        self._wait("its verdict", lambda: self._source_state(upload) == "failed", 60)
        self._check_once(trial, upload, successes=0, publications=0)

    def _check_once(self, trial: Trial, upload: int, **wanted: int) -> None:
        job = self._instance.job_of(upload)
        source = self._instance.source_of(upload)
        if job is None or source is None:
            raise AssertionError("its rows are gone")
        rows = self._attempts(job["id"])
        trial.attempts = len(rows)
        found = {
            "successes": sum(row["outcome"] == "succeeded" for row in rows),
            "publications": len(
                self._instance.rows(
                    "SELECT id FROM mini_buildd_publication WHERE cause_id = ?", source["id"]
                )
            ),
        }
        if found != wanted or not all(row["outcome"] for row in rows):
            raise AssertionError(f"{found} instead of {wanted}: {[row['outcome'] for row in rows]}")
        for row in rows:
            folder = self._builds / row["token"]
            self._wait(
                "nothing left of it",
                lambda folder=folder: not find_stragglers(folder) and not _left_in([folder]),  # type: ignore[misc]  # the same
                _RIGHT_STATE_SECONDS,
            )

    def count(self) -> Count:
        """What is there now, once all that ends by itself has ended."""
        home = str(self._instance.home)
        sessions = subprocess.run(
            ["schroot", "--list", "--all-sessions"], capture_output=True, text=True, check=False
        )
        ours = [command for _, command in processes() if home.encode() in command]
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
        noted = [path.read_text().strip() for path in self._builds.glob("*/schroot-session")]
        layers = list((self._instance.home / "layers").glob("making-*"))
        return Count(
            processes=len(ours),
            mounts=sum(home in line for line in mounts),
            sessions=sum(f"session:{name}" in sessions.stdout.split() for name in noted),
            folders=len(_left_in(self._builds.iterdir())) + len(layers),
        )

    # --- looking ----------------------------------------------------------------------

    @property
    def _builds(self) -> Path:
        return self._instance.home / "builds"

    def _upload(self, version: str) -> int:
        tree = tiny("mbd-tiny", self._scene.folder / "sources" / f"round-{version}")
        name = f"mbd-{version.partition('.')[0]}"
        for path in (tree / "debian" / "control", tree / "debian" / "rules"):
            text = path.read_text().replace("mbd-tiny", name)
            path.write_text(text.replace("build-arch build-indep:\n", _RULES))
        self._scene.packager.change(
            tree,
            version=self._scene.version(version),
            distribution=self._scene.distribution,
            text="Another one.",
        )
        upload = self._scene.packager.build_source(tree)
        self._scene.packager.dput(self._instance, upload)
        return int(self._instance.upload_of(upload.name, seconds=60)["id"])

    def _job(self, job: int) -> Any:
        return self._instance.rows("SELECT * FROM mini_buildd_job WHERE id = ?", job)[0]

    def _has_ended(self, job: int) -> bool:
        return self._job(job)["state"] in ("succeeded", "failed", "cancelled")

    def _attempts(self, job: int) -> list[Any]:
        sql = "SELECT * FROM mini_buildd_attempt WHERE job_id = ? ORDER BY id"
        return list(self._instance.rows(sql, job))

    def _token(self, job: int) -> str:
        rows = [row for row in self._attempts(job) if not row["outcome"]]
        return str(rows[-1]["token"]) if rows else ""

    def _outcome(self, attempt: int) -> str:
        row = self._instance.one("SELECT outcome FROM mini_buildd_attempt WHERE id = ?", attempt)
        return str(row["outcome"]) if row is not None else ""

    def _source_state(self, upload: int) -> str:
        row = self._instance.source_of(upload)
        return str(row["state"]) if row is not None else ""

    def _wait(self, what: str, look: Callable[[], object], seconds: float) -> None:
        """Wait, and take back the builder whenever it is set aside for what we have done to it."""

        def looked() -> bool:
            aside = "SELECT name FROM mini_buildd_builder WHERE set_aside_at IS NOT NULL"
            for row in self._instance.rows(aside):
                self._instance.call("builder", "return", row["name"], check=False)
                self.returned += 1
            return bool(look())

        wait_for(what, looked, seconds=seconds, interval=0.2)


def _guarded(trial: Trial, act: Callable[[Trial, int], None], upload: int) -> None:
    """Do the next thing with *trial* unless it has a fault; what goes wrong becomes its fault."""
    if trial.faults:
        return
    try:
        act(trial, upload)
    except (AssertionError, Unfulfilled, OSError) as error:
        trial.faults.append(str(error).strip().splitlines()[-1][:100])


def _killed(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _parent(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])


def _left_in(folders: Iterable[Path]) -> list[Path]:
    """What builds hold that should have been given back."""
    names = ("results", "work", "schroot-session")
    return [folder / name for folder in folders for name in names if (folder / name).exists()]


def _told(trial: Trial) -> str:
    fault = f" FAULT {trial.faults[0]}" if trial.faults else ""
    return f"{trial.what} while {trial.state}, {trial.seconds:.1f} s{fault}"


def _print(campaign: Campaign, before: Count, after: Count) -> None:
    for title, trials, key in (
        (f"build-kill: {len(campaign.kills)} kills", campaign.kills, "what"),
        (f"build-kill: {len(campaign.cancels)} cancels", campaign.cancels, "state"),
    ):
        groups: dict[str, list[Trial]] = {}
        for trial in trials:
            groups.setdefault(str(getattr(trial, key)), []).append(trial)
        table(
            title,
            (key, "trials", "median s", "most s", "attempts", "faults"),
            [
                (
                    group,
                    len(found),
                    f"{statistics.median(each.seconds for each in found):.1f}",
                    f"{max(each.seconds for each in found):.1f}",
                    sum(each.attempts for each in found),
                    "; ".join(fault for each in found for fault in each.faults) or "none",
                )
                for group, found in sorted(groups.items())
            ],
        )
    late = sum(trial.what == "cancel, too late" for trial in campaign.cancels)
    print(f"  cancels that came too late: {late}")
    print(f"  times that the builder was set aside, and taken back: {campaign.returned}")
    table(
        "what is there",
        ("what", "before", "after"),
        [
            (name, getattr(before, name), getattr(after, name))
            for name in ("processes", "mounts", "sessions", "folders")
        ],
    )
