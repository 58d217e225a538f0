"""What is changed by the API, by whom; and that nobody is made to change anything unawares."""

import base64
import json

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mini_buildd.db import models
from mini_buildd.domain.permission import Role, Scope
from mini_buildd.domain.states import JobState
from mini_buildd.tests.api.conftest import Caller, Enter

READ = frozenset({Scope.READ})
UPLOAD = frozenset({Scope.READ, Scope.UPLOAD})


def waiting() -> models.Job:
    """The first of the two builds of lua5.4, which wait."""
    return models.Job.objects.filter(state=JobState.WAITING).order_by("id")[0]


def failed() -> models.Job:
    """That of zlib."""
    return models.Job.objects.get(state=JobState.FAILED)


def basic(name: str, secret: str) -> str:
    """The field by which tools come in that know nothing of tokens."""
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def test_its_uploader_cancels_a_build_and_has_it_tried_again(
    enter: Enter, wakes: list[str]
) -> None:
    ada, job = enter("ada", UPLOAD), waiting()
    assert ada.get(f"builds/{job.pk}")["may_cancel"]
    answer = ada("POST", f"builds/{job.pk}/cancel", {"reason": "a typo"})
    assert answer.status_code == 202
    assert answer["Location"] == f"/api/v1/builds/{job.pk}"
    assert answer.json()["reason"] == "cancelled by ada: a typo"
    told = ada.get(f"builds/{job.pk}")
    assert (told["may_cancel"], told["may_retry"]) == (False, True)
    assert ada("POST", f"builds/{job.pk}/retry").json()["state"] == "waiting"
    assert wakes == ["woken", "woken"]
    assert ada.refused(409, "POST", f"builds/{job.pk}/retry")["code"] == "retry-impossible"


def test_all_builds_of_an_upload_are_cancelled_and_tried_again(enter: Enter) -> None:
    ada, upload = enter("ada"), waiting().source.upload_id
    answer = ada("POST", f"uploads/{upload}/cancel", {})
    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/uploads/{upload}")
    states = {each["state"] for each in ada.get(f"uploads/{upload}")["builds"]}
    assert states == {"cancelled"}
    assert ada.get(f"uploads/{upload}")["may_retry"]
    assert ada("POST", f"uploads/{upload}/retry").status_code == 202
    assert ada.refused(409, "POST", f"uploads/{upload}/retry")["code"] == "nothing-to-do"


CHANGES = ("builds/{job}/cancel", "uploads/{upload}/cancel", "builds/{bad}/retry")


@pytest.mark.parametrize("path", CHANGES)
def test_who_may_not_is_told_so_and_nothing_changes(
    enter: Enter, visitor: Caller, path: str
) -> None:
    job = waiting()
    path = path.format(job=job.pk, upload=job.source.upload_id, bad=failed().pk)
    before = list(models.Job.objects.values_list("pk", "state"))
    assert visitor.refused(401, "POST", path)["code"] == "not-allowed"
    for caller in (
        enter("eve"),
        enter("rita", role=Role.READER),
        enter("ulla", role=Role.UPLOADER),
        enter("ada", READ),
        enter("root", READ, is_admin=True),
    ):
        assert caller.refused(403, "POST", path)["code"] == "not-allowed"
    assert list(models.Job.objects.values_list("pk", "state")) == before
    assert enter("olga", UPLOAD, role=Role.OWNER)("POST", path).status_code == 202


def test_a_bad_token_is_refused_also_where_nobody_needs_one(visitor: Caller) -> None:
    for field in ("Bearer mbd_" + "x" * 43, "Bearer", "Basic !", "Digest x", basic("ada", "wrong")):
        told = visitor.refused(401, "GET", "status", Authorization=field)
        assert told["code"] == "sign-in-failed"


def test_a_name_and_a_token_do_as_basic_and_another_name_does_not(enter: Enter) -> None:
    secret = enter("ada").secret
    assert Caller().get("me", Authorization=basic("ada", secret))["name"] == "ada"
    Caller().refused(401, "GET", "me", Authorization=basic("bob", secret))


def test_guessing_is_slowed_down(enter: Enter) -> None:
    enter("ada")
    codes = []
    for number in range(12):
        field = basic("ada", f"guess{number}")
        codes.append(Caller()("GET", "me", Authorization=field).status_code)
    assert codes[0] == 401
    assert codes[-1] == 429
    answer = Caller()("GET", "me", Authorization=basic("ada", "guess"))
    assert int(answer["Retry-After"]) > 0


def test_me_tells_what_one_is_and_may(enter: Enter, visitor: Caller) -> None:
    assert visitor.get("me")["name"] == ""
    told = enter("ada", UPLOAD).get("me")
    assert told["roles"] == [{"repository": "test", "role": "uploader"}]
    assert told["scopes"] == ["read", "upload"]
    assert "change the settings" not in told["acts"]
    assert enter("root", is_admin=True).get("me")["is_administrator"]


def test_a_token_makes_no_tokens_and_shows_none(enter: Enter, visitor: Caller) -> None:
    ada = enter("ada")
    wish = {"name": "more", "scopes": ["read"]}
    count = models.ApiToken.objects.count()
    ada.refused(403, "POST", "tokens/", wish)
    ada.refused(403, "GET", "tokens/")
    ada.refused(403, "DELETE", f"tokens/{models.ApiToken.objects.get().pk}")
    visitor.refused(401, "POST", "tokens/", wish)
    visitor.refused(401, "GET", "tokens/")
    assert models.ApiToken.objects.count() == count


def test_a_password_makes_tokens_lists_and_revokes_them(visitor: Caller) -> None:
    User.objects.create_user("pat", password="correct horse")
    pat = {"Authorization": basic("pat", "correct horse")}
    answer = visitor("POST", "tokens/", {"name": "ci", "scopes": ["read"], "days": 7}, **pat)
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    made = answer.json()
    assert Caller(made["secret"]).get("me")["name"] == "pat"
    (listed,) = visitor.get("tokens/", **pat)["items"]
    assert (listed["name"], listed["is_good"]) == ("ci", True)
    assert made["secret"] not in json.dumps(listed)
    number = made["token"]["id"]
    assert visitor("DELETE", f"tokens/{number}", **pat).status_code == 204
    assert not visitor.get("tokens/", **pat)["items"][0]["is_good"]
    Caller(made["secret"]).refused(401, "GET", "me")
    visitor.refused(404, "DELETE", "tokens/99999", **pat)
    acts = list(models.AuditEntry.objects.order_by("id").values_list("who", "door", "act"))
    assert acts == [("pat", "api", "made a token"), ("pat", "api", "revoked a token")]


def test_a_body_that_is_not_as_described_is_refused(visitor: Caller) -> None:
    user = User.objects.create_user("pat")
    browser = Client()
    browser.force_login(user)
    bodies: tuple[tuple[object, int], ...] = (
        ({}, 422),
        ({"name": "x", "scopes": ["write"]}, 422),
        ({"name": "x", "scopes": []}, 422),
        ({"name": 7, "scopes": ["read"]}, 422),
        ({"name": "x", "scopes": ["read"], "days": "9"}, 422),
        ({"name": "x", "scopes": ["read"], "days": 367}, 409),
        ({"name": "x", "scopes": ["read"], "days": None}, 409),
        ({"name": "x", "scopes": ["read"], "owner": "root"}, 422),
        (b'{"name": "\\ud800", "scopes": ["read"]}', 422),
        (b"{", 400),
        (b"[]", 422),
        (b"\xff\xfe", 400),
    )
    del visitor
    for body, status in bodies:
        data = body if isinstance(body, bytes) else json.dumps(body)
        answer = browser.post("/api/v1/tokens/", data, content_type="application/json")
        assert answer.status_code == status, body
        assert answer["Content-Type"] == "application/problem+json"
    assert not models.ApiToken.objects.exists()


def test_a_session_changes_something_only_with_its_csrf_token(wakes: list[str]) -> None:
    del wakes
    browser, job = Client(enforce_csrf_checks=True), waiting()
    browser.force_login(User.objects.get(username="ada"))
    path = f"/api/v1/builds/{job.pk}/cancel"
    assert browser.get("/api/v1/me").json()["name"] == "ada"
    refused = browser.post(path, "{}", content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "request-forged")
    job.refresh_from_db()
    assert job.state == "waiting"
    browser.get(f"/builds/{job.pk}/")  # a page with a form gives the token
    token = browser.cookies["mini_buildd_csrf"].value
    answer = browser.post(
        path, "{}", content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert answer.status_code == 202


def test_a_page_of_somebody_else_changes_nothing_even_with_a_kept_password(enter: Enter) -> None:
    field = basic("ada", enter("ada").secret)
    for site in ("cross-site", "same-site"):
        told = Caller().refused(
            403, "POST", f"builds/{waiting().pk}/cancel", Authorization=field, Sec_Fetch_Site=site
        )
        assert told["code"] == "request-forged"


def test_a_form_is_no_body(enter: Enter) -> None:
    answer = Client().post(
        f"/api/v1/builds/{waiting().pk}/cancel",
        {"reason": "x"},
        headers={"Authorization": f"Bearer {enter('ada').secret}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "body-refused")


def test_no_get_changes_anything(enter: Enter) -> None:
    ada, job = enter("ada"), waiting()
    for method in ("GET", "HEAD"):
        answer = ada(method, f"builds/{job.pk}/cancel")
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert ada.refused(405, "PUT", "status")["code"] == "method-not-allowed"
    job.refresh_from_db()
    assert job.state == "waiting"


def test_a_dry_run_tells_faults_with_status_200(visitor: Caller) -> None:
    answer = visitor("POST", "uploads/precheck", {"changes_name": "x_1.dsc", "changes": "nothing"})
    assert answer.status_code == 200
    assert [fault["code"] for fault in answer.json()["faults"]] == ["changes-malformed"]
