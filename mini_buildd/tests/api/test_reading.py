"""What the API tells is what the rows say."""

import re
from typing import Any

import pytest
from django.test import Client

from mini_buildd.api import events
from mini_buildd.db import models
from mini_buildd.db.queries.events import list_events_after
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import JobState
from mini_buildd.flow.follow import KEY, Follow
from mini_buildd.tests.api.conftest import Caller
from mini_buildd.tests.web.builder import Builder

PATHS = (
    "status",
    "me",
    "uploads/",
    "builds/",
    "queue/",
    "events/",
    "repositories/",
    "repositories/test",
    "suites/trixie-test-unstable",
    "suites/trixie-test-unstable/packages/",
    "suites/trixie-test-testing/versions/",
    "builders/",
    "chroots/",
    "schedule/",
    "build-days/",
    "queue-samples/",
    "dput",
)


def test_everybody_may_read_what_is_public_and_gets_it_again_only_when_it_has_changed(
    visitor: Caller,
) -> None:
    for path in PATHS:
        first = visitor("GET", path)
        assert (first.status_code, bool(first.json())) == (200, True), path
        again = visitor("GET", path, If_None_Match=first["ETag"])
        assert (again.status_code, again.content) == (304, b""), path
        assert visitor("GET", path, If_None_Match='"another"').status_code == 200
        head = visitor("HEAD", path)
        assert (head.status_code, head["ETag"], head.content) == (200, first["ETag"], b"")


def test_uploads_are_filtered(visitor: Caller) -> None:
    def names(query: str) -> list[str]:
        return [each["source"] for each in visitor.get(f"uploads/?{query}")["items"]]

    models.Upload.objects.filter(source_name="tree").update(changes_sha256="ab" * 32)
    assert names("state=rejected") == ["figlet"]
    assert names("state=received") == ["cowsay"]
    assert names("source=hello") == ["hello", "hello"]
    assert names("distribution=trixie-test-snapshot") == ["zlib"]
    assert names(f"changes_sha256={'ab' * 32}") == ["tree"]
    assert names("source=hello&state=rejected") == []


def test_builds_are_filtered(visitor: Caller) -> None:
    def builds(query: str) -> list[tuple[str, str]]:
        return [
            (each["source"], each["architecture"])
            for each in visitor.get(f"builds/?{query}")["items"]
        ]

    assert builds("state=failed") == [("zlib", "i386")]
    assert builds("source=lua5.4&architecture=i386") == [("lua5.4", "i386")]
    assert builds("distribution=trixie-test-snapshot") == [("zlib", "i386"), ("zlib", "amd64")]


def test_pages_lead_through_all_of_a_list_once(visitor: Caller) -> None:
    for path in ("uploads/", "builds/", "queue/", "events/"):
        whole = visitor.get(f"{path}?limit=200")
        found: list[Any] = []
        following: str | None = f"/api/v1/{path}?limit=2"
        while following:
            page = visitor.get(following.removeprefix("/api/v1/"))
            assert len(page["items"]) <= 2
            found += page["items"]
            following = page["next"] if page["items"] else None
        assert found == whole["items"]
        assert len(found) > 2


def test_packages_go_on_page_by_page(visitor: Caller) -> None:
    path, found = "suites/trixie-test-unstable/packages/?limit=1", []
    while path:
        page = visitor.get(path)
        found += [each["name"] for each in page["items"]]
        path = (page["next"] or "").removeprefix("/api/v1/")
    assert found == ["bc", "hello", "tree"]


def test_a_rejected_upload_says_why_and_what_to_do(visitor: Caller) -> None:
    upload = models.Upload.objects.get(source_name="figlet")
    told = visitor.get(f"uploads/{upload.pk}")
    assert told["upload"]["state"] == "rejected"
    assert not told["upload"]["is_open"]
    assert told["problem"]["code"] == "version-against-rule"
    assert told["problem"]["found"] == "2.2.5-3"
    assert "dch" in told["problem"]["hint"]


def test_an_upload_has_its_builds_files_and_events(visitor: Caller) -> None:
    upload = models.Upload.objects.get(source_name="tree")
    told = visitor.get(f"uploads/{upload.pk}")
    assert told["upload"]["source_state"] == "published"
    assert [each["architecture"] for each in told["builds"]] == ["amd64", "i386"]
    assert told["files"][0]["url"].startswith("http://buildd.example:8066/archive/test/pool/main/t")
    kinds = [each["kind"] for each in visitor.get(f"uploads/{upload.pk}/events/")["items"]]
    assert kinds[:2] == ["upload.arrived", "source.accepted"]
    assert kinds.count("job.succeeded") == len(told["builds"])


def test_a_log_is_read_in_parts_until_it_has_ended(visitor: Caller) -> None:
    job = models.Job.objects.get(state=JobState.FAILED)
    whole = visitor("GET", f"builds/{job.pk}/log")
    assert whole["Content-Type"] == "text/plain; charset=utf-8"
    assert whole["X-Log-State"] == "ended"
    rest = visitor("GET", f"builds/{job.pk}/log?offset=100")
    assert rest.content == whole.content[100:]
    assert int(rest["X-Log-Next-Offset"]) == len(whole.content)
    assert visitor("GET", f"builds/{job.pk}/log?attempt=1").content == b""


def test_what_is_not_there_is_a_problem_with_a_code(visitor: Caller) -> None:
    for path, code in (
        ("uploads/999999", "upload-unknown"),
        ("uploads/999999/events/", "upload-unknown"),
        ("builds/999999", "build-unknown"),
        ("builds/999999/log", "build-unknown"),
        ("repositories/nowhere", "repository-unknown"),
        ("suites/nowhere", "suite-unknown"),
        ("suites/nowhere/packages/", "suite-unknown"),
        ("suites/nowhere/versions/", "suite-unknown"),
        ("nothing", "not-found"),
        ("", "not-found"),
        ("builds/x", "not-found"),
        ("builds/1%0A/log", "not-found"),
    ):
        assert visitor.refused(404, "GET", path)["code"] == code
    job = models.Job.objects.get(state=JobState.FAILED)
    assert visitor.refused(404, "GET", f"builds/{job.pk}/log?attempt=9")["code"] == "log-unknown"


def test_what_is_given_wrongly_is_refused_and_named(visitor: Caller) -> None:
    for path in (
        "uploads/?before=x",
        "uploads/?before=-1",
        "uploads/?before=99999999999999999999",
        "uploads/99999999999999999999",
        "uploads/?state=gone",
        "uploads/?limit=0",
        "uploads/?limit=201",
        "uploads/?source=a%00b",
        "builds/?state=",
        "events/?kind=x",
        "events/?wait=51",
        "repositories/a%00b",
    ):
        told = visitor.refused(422, "GET", path)
        assert told["code"] == "request-malformed"
        assert "path." in told["found"] or "query." in told["found"]


def test_a_parameter_that_a_call_does_not_know_is_refused(visitor: Caller) -> None:
    told = visitor.refused(400, "GET", "uploads/?stat=rejected")
    assert told["code"] == "parameter-unknown"
    assert told["found"] == "stat"
    assert "state" in told["expected"]


def test_who_waits_for_a_number_that_is_not_yet_begins_with_the_next(visitor: Caller) -> None:
    """The hub begins where the first one who waits does, and would pass all others by."""
    del visitor
    last = models.Event.objects.latest("pk").pk
    handed: list[Follow] = []
    given: Any = {KEY: handed.append}
    answer = Client().get(f"/api/v1/events/?after={2**62}&wait=50", **given)
    assert [each.after for each in handed] == [last]
    assert answer.json()["last"] == last


def test_without_a_daemon_nobody_waits_for_events(visitor: Caller) -> None:
    last = visitor.get("status")["last_event"]
    assert visitor.get(f"events/?after={last - 1}&wait=50")["items"][0]["id"] == last
    empty = visitor.get(f"events/?after={last}&wait=50")
    assert (empty["items"], empty["last"]) == ([], last)


def test_an_event_that_comes_while_somebody_looks_is_not_missed(
    visitor: Caller, busy: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = visitor.get("status")["last_event"]

    def look(*given: Any, **wanted: Any) -> Any:
        found = list_events_after(*given, **wanted)
        busy.event(EventKind.KEY_ROTATED, 0)
        return found

    monkeypatch.setattr(events, "list_events_after", look)
    first = visitor.get(f"events/?after={last}")
    assert first["items"] == []
    monkeypatch.undo()
    (late,) = visitor.get(first["next"].removeprefix("/api/v1/"))["items"]
    assert late["kind"] == "key.rotated"


def test_the_page_lists_every_call_and_every_code(client: Client, visitor: Caller) -> None:
    del visitor
    html = client.get("/api/").content.decode()
    assert "GET /api/v1/uploads/{upload_id}" in html
    assert "DELETE /api/v1/tokens/{token_id}" in html
    assert 'id="version-against-rule"' in html
    for name in re.findall(r'href="#([^"]+)"', html):
        assert f'id="{name}"' in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    described = client.get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.1")
