"""Cancelling, trying again and setting aside from the pages, by those who may."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mini_buildd.db import models
from mini_buildd.domain.states import JobState
from mini_buildd.tests.buildd.scripts import TASK
from mini_buildd.tests.web.builder import Builder
from mini_buildd.wire.task import encode


@pytest.fixture
def ada(client: Client, wakes: list[str]) -> Client:
    """Who has uploaded everything."""
    del wakes
    client.force_login(User.objects.get(username="ada"))
    return client


@pytest.fixture
def waiting(busy: Builder) -> models.Job:
    """The first of the two builds of lua5.4, which wait."""
    del busy
    return models.Job.objects.filter(state=JobState.WAITING).order_by("id")[0]


def failed() -> models.Job:
    """That of zlib."""
    return models.Job.objects.get(state=JobState.FAILED)


def forms(client: Client, path: str) -> list[str]:
    """Where the page's buttons lead."""
    html = client.get(path).content.decode()
    return re.findall(r'<form method="post" action="([^"]*)"', html)


def said(client: Client, path: str) -> str:
    """What the page says after the press of a button."""
    answer = client.post(path, follow=True)
    assert answer.redirect_chain, answer.content.decode()
    found = re.search(r'class="notice" role="status">([^<]*)<', answer.content.decode())
    assert found is not None
    return found[1]


def test_its_uploader_cancels_a_build_and_has_it_tried_again(
    ada: Client, waiting: models.Job, wakes: list[str]
) -> None:
    page = f"/builds/{waiting.pk}/"
    assert forms(ada, page) == [f"{page}cancel/"]
    assert said(ada, f"{page}cancel/") == "The build ends now."
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "cancelled by ada")
    assert forms(ada, page) == [f"{page}retry/"]
    assert said(ada, f"{page}retry/") == "The build is tried again."
    waiting.refresh_from_db()
    assert waiting.state == "waiting"
    assert wakes == ["woken", "woken"]


def test_a_running_build_is_shown_as_being_cancelled(ada: Client, busy: Builder) -> None:
    del busy
    job = models.Job.objects.filter(state=JobState.RUNNING)[0]
    said(ada, f"/builds/{job.pk}/cancel/")
    assert forms(ada, f"/builds/{job.pk}/") == []
    assert b"being cancelled" in ada.get(f"/builds/{job.pk}/").content
    assert b"being cancelled" in ada.get("/").content


def test_what_failed_is_tried_again_from_its_page(ada: Client, wakes: list[str]) -> None:
    job = failed()
    assert forms(ada, f"/builds/{job.pk}/") == [f"/builds/{job.pk}/retry/"]
    said(ada, f"/builds/{job.pk}/retry/")
    job.refresh_from_db()
    assert job.state == "waiting"
    assert wakes == ["woken"]


def test_what_cannot_be_tried_again_has_no_button(ada: Client) -> None:
    models.Source.objects.filter(name="zlib").update(state="superseded")
    assert forms(ada, f"/builds/{failed().pk}/") == []
    assert forms(ada, f"/uploads/{failed().source.upload_id}/") == []


def test_all_builds_of_an_upload_are_cancelled_and_tried_again(
    ada: Client, waiting: models.Job
) -> None:
    page = f"/uploads/{waiting.source.upload_id}/"
    jobs = models.Job.objects.filter(source=waiting.source)
    assert forms(ada, page) == [f"{page}cancel/"]
    assert said(ada, f"{page}cancel/") == "Its builds end now."
    assert set(jobs.values_list("state", flat=True)) == {"cancelled"}
    assert forms(ada, page) == [f"{page}retry/"]
    assert said(ada, f"{page}retry/") == "What has not succeeded is tried again."
    assert set(jobs.values_list("state", flat=True)) == {"waiting"}
    answer = ada.post(f"{page}retry/")
    assert answer.status_code == 409
    assert "nothing-to-do" in answer.content.decode()


def test_what_has_ended_meanwhile_is_told(ada: Client, waiting: models.Job) -> None:
    models.Job.objects.filter(pk=waiting.pk).update(state=JobState.SUCCEEDED)
    answer = ada.post(f"/builds/{waiting.pk}/cancel/")
    assert answer.status_code == 409
    assert "build-ended" in answer.content.decode()


@pytest.mark.parametrize("name", [None, "plain", "staff"])
def test_others_see_no_buttons_and_may_not_post(
    client: Client, waiting: models.Job, wakes: list[str], name: str | None
) -> None:
    if name is not None:
        client.force_login(User.objects.create_user(name, is_staff=name == "staff"))
    models.Builder.objects.filter(name="north").update(set_aside_at=waiting.created_at)
    upload = waiting.source.upload_id
    for page in (
        f"/builds/{waiting.pk}/",
        f"/builds/{failed().pk}/",
        f"/uploads/{upload}/",
        "/",
        "/builders/",
    ):
        assert forms(client, page) == [], page
    before = models.Event.objects.count()
    for path in (
        f"/builds/{waiting.pk}/cancel/",
        f"/builds/{failed().pk}/retry/",
        f"/uploads/{upload}/cancel/",
        f"/uploads/{failed().source.upload_id}/retry/",
        "/builders/north/aside/",
        "/builders/north/return/",
        "/uploads/99999/cancel/",
    ):
        answer = client.post(path)
        assert answer.status_code == 403, path
        assert "not-allowed" in answer.content.decode()
        assert client.get(path).status_code == 405
    assert models.Event.objects.count() == before
    assert wakes == []


def test_an_uploader_sets_no_builder_aside(ada: Client) -> None:
    assert ada.post("/builders/north/aside/").status_code == 403


def test_no_foreign_page_can_post(ada: Client, waiting: models.Job) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = ada.cookies
    assert strict.post(f"/builds/{waiting.pk}/cancel/").status_code == 403
    waiting.refresh_from_db()
    assert waiting.state == "waiting"


def test_a_builder_that_is_set_aside_is_an_alarm_at_home(
    client: Client, wakes: list[str], busy: Builder
) -> None:
    client.force_login(User.objects.create_superuser("root"))
    models.Builder.objects.filter(name="south").delete()
    assert "/builders/north/aside/" in forms(client, "/builders/")
    assert said(client, "/builders/north/aside/") == (
        "north is given no jobs until somebody takes it back."
    )
    home = client.get("/").content.decode()
    assert "Builder north is set aside" in home
    assert "by root" in home
    assert forms(client, "/") == ["/builders/north/return/"]
    models.Builder.objects.update(set_aside_until=busy.at)
    assert "is tried with one after" in client.get("/").content.decode()
    said(client, "/builders/north/return/")
    assert "is set aside" not in client.get("/").content.decode()
    assert wakes == ["woken", "woken"]


def test_a_build_page_has_the_lines_that_repeat_it(client: Client, busy: Builder) -> None:
    job = failed()
    page = f"/builds/{job.pk}/"
    assert b"Repeat it elsewhere" not in client.get(page).content
    dsc = busy.home / "archive/test/pool/main/z/zlib/zlib_1.3.dsc"
    folder = Path(busy.log_path(job.attempts.latest("number"))).parent
    task = encode(TASK).replace(TASK.dsc.encode(), str(dsc).encode())
    (folder / "task.json").write_bytes(task)
    html = client.get(page).content.decode()
    assert "http://buildd.example:8066/archive/test/pool/main/z/zlib/zlib_1.3.dsc" in html
    assert f"mini-buildd build debug {job.pk}" in html
    (folder / "task.json").write_bytes(encode(TASK))
    assert b"Repeat it elsewhere" not in client.get(page).content, "its source is elsewhere"


def test_a_build_that_its_builder_failed_says_so(client: Client, busy: Builder) -> None:
    del busy
    job = failed()
    models.Attempt.objects.filter(job=job).update(outcome="lost", stage="vanished")
    assert b"failed: the builder" in client.get(f"/builds/{job.pk}/").content
