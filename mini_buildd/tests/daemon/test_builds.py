"""The builder inside the daemon: from waiting jobs to their ends, also over restarts."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mini_buildd.buildd.builder import Builder
from mini_buildd.buildd.sweep import find_stragglers
from mini_buildd.config.settings import Builder as BuilderSettings
from mini_buildd.config.settings import Settings
from mini_buildd.daemon.builds import LocalBuilds
from mini_buildd.db import models
from mini_buildd.flow.cancel import cancel
from mini_buildd.flow.set_aside import set_aside, take_back
from mini_buildd.kit.process import ProcessIdentity, boot_id
from mini_buildd.tests.buildd.scripts import Bench, summary
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import BUILDER, Scene
from mini_buildd.tests.flow.shelf import ADMIN
from mini_buildd.tests.instance import wait_for
from mini_buildd.wire.task import Result, decode

BEGIN = "echo begun; while [ ! -e go ]; do sleep 0.02; done\n"
FAIL = summary(Status="attempted", Fail_Stage="build") + "exit 2"


class Daemon:
    """The builds of one run of the daemon; what it asks the reactor for is written down."""

    def __init__(self, scene: Scene, slots: int = 2) -> None:
        settings = Settings(home=scene.home, builder=BuilderSettings(slots=slots, host=BUILDER))
        scene.use(settings)
        self.builder = Builder(scene.site.places.builds)
        self.watched: list[ProcessIdentity] = []
        self.looks: list[float] = []
        self.builds = LocalBuilds(
            scene.site,
            self.builder,
            host=BUILDER,
            watch=self.watched.append,
            look_again=self.looks.append,
        )

    def until(self, what: Callable[[], bool]) -> None:
        """Work until it is so."""

        def look() -> bool:
            self.builds.thd_work()
            return what()

        wait_for("it", look, seconds=30, interval=0.02)


def state() -> str:
    """Of the only job."""
    return models.Job.objects.get().state


def outcomes() -> list[str]:
    """Of its attempts."""
    return list(models.Attempt.objects.order_by("id").values_list("outcome", flat=True))


def folder() -> Path:
    """That of the newest attempt."""
    return Path(models.Attempt.objects.order_by("-id").values_list("token", flat=True)[0])


@pytest.fixture
def daemon(bench: Bench, scene: Scene) -> Iterator[Daemon]:
    """A daemon with one job to do."""
    bench.sbuild(BEGIN + FAIL)
    scene.accepted()
    made = Daemon(scene)
    yield made
    for child in made.builder._children.values():
        child.kill()
        child.wait()


def go(scene: Scene) -> None:
    """Let the newest build end."""
    (scene.site.places.builds / folder() / "results" / "go").touch()


def test_a_job_is_taken_up_watched_and_reported(scene: Scene, daemon: Daemon) -> None:
    daemon.until(lambda: state() == "running")
    assert daemon.looks
    assert daemon.watched
    go(scene)
    daemon.until(lambda: state() == "failed")
    assert outcomes() == ["failed"]
    results = scene.site.places.builds / folder() / "results"
    assert not results.exists()
    assert models.Event.objects.filter(kind="job.started").count() == 1


def test_no_more_run_than_there_are_slots(scene: Scene, daemon: Daemon) -> None:
    for name in ("two", "three"):
        scene.accepted(SourcePackage(name))
    daemon.until(lambda: models.Job.objects.filter(state="running").count() == 2)
    daemon.builds.thd_work()
    assert models.Job.objects.filter(state="waiting").count() == 1


def test_without_slots_nothing_is_taken_up(scene: Scene, daemon: Daemon) -> None:
    del daemon
    Daemon(scene, slots=0).builds.thd_work()
    assert state() == "waiting"


def test_a_daemon_that_was_killed_finds_its_build_again(scene: Scene, daemon: Daemon) -> None:
    daemon.until(lambda: state() == "running")
    other = Daemon(scene)
    other.builds.thd_work()
    assert other.watched == daemon.watched[:1]
    go(scene)
    other.until(lambda: state() == "failed")
    assert outcomes() == ["failed"]
    daemon.builder.forget(models.Attempt.objects.get().token)


def test_one_that_ended_while_no_daemon_ran_is_reported(scene: Scene, daemon: Daemon) -> None:
    daemon.builds.thd_work()
    path = scene.site.places.builds / folder()
    wait_for("it builds", (path / "running.json").exists, seconds=30)
    go(scene)
    wait_for("it ends", (path / "result.json").exists, seconds=30)
    events = Daemon(scene).builds.thd_work()
    assert events == ["job.started", "job.failed"]
    daemon.builder.forget(path.name)


def test_a_build_that_vanishes_three_times_fails(scene: Scene, daemon: Daemon) -> None:
    for number in (1, 2, 3):
        daemon.until(lambda: models.Job.objects.filter(state="running").exists())
        os.kill(daemon.watched[-1].pid, signal.SIGKILL)
        wanted = ["lost"] * number
        daemon.until(lambda: outcomes()[: len(wanted)] == wanted)  # noqa: B023  # it runs at once
    assert state() == "failed"
    assert outcomes() == ["lost"] * 3
    assert scene.assign() == ()


def test_one_that_was_assigned_and_never_started_is_lost_and_tried_again(
    scene: Scene, daemon: Daemon
) -> None:
    """Killed between the row and the process."""
    scene.assign()
    daemon.until(lambda: state() == "running")
    assert outcomes() == ["lost", ""]


def test_a_folder_that_cannot_be_made_holds_up_no_other_job(
    scene: Scene, daemon: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    scene.site.places.builds.chmod(0o500)
    daemon.builds.thd_work()
    assert "starting the build of hello failed" in caplog.text
    scene.site.places.builds.chmod(0o700)
    daemon.until(lambda: state() == "running")


@pytest.mark.parametrize("spoilt", ["fence", "attempt", "finished_at"])
def test_an_answer_for_something_else_is_a_loss(scene: Scene, daemon: Daemon, spoilt: str) -> None:
    daemon.builds.thd_work()
    path = scene.site.places.builds / folder()
    wait_for("it builds", (path / "running.json").exists, seconds=30)
    go(scene)
    note = path / "result.json"
    wait_for("it ends", note.exists, seconds=30)
    result = decode(note.read_bytes(), Result)
    old = str(getattr(result, spoilt)).encode()
    note.write_bytes(note.read_bytes().replace(old, b"7" if spoilt == "fence" else b"x", 1))
    daemon.builds.thd_work()
    assert outcomes() == ["lost"]
    scene.clock.now += timedelta(minutes=1)
    daemon.until(lambda: state() == "running")


def test_what_a_crash_kept_from_being_tidied_up_is_tidied_later(
    scene: Scene, daemon: Daemon
) -> None:
    daemon.until(lambda: state() == "running")
    running = folder()
    go(scene)
    daemon.until(lambda: state() == "failed")
    left = scene.site.places.builds / running / "results"
    left.mkdir()
    (left / "big").write_bytes(b"x")
    others = scene.site.places.builds / "of-nobody-we-know" / "results"
    others.mkdir(parents=True)
    daemon.builds.thd_tidy()
    assert not left.exists()
    assert others.exists()
    shutil.rmtree(others.parent)


# --- cancelling ---------------------------------------------------------------------


def the_job() -> int:
    """The number of the only one."""
    return models.Job.objects.get().pk


def stragglers(scene: Scene) -> list[ProcessIdentity]:
    """What is left of the newest attempt."""
    return find_stragglers(scene.site.places.builds / folder())


@pytest.mark.parametrize("moment", ["assigned", "running"])
def test_a_build_is_cancelled_within_ten_seconds_and_nothing_is_left(
    scene: Scene, daemon: Daemon, moment: str
) -> None:
    daemon.until(lambda: state() in ("assigned", "running"))
    if moment == "running":
        daemon.until(lambda: state() == "running" and bool(daemon.watched))
    cancel(scene.site, ADMIN, the_job(), "enough")
    started = time.monotonic()
    daemon.until(lambda: state() == "cancelled")
    results = scene.site.places.builds / folder() / "results"
    daemon.until(lambda: not results.exists())
    assert time.monotonic() - started < 10
    assert stragglers(scene) == []
    assert outcomes() == ["cancelled"]
    assert daemon.looks


def test_a_cancel_that_came_while_no_daemon_ran_is_carried_out_by_the_next(
    scene: Scene, daemon: Daemon
) -> None:
    daemon.until(lambda: state() == "running")
    cancel(scene.site, ADMIN, the_job())
    other = Daemon(scene)
    other.until(lambda: state() == "cancelled")
    other.until(lambda: stragglers(scene) == [])


def test_one_whose_supervisor_is_stopped_dead_is_cancelled_too(
    scene: Scene, daemon: Daemon
) -> None:
    daemon.until(lambda: state() == "running" and bool(daemon.watched))
    os.kill(daemon.watched[-1].pid, signal.SIGSTOP)
    cancel(scene.site, ADMIN, the_job())
    started = time.monotonic()
    daemon.until(lambda: state() == "cancelled")
    assert time.monotonic() - started < 10


def test_one_that_was_cancelled_before_it_began_never_does(scene: Scene, daemon: Daemon) -> None:
    """Killed between the row and the process, and cancelled before the next start."""
    scene.assign()
    cancel(scene.site, ADMIN, the_job())
    daemon.until(lambda: state() == "cancelled")
    assert outcomes() == ["cancelled"]


# --- leases, builders set aside, reboots --------------------------------------------


def test_the_lease_of_a_running_build_is_kept(scene: Scene, daemon: Daemon) -> None:
    daemon.until(lambda: state() == "running")
    for _ in range(3):
        scene.clock.now += timedelta(seconds=scene.settings.builder.lease_seconds * 0.7)
        daemon.builds.thd_work()
        lease = models.Attempt.objects.values_list("lease_until", flat=True).get()
        assert lease is not None
        assert lease > scene.clock()
    assert outcomes() == [""]


def test_an_attempt_of_a_builder_that_is_gone_is_lost_with_its_lease(
    scene: Scene, daemon: Daemon
) -> None:
    daemon.until(lambda: state() == "running")
    models.Attempt.objects.update(builder="elsewhere")
    daemon.builds.thd_work()
    assert outcomes() == [""]
    scene.clock.now += timedelta(seconds=scene.settings.builder.lease_seconds + 60)
    daemon.until(lambda: outcomes() == ["lost", ""])
    first = models.Attempt.objects.earliest("id").token
    results = scene.site.places.builds / first / "results"

    def tidied() -> bool:
        daemon.builds.thd_tidy()
        return not results.exists()

    daemon.until(tidied)
    assert find_stragglers(results.parent) == [], "it had gone on building all the same"


def test_a_builder_that_is_set_aside_takes_nothing_up(scene: Scene, daemon: Daemon) -> None:
    models.Builder.objects.get_or_create(name=BUILDER)
    set_aside(scene.site, ADMIN, BUILDER, "")
    daemon.builds.thd_work()
    assert state() == "waiting"
    take_back(scene.site, ADMIN, BUILDER)
    daemon.until(lambda: state() == "running")


def test_after_a_reboot_the_build_is_lost_at_once_and_tried_again(
    scene: Scene, daemon: Daemon
) -> None:
    daemon.until(lambda: state() == "running" and bool(daemon.watched))
    token = folder()
    note = scene.site.places.builds / token / "running.json"
    os.kill(daemon.watched[-1].pid, signal.SIGKILL)
    note.write_bytes(note.read_bytes().replace(boot_id().encode(), b"another-boot"))
    work = scene.site.places.builds / token / "work"
    work.mkdir()
    other = Daemon(scene)
    other.until(lambda: outcomes() == ["lost", ""] and state() == "running")
    other.until(lambda: not work.exists())
    go(scene)
    other.until(lambda: state() == "failed")
    daemon.builder.forget(str(token))


def test_what_ignores_its_end_is_killed_and_the_next_attempt_goes_on_meanwhile(
    scene: Scene, daemon: Daemon, bench: Bench
) -> None:
    bench.sbuild("trap '' TERM; echo begun; while :; do sleep 0.1; done")
    daemon.until(lambda: state() == "running" and bool(daemon.watched))
    first = scene.site.places.builds / folder()
    wait_for("it builds", lambda: _has_begun(first / "log"), seconds=30)
    bench.sbuild(BEGIN + FAIL)
    os.kill(daemon.watched[-1].pid, signal.SIGKILL)
    daemon.until(lambda: outcomes() == ["lost", ""] and state() == "running")
    assert find_stragglers(first)
    daemon.until(lambda: not find_stragglers(first) and not (first / "results").exists())
    assert outcomes() == ["lost", ""]


def _has_begun(log: Path) -> bool:
    return log.exists() and "begun" in log.read_text(encoding="utf-8")
