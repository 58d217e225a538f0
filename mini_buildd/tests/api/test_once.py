"""A request that is sent again with its key is done once."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mini_buildd.db import models
from mini_buildd.domain.states import JobState
from mini_buildd.flow import hosted
from mini_buildd.flow.once import begin_once, expire_once
from mini_buildd.tests.api.conftest import Enter
from mini_buildd.tests.web.builder import Builder


def waiting() -> models.Job:
    """The first of the two builds of lua5.4, which wait."""
    return models.Job.objects.filter(state=JobState.WAITING).order_by("id")[0]


def test_the_same_with_the_same_key_is_done_once_and_answered_alike(enter: Enter) -> None:
    ada, path = enter("ada"), f"builds/{waiting().pk}/cancel"
    first, again = (ada("POST", path, {"reason": "x"}, Idempotency_Key="one") for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert again["Location"] == first["Location"]
    assert ada.refused(409, "POST", path, {"reason": "x"})["code"] == "build-ended"
    kinds = models.Event.objects.filter(kind="job.cancelled")
    assert kinds.count() == 1


def test_a_key_is_of_one_request_and_of_one_account(enter: Enter) -> None:
    ada, path = enter("ada"), f"builds/{waiting().pk}/cancel"
    ada("POST", path, {"reason": "x"}, Idempotency_Key="one")
    told = ada.refused(409, "POST", path, {"reason": "y"}, Idempotency_Key="one")
    assert told["code"] == "key-reused"
    root = enter("root", is_admin=True)
    told = root.refused(409, "POST", path, {"reason": "x"}, Idempotency_Key="one")
    assert told["code"] == "build-ended"


def test_what_was_refused_may_come_again(enter: Enter) -> None:
    ada, path = enter("ada"), f"builds/{waiting().pk}/retry"
    ada.refused(409, "POST", path, Idempotency_Key="one")
    models.Job.objects.filter(pk=waiting().pk).update(state=JobState.CANCELLED)
    assert ada("POST", path, Idempotency_Key="one").status_code == 202


def test_what_is_under_way_or_broke_is_not_done_again(enter: Enter) -> None:
    ada, path = enter("ada"), f"builds/{waiting().pk}/cancel"
    ada("POST", path, Idempotency_Key="one")
    models.AnsweredRequest.objects.update(status=0)
    assert ada.refused(409, "POST", path, Idempotency_Key="one")["code"] == "answer-pending"


def test_a_secret_is_not_kept_for_a_second_answer(wakes: list[str]) -> None:
    del wakes
    browser = Client()
    browser.force_login(User.objects.create_user("pat"))
    first, again = (
        browser.post(
            "/api/v1/tokens/",
            '{"name": "x", "scopes": ["read"]}',
            content_type="application/json",
            headers={"Idempotency-Key": "one"},
        )
        for _ in range(2)
    )
    assert first.status_code == 201
    assert (again.status_code, again.json()["code"]) == (409, "answer-not-kept")
    assert first["Location"] in again.json()["found"]
    assert models.ApiToken.objects.count() == 1
    assert first.json()["secret"] not in str(models.AnsweredRequest.objects.values())


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "ä"])
def test_a_key_that_is_none_is_refused(enter: Enter, key: str) -> None:
    path = f"builds/{waiting().pk}/cancel"
    told = enter("ada").refused(400, "POST", path, Idempotency_Key=key)
    assert told["code"] == "parameter-unknown"
    assert waiting().state == "waiting"


def test_answers_are_forgotten_after_a_day(wakes: list[str], busy: Builder) -> None:
    del wakes
    begin_once(hosted.site(), "ada", "new", "0" * 64)
    begin_once(hosted.site(), "ada", "old", "0" * 64)
    models.AnsweredRequest.objects.filter(key="old").update(begun_at=busy._minutes_ago(1441))
    expire_once(hosted.site())
    assert [row.key for row in models.AnsweredRequest.objects.all()] == ["new"]
