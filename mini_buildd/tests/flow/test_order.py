"""Order: what needs others waits for them, and goes on by what happens to those."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mini_buildd.db import models
from mini_buildd.domain.permission import SELF
from mini_buildd.flow import release
from mini_buildd.flow.freeze import freeze
from mini_buildd.flow.release import release_all
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tools.aptnames import read_rows, write_names
from mini_buildd.wire.task import BuildStatus, Task

GENERATION = "20261120T120000Z"


def with_base(scene: Scene, text: str = "", generation: str = GENERATION) -> None:
    """Let the chroot have a generation whose base has the packages in *text*."""
    folder = scene.site.places.chroots / "trixie-amd64" / generation
    (folder / "root/var/lib/apt/lists").mkdir(parents=True, exist_ok=True)
    lists = folder / "root/var/lib/apt/lists/deb.example_dists_trixie_main_binary-amd64_Packages"
    lists.write_text(text, encoding="utf-8")
    models.Chroot.objects.update(generation=generation)


@pytest.fixture
def based(scene: Scene) -> Scene:
    """An instance whose suites are there, and whose base has debhelper only."""
    scene.publish_all()
    with_base(scene, "Package: debhelper\nVersion: 13.24\nProvides: debhelper-compat (= 13)\n\n")
    return scene


def needs(name: str, depends: str, version: str = "1.0-1~test13+1", **more: str) -> SourcePackage:
    """A source package that builds with *depends*."""
    fields = f"Build-Depends: debhelper-compat (= 13){', ' if depends else ''}{depends}\n"
    return SourcePackage(name, version, dsc_fields=fields, **more)  # type: ignore[arg-type]  # texts


def job(name: str, **more: object) -> models.Job:
    """The job of the source *name*."""
    return models.Job.objects.get(source__name=name, **more)


def finish(scene: Scene, *, most: int = 100) -> list[str]:
    """Build and publish until nothing is left to do; the names in the order they were built."""
    built: list[str] = []
    for _ in range(most):
        tasks = scene.assign(2)
        for task in tasks:
            scene.report(task)
            built.append(task.source)
        scene.publish_all()
        if not tasks:
            return built
    raise AssertionError("it never ends")


def test_twenty_sources_uploaded_in_any_wrong_order_are_each_built_once(based: Scene) -> None:
    names = [f"p{number:02}" for number in range(20)]
    chain = [
        needs(name, ", ".join(f"{other} (>= 1.0)" for other in names[max(0, at - 2) : at]))
        for at, name in enumerate(names)
    ]
    shuffled = [*chain]
    random.Random(4).shuffle(shuffled)  # noqa: S311  # any wrong order will do
    for package in shuffled:
        based.accepted(package)
        release_all(based.site)
    assert finish(based) == names
    assert models.Attempt.objects.count() == len(names)
    assert not models.Attempt.objects.exclude(outcome="succeeded").exists()
    assert not models.Source.objects.exclude(state="published").exists()


def test_a_job_says_what_it_misses_and_where_was_looked(based: Scene) -> None:
    based.accepted(needs("hello", "libfoo-dev (>= 1.2)"))
    assert based.assign() == ()
    waiting = job("hello")
    assert (waiting.state, waiting.waits_for) == ("dep_wait", "libfoo-dev (>= 1.2)")
    assert waiting.reason == (
        "waits for libfoo-dev (>= 1.2): not in trixie-test-unstable, trixie-test-testing, "
        "trixie-test-stable or trixie, and nothing under way makes it"
    )


def test_it_says_which_build_will_bring_it_once_that_is_uploaded(based: Scene) -> None:
    based.accepted(needs("hello", "libfoo-dev"))
    release_all(based.site)
    based.accepted(needs("foo", "", binary="libfoo-dev"))
    release_all(based.site)
    assert job("hello").reason == (
        "waits for libfoo-dev in trixie-test-unstable, "
        f"which build {job('foo').pk} of foo 1.0-1~test13+1 will bring"
    )


def test_an_older_version_is_told(based: Scene) -> None:
    based.accepted(needs("hello", "debhelper (>= 14)"))
    release_all(based.site)
    assert "(there is 13.24)" in job("hello").reason


def test_a_newer_version_that_is_about_to_come_is_waited_for(based: Scene) -> None:
    based.published(needs("foo", ""))
    based.accepted(needs("foo", "", "2.0-1~test13+1"))
    based.accepted(needs("hello", "foo"))
    assert [task.source for task in based.assign()] == ["foo"]
    assert job("hello").waits_for == "newer foo (>= 2.0-1~test13+1)"
    assert "the newer foo (>= 2.0-1~test13+1)" in job("hello").reason


def test_it_goes_on_with_the_older_one_when_the_newer_one_fails(based: Scene) -> None:
    based.published(needs("foo", ""))
    based.accepted(needs("foo", "", "2.0-1~test13+1"))
    based.accepted(needs("hello", "foo"))
    (task,) = based.assign()
    based.report(task, based.result(task, BuildStatus.FAILED))
    based.publish_all()
    assert [each.source for each in based.assign()] == ["hello"]


def test_what_needs_a_build_that_has_failed_says_so(based: Scene) -> None:
    based.accepted(needs("foo", ""))
    based.accepted(needs("hello", "foo"))
    (task,) = based.assign()
    assert "which build" in job("hello").reason
    based.report(task, based.result(task, BuildStatus.FAILED))
    based.publish_all()
    assert "nothing under way makes it" in job("hello").reason
    assert job("hello").state == "dep_wait"


def test_nobody_waits_for_what_a_frozen_suite_holds_up(based: Scene) -> None:
    based.published(needs("foo", ""))
    based.built(needs("foo", "", "2.0-1~test13+1"))
    based.accepted(needs("hello", "foo"))
    assert based.assign() == ()
    assert job("hello").state == "dep_wait"
    freeze(based.site, SELF, based.distribution(), "release")
    release_all(based.site)
    assert [task.source for task in based.assign()] == ["hello"]


def test_what_another_one_needs_to_be_installed_is_waited_for_too(based: Scene) -> None:
    source = based.accepted(needs("foo", "", binary="libfoo-dev"))
    (task,) = based.assign()
    files = based.deb(task, package="libfoo-dev", source="foo", depends="libbar-dev (>= 2)")
    based.report(task, based.build(task, files))
    based.publish_all()
    source.refresh_from_db()
    based.accepted(needs("hello", "libfoo-dev"))
    assert based.assign() == ()
    assert "libbar-dev (>= 2), which libfoo-dev needs" in job("hello").reason


# --- circles ----------------------------------------------------------------------


def test_a_circle_is_told_in_all_jobs_that_are_part_of_it(based: Scene) -> None:
    for name, other in (("a1", "b1"), ("b1", "c1"), ("c1", "a1"), ("d1", "a1")):
        based.accepted(needs(name, other))
    release_all(based.site)
    assert based.assign() == ()
    release_all(based.site)
    assert "a circle: a1 → b1 → c1 → a1" in job("a1").reason
    assert "a circle: b1 → c1 → a1 → b1" in job("b1").reason
    assert "a circle: c1 → a1 → b1 → c1" in job("c1").reason
    assert "circle" not in job("d1").reason


def test_a_circle_of_newer_versions_does_not_matter(based: Scene) -> None:
    for name in ("a1", "b1"):
        based.published(needs(name, ""))
    for name, other in (("a1", "b1"), ("b1", "a1")):
        based.accepted(needs(name, other, "2.0-1~test13+1"))
    assert sorted(finish(based)) == ["a1", "b1"]


def test_where_one_really_needs_the_other_it_is_built_after_it(based: Scene) -> None:
    based.published(needs("a1", ""))
    based.accepted(needs("b1", "a1", "1.0-1~test13+1"))
    based.accepted(needs("a1", "b1", "2.0-1~test13+1"))
    release_all(based.site)
    assert finish(based) == ["b1", "a1"]


# --- release ------------------------------------------------------------------------


def test_only_what_is_concerned_is_judged_anew(based: Scene) -> None:
    for number in range(5):
        based.accepted(needs(f"p{number}", f"libx{number}"))
    release_all(based.site)
    based.accepted(needs("x3", "", binary="libx3"))
    (task,) = based.assign()
    files = based.deb(task, package="libx3", source="x3")
    based.report(task, based.build(task, files))
    based.publish_all()
    released = models.Event.objects.filter(kind="job.released")
    assert [event.job.source.name for event in released] == ["p3"]  # type: ignore[union-attr]  # of jobs
    assert models.Job.objects.filter(state="dep_wait").count() == 4


def test_who_stops_waits_for_a_part_only_and_the_rest_is_read_the_next_time(
    based: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "_AT_ONCE", 2)
    for number in range(5):
        based.accepted(needs(f"p{number}", "libx"))
    for parts, waiting in ((0, 5), (1, 3), (1, 1)):
        left = iter([True] * parts)
        release_all(based.site, lambda left=left: next(left, False))  # type: ignore[misc]  # of a lambda
        assert models.Job.objects.filter(state="waiting").count() == waiting
    release_all(based.site)
    assert models.Job.objects.filter(state="dep_wait").count() == 5


def test_nothing_happened_costs_nothing(based: Scene) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert release_all(based.site) == []
        return len(asked)

    based.accepted(needs("p0", "libx"))
    release_all(based.site)
    release_all(based.site)
    one = questions()
    for number in range(1, 6):
        based.accepted(needs(f"p{number}", "libx"))
    release_all(based.site)
    release_all(based.site)
    assert questions() == one <= 2


def test_a_new_base_releases_what_it_has(based: Scene) -> None:
    based.accepted(needs("hello", "libfoo-dev"))
    based.accepted(needs("other", "libbar-dev"))
    release_all(based.site)
    text = "Package: debhelper\nVersion: 13.24\nProvides: debhelper-compat (= 13)\n\n"
    with_base(based, f"{text}Package: libfoo-dev\nVersion: 1\n\n", "20261121T120000Z")
    models.Event.objects.create(kind="chroot.made", at=based.clock())
    release_all(based.site)
    assert (job("hello").state, job("other").state) == ("waiting", "dep_wait")


def test_where_nobody_knows_the_base_only_our_own_packages_are_waited_for(scene: Scene) -> None:
    scene.publish_all()
    scene.accepted(needs("hello", "libfoo-dev, libbar-dev"))
    scene.accepted(needs("foo", "", binary="libfoo-dev"))
    assert [task.source for task in scene.assign()] == ["foo"]
    assert job("hello").waits_for == "newer libfoo-dev"


def test_what_sbuild_missed_is_kept_and_waited_for(based: Scene) -> None:
    based.accepted(needs("hello", ""))
    (task,) = based.assign()
    attempt = based.started(task)
    _report_unmet(based, task)
    assert job("hello").waits_for == "libfoo (>= 2)"
    based.published(needs("other", ""))
    assert job("hello").state == "dep_wait"
    based.published(needs("libfoo", "", "2.0-1~test13+1"))
    assert job("hello").state == "waiting"
    assert attempt.number == 1


def _report_unmet(scene: Scene, task: Task) -> None:
    result = scene.result(task, BuildStatus.DEP_WAIT, unmet=("libfoo (>= 2)",))
    scene.report(task, result)


def test_a_daemon_that_starts_anew_knows_all_of_it(based: Scene) -> None:
    based.accepted(needs("a1", "b1"))
    based.accepted(needs("c1", "zz"))
    release_all(based.site)
    based.use(based.settings)
    based.accepted(needs("b1", ""))
    assert finish(based) == ["b1", "a1"]
    assert job("c1").state == "dep_wait"


def test_names_are_read_from_what_apt_leaves(scene: Scene) -> None:
    path = scene.home / "names.sqlite"
    rows = list(read_rows(["Package: a1\n", "Version: 1:2-3\n", "Provides: b1 (= 4), c1\n", "\n"]))
    assert rows == [("a1", "1:2-3", "a1"), ("b1", "4", "a1"), ("c1", None, "a1")]
    write_names(path, rows)
    assert path.stat().st_size > 0
