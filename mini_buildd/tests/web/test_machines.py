"""The pages of a builder, of a chroot, of the queue and of the schedule."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mini_buildd.db import models
from mini_buildd.db.queries.machines import Busy
from mini_buildd.domain.period import next_period
from mini_buildd.domain.snapshot import SnapshotKind
from mini_buildd.domain.states import JobState, Outcome
from mini_buildd.flow import hosted
from mini_buildd.flow.rounds import Rounds
from mini_buildd.kit.clock import utc_now
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tests.web.test_pages import text_of
from mini_buildd.web.machine_plots import load


@pytest.fixture
def root(client: Client, db: None) -> Client:
    """An administrator's."""
    del db
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_a_builder_tells_what_it_has_and_what_it_did(client: Client, busy: Builder) -> None:
    busy.failed("sl", "5-1~test13+1")
    text = text_of(client, "/builders/north/")
    assert "4 cores" in text
    assert re.search(r"\d+ builds : \d+ good", text)
    assert "sl 5-1~test13+1" in text
    assert 'id="load-day"' in client.get("/builders/north/").content.decode()


def test_a_builder_that_is_set_aside_says_why_and_can_be_taken_back(
    root: Client, busy: Builder
) -> None:
    del busy
    text = text_of(root, "/builders/south/")
    assert "no space left on device" in text
    assert "Take south back now" in text


def test_a_builder_that_is_gone_is_there_while_its_builds_are(
    client: Client, busy: Builder
) -> None:
    models.Attempt.objects.filter(job__source__name="tree").update(builder="old")
    del busy
    assert "tree 2.2-1~test13+1" in text_of(client, "/builders/old/")
    assert client.get("/builders/never/").status_code == 404


def test_its_builds_of_private_repositories_are_not_told(client: Client, busy: Builder) -> None:
    del busy
    models.Repository.objects.update(is_private=True)
    page = client.get("/builders/north/").content.decode()
    assert "tree" not in page
    assert "trixie-test" not in client.get("/builders/chroots/1/").content.decode()


def test_the_load_is_how_many_builds_there_were_at_once(busy: Builder) -> None:
    at = busy.at
    hour = timedelta(hours=1)
    times = [Busy(at - 2 * hour, at - hour), Busy(at - 1.5 * hour, None)]
    figure = load("day", times, 2, at)
    assert figure is not None
    assert [row.cells[0] for row in figure.rows[-5:]] == [
        "0 %",
        "50 %",
        "100 %",
        "50 %",
        "50 %",
    ]


def test_a_chroot_tells_what_it_is_made_from_and_who_uses_it(client: Client, busy: Builder) -> None:
    base = models.Base.objects.get()
    base.apt_sources.create(url="http://deb.example/debian", suite="trixie", keyring="/k.gpg")
    (busy.home / "chroots" / "trixie-amd64" / "20261125T120000Z" / "root").mkdir(parents=True)
    chroot = models.Chroot.objects.get(architecture="amd64")
    text = text_of(client, f"/builders/chroots/{chroot.pk}/")
    assert "http://deb.example/debian" in text
    assert "trixie-test-unstable" in text
    assert "20261125T120000Z used now" in text
    assert "tree 2.2-1~test13+1" in text
    assert "Refresh now" not in text


def test_a_chroot_with_a_problem_says_all_of_it(root: Client, busy: Builder) -> None:
    del busy
    chroot = models.Chroot.objects.get(architecture="i386")
    text = text_of(root, f"/builders/chroots/{chroot.pk}/")
    assert "Could not connect to deb.example:80" in text
    assert "Refresh now" in text
    assert root.get("/builders/chroots/99999/").status_code == 404


def test_the_queue_is_shown_by_architecture_with_places_in_all_of_it(
    client: Client, busy: Builder
) -> None:
    del busy
    whole = text_of(client, "/queue/")
    assert "all 3" in whole
    only = text_of(client, "/queue/?architecture=i386")
    assert "lua5.4" in only
    assert "foo-tools" not in only
    assert "Nothing waits this far back." in text_of(client, "/queue/?architecture=riscv64")


def test_the_length_of_the_queue_is_plotted(client: Client, busy: Builder) -> None:
    assert "queue-length" not in client.get("/queue/").content.decode()
    at = busy.at - timedelta(hours=1)
    models.QueueSample.objects.create(at=at, architecture="amd64", waiting=7, running=2)
    assert "at most 7 at once" in text_of(client, "/queue/")
    assert "at most" not in text_of(client, "/queue/?architecture=i386")


def test_only_who_may_cancel_is_offered_to(client: Client, busy: Builder) -> None:
    del busy
    assert "Cancel" not in text_of(client, "/queue/")
    client.force_login(User.objects.get(username="ada"))
    assert text_of(client, "/queue/").count("Cancel") == 3


def test_the_schedule_tells_what_is_next_and_what_was_last(root: Client, busy: Builder) -> None:
    rounds = Rounds(utc_now)
    rounds.begin("tidy", 3600.0)
    rounds.end("tidy")
    rounds.begin("mail", 10.0)
    rounds.end("mail", "the mail server does not answer")
    hosted.show_rounds(rounds)
    try:
        models.Suite.objects.update(valid_days=10)
        until = busy.at + timedelta(days=9)
        models.Publication.objects.update(valid_until=until, published_at=busy.at)
        text = text_of(root, "/schedule/")
    finally:
        hosted.show_rounds(Rounds(utc_now))
    assert "Weekly snapshot test the latest 4 are kept" in text
    assert "tidy Takes snapshots" in text
    assert "the mail server does not answer" in text
    assert "Chroot trixie amd64 is made anew" in text
    assert "Suite trixie-test-unstable is signed anew in 4 days" in text or "in 3 days" in text
    assert "Look now" in text
    assert "Do it now" in text


def test_visitors_see_the_schedule_and_change_nothing(client: Client, busy: Builder) -> None:
    del busy
    assert "Do it now" not in text_of(client, "/schedule/")
    assert client.post("/schedule/tidy/now/").status_code == 403


def test_an_administrator_lets_a_step_look_now(root: Client, wakes: list[str]) -> None:
    woken: list[str] = []

    def wake(name: str) -> bool:
        woken.append(name)
        return name == "tidy"

    hosted.plug_in(hosted.site(), lambda: wakes.append("woken"), wake)
    assert root.post("/schedule/tidy/now/").status_code == 302
    assert root.post("/schedule/nothing/now/").status_code == 409
    assert woken == ["tidy", "nothing"]
    assert models.AuditEntry.objects.filter(kind="step").count() == 1


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (SnapshotKind.WEEKLY, "2026-11-30"),
        (SnapshotKind.MONTHLY, "2026-12-01"),
        (SnapshotKind.YEARLY, "2027-01-01"),
    ],
)
def test_the_next_period_begins_at_midnight(kind: SnapshotKind, expected: str) -> None:
    at = utc_now().replace(year=2026, month=11, day=26, hour=13)
    found = next_period(kind, at)
    assert found is not None
    assert found.isoformat().startswith(f"{expected}T00:00:00")


def test_outcomes_count_towards_the_rate(client: Client, builder: Builder) -> None:
    models.Builder.objects.create(name="north", slots=1, cores=1)
    for number in range(4):
        source = builder.source("hello", f"{number}")
        state = JobState.FAILED if number == 3 else JobState.SUCCEEDED
        builder.attempt(builder.job(source, state), None, Outcome(state.value))
    assert "4 builds : 3 good (75 %), 1 failed, 0 lost" in text_of(client, "/builders/north/")
