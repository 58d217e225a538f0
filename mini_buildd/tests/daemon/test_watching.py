"""Who may read figures, and what is told of the daemon's health; without a daemon."""

from pathlib import Path

import pytest

from mini_buildd.daemon.health import check_steps
from mini_buildd.daemon.pulse import StepWatch
from mini_buildd.daemon.report import Check, Report
from mini_buildd.tests.daemon.server import serving


def test_with_a_token_only_who_has_it_reads_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text("open sesame\n")
    (tmp_path / "archive").mkdir()
    monkeypatch.setenv("MINI_BUILDD_TESTS_TOKEN", str(file))
    with serving(tmp_path) as server:
        refused = server.ask("/metrics")
        assert (refused.status, b"figure" in refused.body) == (401, False)
        assert server.ask("/metrics", Authorization="Bearer open").status == 401
        read = server.ask("/metrics", Authorization="Bearer open sesame")
        assert (read.status, read.body) == (200, b"figure 1\n")
        file.write_text("another")  # it is taken at once
        assert server.ask("/metrics", Authorization="Bearer open sesame").status == 401
        file.write_text("")
        assert server.ask("/metrics", Authorization="Bearer ").status == 401


def test_a_report_says_what_is_the_matter() -> None:
    report = Report([Check("disk", ok=True), Check("steps", ok=False, text="tidy hangs")])
    assert not report.is_ready
    assert report.lines() == "not ready\nsteps: tidy hangs\n"
    assert Report([Check("disk", ok=True)]).lines() == "ok\n"


def test_a_step_that_works_for_too_long_is_seen_and_one_that_may_is_not() -> None:
    now = [1000.0]
    steps = StepWatch(lambda: now[0])
    steps.began("intake", "intake")
    steps.began("chroots", "chroots")
    now[0] += 1800
    assert {run.label: run.seconds for run in steps.runs()} == {"intake": 1800, "chroots": 1800}
    assert check_steps(steps).text == "intake works for too long"
    steps.ended("intake", is_good=True)
    assert check_steps(steps).ok


def test_a_step_that_fails_again_and_again_is_seen_until_it_succeeds() -> None:
    steps = StepWatch()
    for is_good, is_well in ((False, True), (False, True), (False, False), (True, True)):
        steps.began("publish trixie-hush-unstable", "publish suites")
        steps.ended("publish trixie-hush-unstable", is_good=is_good)
        assert check_steps(steps).ok is is_well
        assert "hush" not in check_steps(steps).text
