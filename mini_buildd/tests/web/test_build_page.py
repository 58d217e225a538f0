"""One build: where its time went, what it used, and how its log differs from that of a good one."""

import re
from html import unescape

import pytest
from django.test import Client

from mini_buildd.db import models
from mini_buildd.domain.states import JobState, Outcome
from mini_buildd.tests.web import logs
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tests.web.test_pages import text_of
from mini_buildd.tools.log_file import compress_log
from mini_buildd.tools.sbuild_log import Phase
from mini_buildd.web.phase_bar import WIDTH, failed_phase, phase_marks


def _link(line: int) -> str:
    return f"#L{line}"


def test_phases_are_drawn_to_scale_and_lead_to_their_lines() -> None:
    places = [Phase("Prepare", 2), Phase("Build", 40), Phase("Summary", 90)]
    times = [("Start", 1.0), ("Prepare", 9.0), ("Build", 90.0), ("Summary", 0.0)]
    marks = phase_marks(places, times, link=_link, failed_in="build")
    assert [(mark.title, mark.url) for mark in marks] == [
        ("Start", ""),
        ("Prepare", "#L2"),
        ("Build", "#L40"),
        ("Summary", "#L90"),
    ]
    assert [(mark.x, mark.width) for mark in marks] == [
        (0, 10),
        (10, 90),
        (100, 900),
        (WIDTH, 0),
    ]
    assert [mark.title for mark in marks if mark.has_failed] == ["Build"]


def test_phases_of_one_name_keep_their_order() -> None:
    places = [Phase("Build", 3), Phase("Build", 9)]
    marks = phase_marks(places, [("Build", 1), ("Build", 2)], link=_link, failed_in=None)
    assert [mark.url for mark in marks] == ["#L3", "#L9"]
    assert not any(mark.has_failed for mark in marks)


def test_without_times_the_phases_are_those_of_the_log() -> None:
    (mark,) = phase_marks([Phase("Build", 3)], [], link=_link, failed_in=None)
    assert (mark.title, mark.url, mark.seconds, mark.width) == ("Build", "#L3", None, 0)


@pytest.mark.parametrize(
    ("stage", "title"),
    [("install-deps", "Install package build dependencies"), ("build", "Build"), ("?", "Build")],
)
def test_the_phase_that_failed_is_told_by_sbuild_s_stage(stage: str, title: str) -> None:
    titles = ["Install package build dependencies", "Build", "Cleanup", "Summary"]
    assert failed_phase(titles, stage) == title
    assert failed_phase([], stage) is None


def test_a_build_shows_where_its_time_went_and_what_it_used(client: Client, busy: Builder) -> None:
    del busy
    job = models.Job.objects.get(state=JobState.FAILED)
    text = text_of(client, f"/builds/{job.pk}/")
    assert "Install package build dependencies 7.2 s" in text
    assert "Build 1:34" in text
    assert "CPU 2:52" in text
    assert "memory at most 431.9 MB" in text
    assert "disk 96.5 MB" in text
    assert "There is no limit on memory" in text
    html = client.get(f"/builds/{job.pk}/").content.decode()
    assert re.search(r'<rect x="[\d.]+" y="0" width="9\d\d\.\d"[^>]* class="failed">', html)


def test_what_nobody_measured_is_not_shown(client: Client, builder: Builder) -> None:
    builder.published("hello", "1-1~test13+1")
    job = models.Job.objects.get(architecture="amd64")
    html = client.get(f"/builds/{job.pk}/").content.decode()
    assert "memory at most" not in html
    assert 'class="scale"' not in html


def test_a_failed_build_is_compared_with_the_last_good_one(client: Client, busy: Builder) -> None:
    del busy
    job = models.Job.objects.get(state=JobState.FAILED)
    html = client.get(f"/builds/{job.pk}/").content.decode()
    (url,) = re.findall(r'href="([^"]+)">compare logs', html)
    page = client.get(unescape(url)).content.decode()
    assert re.search(r'<span class="new e"><a [^>]+></a>\t\t\*\*\* zlib 64-bit test FAILED', page)
    assert re.search(r'<span class="gone"><a [^>]+></a>I: Built successfully', page)
    links = re.findall(r'<span class="(gone|new|same)(?: e)?"><a href="([^"]+)"', page)
    assert {kind for kind, _ in links} == {"gone", "new", "same"}
    for _, link in links:
        path, _, line = unescape(link).partition("#")
        assert f'id="{line}"' in client.get(path).content.decode()


def test_the_same_distribution_is_preferred_and_logs_that_are_gone_do_not_count(
    client: Client, builder: Builder
) -> None:
    for version, suite in (("1", "unstable"), ("2", "unstable"), ("3", "snapshot")):
        builder.published("zlib", version, suite)
    failed = builder.failed("zlib", "4")
    page = f"/builds/{failed.pk}/compare/"
    assert "last good build: zlib 2 in" in text_of(client, page)
    good = models.Attempt.objects.get(job__source__version="2", job__architecture="i386")
    compress_log(builder.log_path(good))
    assert "last good build: zlib 2 in" in text_of(client, page)
    builder.log_path(good).with_name("log.zst").unlink()
    assert "last good build: zlib 1 in" in text_of(client, page)
    models.Attempt.objects.filter(job__source__version="1").update(outcome=Outcome.LOST)
    assert "last good build: zlib 3 in" in text_of(client, page)


def test_what_was_built_with_other_packages_says_so(client: Client, builder: Builder) -> None:
    good = builder.published("zlib", "1-1~test13+1")
    job = builder.job(builder.source("zlib", "1-2~test13+1"), JobState.FAILED, "i386")
    log = logs.failed("zlib", "1-2~test13+1", "i386")
    log = log.replace("libexample7:i386 (1.7-1)", "libexample7:i386 (1.8-1)")
    builder.attempt(job, log, Outcome.FAILED, stage="build")
    text = text_of(client, f"/builds/{job.pk}/compare/")
    assert "libexample7 1.7-1 1.8-1" in text
    assert "Only the good build came to: Changes, Post Build." in text
    path = f"/builds/{good.jobs.get(architecture='i386').pk}/compare/"
    assert "no earlier good build of zlib on i386" in text_of(client, path)


@pytest.mark.parametrize("path", ["/builds/999/compare/", "/builds/{}/compare/?attempt=9"])
def test_what_cannot_be_compared_is_not_there(client: Client, busy: Builder, path: str) -> None:
    del busy
    job = models.Job.objects.get(state=JobState.FAILED)
    assert client.get(path.format(job.pk)).status_code == 404


def test_a_build_that_was_lost_shows_how_its_log_ended(client: Client, builder: Builder) -> None:
    job = builder.job(builder.source("hello", "1"), JobState.WAITING)
    log = logs.heading("Prepare") + "sh: 3: no-such-program: not found\n"
    reason = "the build's environment could not be prepared; the log says why"
    builder.attempt(job, log, Outcome.LOST, stage="prepare", reason=reason)
    text = text_of(client, f"/builds/{job.pk}/")
    assert "Why it was lost: prepare" in text
    assert text.index("no-such-program") < text.index("plain text")
