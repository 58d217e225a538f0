"""Suites are changed by the API: shown first, done as shown, and never blindly or twice."""

from typing import Any

import pytest

from mini_buildd.archive.history import snapshot_id
from mini_buildd.db import models
from mini_buildd.domain.permission import Role, Scope
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow import hosted
from mini_buildd.tests.api.conftest import Caller, Enter
from mini_buildd.tests.web.builder import Builder

UNSTABLE, TESTING = "suites/trixie-test-unstable", "suites/trixie-test-testing"
BC = "bc=1.07.1-4~test13+1"
CHANGE = frozenset({Scope.READ, Scope.CHANGE})


@pytest.fixture
def olga(enter: Enter) -> Caller:
    """An owner of the repository, by a token that may change things."""
    return enter("olga", CHANGE, role=Role.OWNER)


def announced(told: Any) -> list[dict[str, object]]:
    """What a dry run has told, as the next request says it."""
    return [{key: each[key] for key in ("distribution", "number")} for each in told["items"]]


def has(suite: str) -> set[str]:
    """The source packages of a suite."""
    rows = models.SuiteEntry.objects.filter(
        distribution__suite__name=suite, removed_in=None, binary=None
    )
    return set(rows.values_list("source__name", flat=True))


def test_a_migration_is_shown_then_done_as_shown(olga: Caller, wakes: list[str]) -> None:
    wish = {"packages": [BC], "reason": "it is time"}
    shown = olga("POST", f"{UNSTABLE}/migrate", {**wish, "dry_run": True})
    assert (shown.status_code, shown.json()["is_dry_run"]) == (200, True)
    (change,) = shown.json()["items"]
    assert change["differences"] == [
        {"kind": "added", "source": "bc", "before": [], "after": ["1.07.1-4~test13+1"], "news": ""}
    ]
    assert "bc" not in has("testing")
    assert wakes == []
    done = olga("POST", f"{UNSTABLE}/migrate", {**wish, "expected": announced(shown.json())})
    assert (done.status_code, done["Location"]) == (202, f"/api/v1/{TESTING}/versions/5")
    assert "bc" in has("testing")
    assert wakes == ["woken"]
    version = olga.get(f"{TESTING}/versions/5")
    assert (version["presence"], version["actor"], version["reason"], version["came"]) == (
        "pending",
        "olga",
        "it is time",
        1,
    )


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        (f"{UNSTABLE}/migrate", {"packages": ["bc"]}),
        (f"{TESTING}/remove", {"packages": ["hello"]}),
        (f"{TESTING}/rollback", {"number": 3}),
        (f"{UNSTABLE}/copy", {"packages": ["bc"], "to": "trixie-test-testing"}),
    ],
)
def test_a_suite_that_has_moved_on_is_not_changed(
    olga: Caller, busy: Builder, path: str, wish: dict[str, object]
) -> None:
    shown = olga("POST", path, {**wish, "dry_run": True}).json()
    busy.version("testing", Cause.REMOVE, minutes=0, actor="ada")
    before = has("testing")
    told = olga.refused(409, "POST", path, {**wish, "expected": announced(shown)})
    assert told["code"] == "suite-moved-on"
    assert has("testing") == before


def test_a_change_that_is_sent_again_with_its_key_is_done_once(olga: Caller) -> None:
    wish = {"packages": ["hello"]}
    first, again = (
        olga("POST", f"{UNSTABLE}/remove", wish, Idempotency_Key="one") for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (202, 202)
    assert (again.content, again["Location"]) == (first.content, first["Location"])
    assert models.Publication.objects.filter(kind=Cause.REMOVE).count() == 2  # one there was


def test_a_rebuild_is_shown_then_ordered(olga: Caller, wakes: list[str]) -> None:
    wish = {"packages": ["bc"], "reason": "a better compiler"}
    shown = olga("POST", f"{UNSTABLE}/rebuild", {**wish, "dry_run": True}).json()
    assert {
        (each["architecture"], each["ending"], each["build_id"]) for each in shown["items"]
    } == {
        ("amd64", "+b1", None),
        ("i386", "+b1", None),
    }
    assert not models.Job.objects.filter(binnmu=1).exists()
    done = olga("POST", f"{UNSTABLE}/rebuild", wish)
    assert done.status_code == 202
    assert olga.get(f"builds/{done.json()['items'][0]['build_id']}")["build"]["state"] == "waiting"
    assert wakes == ["woken"]
    assert olga.refused(409, "POST", f"{UNSTABLE}/rebuild", {**wish, "reason": ""})["code"]


def test_a_suite_is_frozen_and_thawed(olga: Caller) -> None:
    told = olga("POST", f"{UNSTABLE}/freeze", {"reason": "release"}).json()
    assert (told["frozen"]["by"], told["frozen"]["reason"]) == ("olga", "release")
    names = {each["name"]: each["is_frozen"] for each in olga.get("suites/")["items"]}
    assert names["trixie-test-unstable"]
    assert olga.refused(409, "POST", f"{UNSTABLE}/remove", {"packages": ["bc"]})["code"] == (
        "suite-frozen"
    )
    assert olga("POST", f"{UNSTABLE}/thaw").json()["frozen"] is None


def test_versions_are_compared_within_a_suite_and_with_another(visitor: Caller) -> None:
    told = visitor.get(f"{TESTING}/diff?old=2&new=3")
    assert [(each["kind"], each["source"]) for each in told["items"]] == [("removed", "tree")]
    told = visitor.get(f"{TESTING}/diff")
    assert (told["old"]["number"], told["new"]["number"]) == (3, 4)
    told = visitor.get(f"{TESTING}/diff?other=trixie-test-unstable&limit=1")
    assert told["new"]["distribution"] == "trixie-test-unstable"
    assert [each["source"] for each in told["items"]] == ["bc"]
    assert visitor.refused(404, "GET", f"{TESTING}/diff?new=99")["code"] == "suite-version-unknown"


def test_what_a_suite_had_is_told_of_its_versions(visitor: Caller) -> None:
    def names(query: str) -> list[str]:
        items = visitor.get(f"{TESTING}/packages/{query}")["items"]
        return [each["name"] for each in items]

    assert names("?version=3") == ["hello"]
    assert names("?version=2") == ["hello", "tree"]


def test_snapshots_are_taken_listed_and_dropped(olga: Caller) -> None:
    made = olga("POST", "repositories/test/snapshots/", {"name": "mine", "reason": "for me"})
    assert (made.status_code, made.json()["taken_by"]) == (201, "olga")
    assert [each["name"] for each in olga.get("repositories/test/snapshots/")["items"]] == [
        "mine",
        "before-the-upgrade",
    ]
    again = olga.refused(409, "POST", "repositories/test/snapshots/", {"name": "mine"})
    assert again["code"] == "snapshot-unknown"
    assert olga("DELETE", "repositories/test/snapshots/mine").status_code == 204
    told = olga.refused(409, "DELETE", "repositories/test/snapshots/mine")
    assert told["code"] == "snapshot-unknown"


def test_apt_is_told_of_a_suite_as_it_is_and_of_a_snapshot(visitor: Caller) -> None:
    assert visitor.refused(404, "GET", f"{TESTING}/sources")["code"] == "suite-version-unknown"
    published = hosted.tree("test").root
    published.mkdir(parents=True)
    (published / "archive-key.asc").write_text("KEY\n", encoding="ascii")
    text = visitor("GET", f"{TESTING}/sources").content.decode()
    assert "URIs: http://buildd.example:8066/archive/test\nSuites: trixie-test-testing\n" in text
    text = visitor("GET", f"{TESTING}/sources?at=before-the-upgrade").content.decode()
    assert "/archive/test/snapshots/before-the-upgrade\n" in text
    visitor.refused(404, "GET", f"{TESTING}/sources?at=nowhere")
    shown = models.Publication.objects.filter(
        distribution__name=TESTING.rpartition("/")[2], published_at__isnull=False, removed_at=None
    ).latest("number")
    assert shown.published_at is not None
    moment = snapshot_id(shown.published_at)
    text = visitor("GET", f"{TESTING}/sources?at={moment}").content.decode()
    assert f"/archive/test/snapshots/{moment}\n" in text
    visitor.refused(404, "GET", f"{TESTING}/sources?at={moment.lower()}")
