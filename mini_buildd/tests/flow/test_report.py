"""Results: what a builder hands in is checked like an upload, and enters once."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from mini_buildd.db import models
from mini_buildd.domain.problem import ResultRefused
from mini_buildd.flow.assign import assign
from mini_buildd.flow.report import note_lost, note_started, report
from mini_buildd.tests.flow.package import Files, SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.wire.task import BuildStatus, PhaseTime, Result, Task


@pytest.fixture
def task(scene: Scene) -> Task:
    """A build of hello that somebody has taken up."""
    scene.accepted(SourcePackage(architecture="any all"))
    (task,) = scene.assign()
    return task


def debs(scene: Scene) -> list[str]:
    """The binary packages in the pool."""
    return sorted(path.name for path in scene.site.tree("test").root.rglob("*.deb"))


def test_a_good_result_is_in_pool_and_rows(scene: Scene, task: Task) -> None:
    job = scene.report(task)
    assert job.state == "succeeded"
    binary = models.Binary.objects.get()
    assert (binary.package, binary.architecture, binary.is_udeb) == ("hello", "amd64", False)
    assert f"Filename: {binary.file.path}\n" in binary.paragraph
    attempt = scene.attempt(task)
    assert attempt.buildinfo is not None
    assert attempt.buildinfo.name.endswith(".buildinfo")
    assert debs(scene) == ["hello_1.0-1~test13+1_amd64.deb"]


def test_what_the_builder_measured_is_kept(scene: Scene, task: Task) -> None:
    result = msgspec.structs.replace(
        scene.build(task),
        phases=(
            PhaseTime(title="Install package build dependencies", seconds=2.9),
            PhaseTime(title="a title\x00 that\nis none" * 9, seconds=96.25),
        ),
        peak_memory_bytes=412 << 20,
        cpu_seconds=81.5,
        layer="ab12",
        notes=("no limit on memory:\nthe controller is missing", "no limit on disk"),
    )
    scene.report(task, result)
    attempt = scene.attempt(task)
    assert attempt.phases[0] == ["Install package build dependencies", 2.9]
    assert attempt.phases[1] == [("a title thatis none" * 9)[:80], 96.25]
    assert (attempt.peak_memory_bytes, attempt.disk_bytes) == (412 << 20, None)
    assert (attempt.cpu_seconds, attempt.layer) == (81.5, "ab12")
    assert attempt.notes.splitlines() == [
        "no limit on memory:the controller is missing",
        "no limit on disk",
    ]


def test_packages_for_all_and_udebs_are_taken_too(scene: Scene, task: Task) -> None:
    files = {
        **scene.deb(task),
        **scene.deb(task, package="hello-doc", source="hello", architecture="all"),
        **scene.deb(task, package="hello-udeb", source="hello", suffix=".udeb"),
    }
    assert scene.report(task, scene.build(task, files)).reason == ""
    rows = models.Binary.objects.order_by("package").values_list("package", "is_udeb")
    assert list(rows) == [("hello", False), ("hello-doc", False), ("hello-udeb", True)]


@pytest.mark.parametrize("different", [{"fence": 2}, {"attempt": "f" * 32}])
def test_a_result_for_something_else_is_refused(
    scene: Scene, task: Task, different: dict[str, object]
) -> None:
    attempt = scene.started(task)
    other = msgspec.structs.replace(scene.build(task), **different)
    with pytest.raises(ResultRefused):
        report(scene.site, attempt, other, scene.results(task))
    assert scene.attempt(task).outcome == ""
    assert debs(scene) == []


def _another_source(scene: Scene, task: Task) -> Files:
    return scene.deb(task, source="other")


def _another_version_of_the_source(scene: Scene, task: Task) -> Files:
    return scene.deb(task, source="hello (0.9)")


def _another_architecture(scene: Scene, task: Task) -> Files:
    return scene.deb(task, architecture="i386")


def _another_name(scene: Scene, task: Task) -> Files:
    ((_, data),) = scene.deb(task).items()
    return {"hullo_1.0-1~test13+1_amd64.deb": data}


def _another_version_in_the_name(scene: Scene, task: Task) -> Files:
    ((_, data),) = scene.deb(task).items()
    return {"hello_9_amd64.deb": data}


def _a_page(scene: Scene, task: Task) -> Files:
    return {**scene.deb(task), "hello.html": b"<script>"}


def _no_package(scene: Scene, task: Task) -> Files:
    del scene, task
    return {"hello_1.0-1~test13+1_amd64.deb": b"!<arch>\n"}


def _a_component_that_is_none(scene: Scene, task: Task) -> Files:
    return scene.deb(task, section="NON-FREE/utils")


def _a_path(scene: Scene, task: Task) -> Files:
    (scene.results(task) / "..").resolve().joinpath("secret").write_bytes(b"secret")
    return {"../secret": b"secret"}


@pytest.mark.parametrize(
    "make",
    [
        _another_source,
        _another_version_of_the_source,
        _another_architecture,
        _another_name,
        _another_version_in_the_name,
        _a_page,
        _no_package,
        _a_component_that_is_none,
        _a_path,
    ],
)
def test_a_result_that_is_not_what_was_asked_for_fails_and_leaves_nothing(
    scene: Scene, task: Task, make: Callable[[Scene, Task], Files]
) -> None:
    job = scene.report(task, scene.build(task, make(scene, task)))
    assert job.state == "failed"
    assert "expected" in job.reason
    assert not models.Binary.objects.exists()
    assert debs(scene) == []


def test_a_changes_of_another_source_is_refused(scene: Scene, task: Task) -> None:
    result = scene.build(task)
    path = scene.results(task) / result.changes
    path.write_text(path.read_text().replace("Version: 1.0-1~test13+1", "Version: 2"))
    assert "expected hello 1.0-1~test13+1" in scene.report(task, result).reason


def test_a_file_that_is_not_the_one_in_the_changes_is_refused(scene: Scene, task: Task) -> None:
    result = scene.build(task)
    (deb,) = scene.results(task).glob("*.deb")
    deb.write_bytes(deb.read_bytes() + b"\n")
    assert scene.report(task, result).state == "failed"


def _as_link(path: Path) -> None:
    secret = path.parent.parent / "secret"
    secret.write_bytes(b"PASSWORD")
    path.unlink()
    path.symlink_to(secret)


def _as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _as_nothing(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("spoil", [_as_link, _as_pipe, _as_folder, _as_nothing])
@pytest.mark.parametrize("suffix", [".changes", ".deb", ".buildinfo"])
def test_only_plain_files_are_taken_and_nothing_of_others_is_told(
    scene: Scene, task: Task, spoil: Callable[[Path], None], suffix: str
) -> None:
    result = scene.build(task)
    (path,) = scene.results(task).glob(f"*{suffix}")
    spoil(path)
    job = scene.report(task, result)
    assert job.state == "failed"
    assert "PASSWORD" not in job.reason


def test_success_without_a_changes_is_none(scene: Scene, task: Task) -> None:
    assert scene.report(task, scene.result(task)).state == "failed"


def test_a_name_that_another_build_has_in_the_archive_is_refused(scene: Scene, task: Task) -> None:
    scene.report(task)
    scene.accepted(SourcePackage("other"))
    (second,) = scene.assign()
    files = scene.deb(second, package="hello", source="other")
    job = scene.report(second, scene.build(second, files))
    assert job.state == "failed"
    assert "hello_1.0-1~test13+1_amd64.deb" in job.reason


def test_the_very_same_file_of_another_build_is_refused_too(scene: Scene, task: Task) -> None:
    """One file is one package of one source; else its row could not be written."""
    files = scene.deb(task)
    scene.report(task, scene.build(task, files))
    models.Attempt.objects.update(outcome="")
    models.Job.objects.update(state="running")
    report(scene.site, scene.attempt(task), scene.build(task, files), scene.results(task))
    assert models.Job.objects.get().state == "failed"


def test_a_late_result_enters_no_second_time(scene: Scene, task: Task) -> None:
    stale = scene.started(task)
    result = scene.build(task)
    assert report(scene.site, stale, result, scene.results(task)) == ["job.succeeded"]
    again = scene.attempt(task)
    assert report(scene.site, again, result, scene.results(task)) == []
    stale.outcome = ""
    assert report(scene.site, stale, result, scene.results(task)) == []
    assert models.Binary.objects.count() == 1
    assert note_lost(scene.site, again, "too late") == []
    assert note_started(scene.site, again, scene.clock().isoformat()) == []


def test_a_start_that_two_have_seen_is_noted_once(scene: Scene, task: Task) -> None:
    first, second = scene.attempt(task), scene.attempt(task)
    at = scene.clock().isoformat()
    assert note_started(scene.site, first, at) == ["job.started"]
    assert note_started(scene.site, second, at) == []


def test_a_result_that_is_known_before_its_start_was_seen_is_taken(
    scene: Scene, task: Task
) -> None:
    attempt = scene.attempt(task)
    report(scene.site, attempt, scene.build(task), scene.results(task))
    assert models.Job.objects.get().state == "succeeded"


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-11-20T12:00:00", "9999999"])
def test_a_moment_that_is_none_refuses_the_result(scene: Scene, task: Task, moment: str) -> None:
    attempt = scene.attempt(task)
    with pytest.raises(ResultRefused):
        note_started(scene.site, attempt, moment)
    result = msgspec.structs.replace(scene.build(task), finished_at=moment)
    with pytest.raises(ResultRefused):
        report(scene.site, attempt, result, scene.results(task))


def test_what_a_builder_says_is_kept_within_bounds(scene: Scene, task: Task) -> None:
    result = scene.result(task, BuildStatus.FAILED, reason="no " * 1_000_000)
    job = scene.report(task, msgspec.structs.replace(result, stage="s" * 1000))
    assert len(job.reason) < 5000
    assert len(scene.attempt(task).stage) <= 60


def lose(scene: Scene, task: Task, stage: str = "vanished") -> models.Job:
    """Let the attempt of *task* be lost."""
    note_lost(scene.site, scene.started(task), "the machine went away", stage)
    return models.Job.objects.get(source__name=task.source)


def again(scene: Scene) -> Task:
    """The next attempt, once its time has come."""
    job = models.Job.objects.get()
    assert job.not_before_at is not None
    scene.clock.now = max(scene.clock.now, job.not_before_at)
    (task,) = scene.assign()
    return task


def test_what_vanishes_is_tried_again_at_once_then_later_and_the_third_time_fails(
    scene: Scene, task: Task
) -> None:
    assert lose(scene, task).state == "waiting"
    (second,) = scene.assign()
    assert second.fence == 2
    assert lose(scene, second).state == "waiting"
    assert scene.assign() == (), "it is not time yet"
    job = lose(scene, again(scene))
    assert job.state == "failed"
    assert job.reason == "the builder, not the package, 3 times in a row: the machine went away"
    assert models.Event.objects.filter(kind="job.lost").count() == 3
    assert models.Event.objects.filter(kind="job.failed").count() == 1


def test_what_has_a_reason_of_the_builders_is_tried_for_more_than_an_hour(
    scene: Scene, task: Task
) -> None:
    begun = scene.clock()
    for _ in range(5):
        assert lose(scene, task, "apt-get-update").state == "waiting"
        models.Builder.objects.update(set_aside_at=None, faults=0)
        task = again(scene)
    assert scene.clock() - begun > timedelta(hours=1)
    assert lose(scene, task, "apt-get-update").state == "failed"


def test_what_one_builder_has_lost_another_one_tries(scene: Scene, task: Task) -> None:
    lose(scene, task)
    models.Builder.objects.update(slots=1, seen_at=scene.clock())
    models.Builder.objects.create(name="there", slots=1, seen_at=scene.clock())
    assert scene.assign() == ()
    found = assign(scene.site, builder="there", backend="unshare", free_slots=1)
    assert [each.fence for each in found.tasks] == [2]


def test_a_build_that_had_no_room_is_tried_again_on_the_disk(scene: Scene, task: Task) -> None:
    assert task.work == "auto"
    lose(scene, task, "disk")
    (second,) = scene.assign()
    assert (second.fence, second.work) == (2, "disk")


def test_a_build_that_was_stopped_and_nobody_has_cancelled_is_lost(
    scene: Scene, task: Task
) -> None:
    """As when the machine is shut down, which asks everybody to end."""
    job = scene.report(task, scene.result(task, BuildStatus.CANCELLED, reason="SIGTERM"))
    assert (job.state, scene.attempt(task).outcome) == ("waiting", "lost")


def test_after_a_crash_before_the_row_the_same_result_enters(
    scene: Scene, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt, result = scene.started(task), scene.build(task)

    class Crash(BaseException):
        """Stands for kill -9."""

    def crash(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr("mini_buildd.flow.report._save", crash)
        with pytest.raises(Crash):
            report(scene.site, attempt, result, scene.results(task))
    assert debs(scene)
    assert report(scene.site, scene.attempt(task), result, scene.results(task)) == ["job.succeeded"]


def test_what_a_lost_attempt_left_in_the_pool_does_not_hinder_the_next(
    scene: Scene, task: Task
) -> None:
    left = scene.site.tree("test").root / "pool/main/h/hello/hello_1.0-1~test13+1_amd64.deb"
    left.write_bytes(b"of an attempt whose row was never written")
    assert scene.report(task).state == "succeeded"


# --- dep-wait ---------------------------------------------------------------------


def dep_wait(scene: Scene, task: Task) -> Result:
    """A build that misses something."""
    return scene.result(task, BuildStatus.DEP_WAIT, reason="Depends: libfoo-dev but it is not")


def test_dep_wait_ends_when_a_suite_it_sees_is_published(scene: Scene) -> None:
    scene.publish_all()
    scene.accepted()
    (task,) = scene.assign()
    assert scene.report(task, dep_wait(scene, task)).state == "dep_wait"
    assert scene.assign() == ()
    scene.published(SourcePackage("libfoo"))
    job = models.Job.objects.get(source__name="hello")
    assert (job.state, job.reason) == ("waiting", "")
    assert [each.source for each in scene.assign()] == ["hello"]


def test_dep_wait_is_not_ended_by_a_suite_it_does_not_see(scene: Scene) -> None:
    scene.publish_all()
    scene.accepted()
    (task,) = scene.assign()
    scene.report(task, dep_wait(scene, task))
    package = SourcePackage("libfoo", "1.0~test13+0", "trixie-test-experimental")
    scene.published(package)
    assert models.Job.objects.get(source__name="hello").state == "dep_wait"


def test_what_was_published_while_it_ran_releases_it_at_once(scene: Scene, task: Task) -> None:
    """It may have looked just before; nobody would wake it for that again."""
    attempt = scene.started(task)
    scene.published(SourcePackage("libfoo"))
    kinds = report(scene.site, attempt, dep_wait(scene, task), scene.results(task))
    assert kinds == ["job.dep_wait", "job.released"]
    assert models.Job.objects.get(source__name="hello").state == "waiting"


@pytest.mark.parametrize(("unmet", "state"), [("libfoo", "waiting"), ("libbar", "dep_wait")])
def test_only_what_it_waits_for_releases_it_at_once(
    scene: Scene, task: Task, unmet: str, state: str
) -> None:
    attempt = scene.started(task)
    scene.published(SourcePackage("libfoo"))
    result = scene.result(task, BuildStatus.DEP_WAIT, reason="unmet", unmet=(f"{unmet} (>= 1.0)",))
    report(scene.site, attempt, result, scene.results(task))
    assert models.Job.objects.get(source__name="hello").state == state


def test_of_two_threads_that_report_the_same_one_wins(real: Scene) -> None:
    real.accepted()
    (task,) = real.assign()
    real.started(task)
    result = real.build(task)

    def work() -> None:
        report(real.site, real.attempt(task), result, real.results(task))

    assert at_once(work, work, work) == []
    assert models.Binary.objects.count() == 1
    assert models.Event.objects.filter(kind="job.succeeded").count() == 1
