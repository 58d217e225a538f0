"""Keys, rights, builders, chroots, accounts and the audit log by the API."""

import base64
from typing import Any

import pytest
from django.contrib.auth.models import User

from mini_buildd.db import models
from mini_buildd.tests.api.conftest import Caller, Enter
from mini_buildd.tests.permissions.calls import PUBLIC_KEY
from mini_buildd.tests.permissions.stage import SSH_KEYS


def basic(name: str, secret: str) -> str:
    """How somebody comes who gives their password."""
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


@pytest.fixture
def pat(wakes: list[str]) -> dict[str, str]:
    """Somebody who comes with their password."""
    del wakes
    User.objects.create_user("pat", password="correct horse")
    return {"Authorization": basic("pat", "correct horse")}


@pytest.fixture
def root(wakes: list[str]) -> dict[str, str]:
    """An administrator who does."""
    del wakes
    User.objects.create_superuser("root", password="battery staple")
    return {"Authorization": basic("root", "battery staple")}


def test_a_key_is_given_approved_and_refused(
    visitor: Caller, pat: dict[str, str], root: dict[str, str]
) -> None:
    given = visitor("POST", "me/keys/", {"key": PUBLIC_KEY}, **pat)
    assert given.status_code == 201
    (key,) = given.json()["items"]
    assert (key["account"], key["state"]) == ("pat", "waits for approval")
    assert visitor.get("me/keys/")["items"] == []
    waiting = visitor.get("keys/?waiting=true", **root)["items"]
    assert [each["fingerprint"] for each in waiting] == [key["fingerprint"]]
    path = f"keys/{key['fingerprint']}"
    assert visitor("POST", f"{path}/approve", **root).json()["state"] == "approved"
    refused = visitor("POST", f"{path}/refuse", {"reason": "has left"}, **root).json()
    assert (refused["state"], refused["reason"]) == ("refused", "has left")
    assert visitor.get("keys/?account=ada", **root)["items"][0]["account"] == "ada"
    visitor.refused(404, "POST", f"keys/{'0' * 40}/approve", **root)


def test_ssh_keys_are_given_and_removed(visitor: Caller, pat: dict[str, str]) -> None:
    (key,) = visitor("POST", "me/ssh-keys/", {"key": SSH_KEYS[0]}, **pat).json()["items"]
    wish = {"fingerprint": key["fingerprint"]}
    assert visitor("POST", "me/ssh-keys/remove", wish, **pat).status_code == 204
    assert visitor.get("me/ssh-keys/", **pat)["items"] == []
    visitor.refused(404, "POST", "me/ssh-keys/remove", wish, **pat)


def test_rights_are_given_listed_and_withdrawn(
    visitor: Caller, pat: dict[str, str], root: dict[str, str]
) -> None:
    path = "repositories/test/rights/"
    wish = {"account": "pat", "role": "uploader", "suite": "unstable", "sources": "hello lib*"}
    right = visitor("POST", path, wish, **root).json()
    assert (right["whom"], right["role"], right["suite"]) == ("pat", "uploader", "unstable")
    assert right in visitor.get(path, **root)["items"]
    assert visitor.get("me", **pat)["roles"] == [{"repository": "test", "role": "uploader"}]
    assert visitor("DELETE", f"{path}{right['id']}", **root).status_code == 204
    visitor.refused(404, "DELETE", f"{path}{right['id']}", **root)
    visitor.refused(404, "POST", path, {"account": "nobody", "role": "reader"}, **root)
    visitor.refused(409, "POST", path, {"account": "pat", "role": "king"}, **root)


def test_builders_are_set_aside_and_chroots_made_anew(enter: Enter, wakes: list[str]) -> None:
    root = enter("root", is_admin=True)
    told = root("POST", "builders/north/aside", {"reason": "new disk"}).json()
    assert told["set_aside_reason"].endswith("new disk")
    assert root("POST", "builders/north/return").json()["set_aside_at"] is None
    root.refused(404, "POST", "builders/nowhere/return")
    (chroot,) = (each for each in root.get("chroots/")["items"] if each["architecture"] == "amd64")
    asked = root("POST", f"chroots/{chroot['id']}/refresh")
    assert (asked.status_code, asked.json()["is_asked"]) == (202, True)
    assert wakes == ["woken", "woken"]
    root.refused(404, "POST", "chroots/9999/refresh")


def test_who_did_what_and_who_there_is(enter: Enter, visitor: Caller, root: dict[str, str]) -> None:
    enter("root")("POST", "builders/north/aside", {"reason": "new disk"})
    first = visitor.get("audit/?limit=1&who=root", **root)
    assert first["items"][0]["name"] == "north"
    assert first["next"].startswith("/api/v1/audit/?")
    names = {
        each["name"]: each["is_administrator"] for each in visitor.get("accounts/", **root)["items"]
    }
    assert (names["root"], names["ada"]) == (True, False)
    assert models.AuditEntry.objects.count() > 1


def test_an_account_is_switched_off_and_on(
    visitor: Caller, pat: dict[str, str], root: dict[str, str]
) -> None:
    token = visitor("POST", "tokens/", {"name": "ci", "scopes": ["read"]}, **pat).json()["secret"]
    bearer = {"Authorization": f"Bearer {token}"}
    told = visitor("POST", "accounts/pat/off", {"reason": "has left"}, **root).json()
    assert (told["name"], told["is_active"]) == ("pat", False)
    visitor.refused(401, "GET", "me", **pat)
    visitor.refused(401, "GET", "me", **bearer)
    names = [each["name"] for each in visitor.get("accounts/", **root)["items"]]
    assert "pat" not in names
    all_of_them = visitor.get("accounts/?off=true", **root)["items"]
    assert [each["is_active"] for each in all_of_them if each["name"] == "pat"] == [False]
    visitor.refused(409, "POST", "accounts/pat/off", **root)
    assert visitor("POST", "accounts/pat/on", **root).json()["is_active"]
    assert visitor.get("me", **bearer)["name"] == "pat"
    entries = models.AuditEntry.objects.filter(kind="account", name="pat").order_by("id")
    assert [(each.who, each.door, each.act) for each in entries] == [
        ("root", "api", "switched off an account"),
        ("root", "api", "switched on an account"),
    ]
    assert entries[0].after == {"is_active": False, "reason": "has left"}


def test_nobody_switches_off_their_own_account(visitor: Caller, root: dict[str, str]) -> None:
    visitor.refused(409, "POST", "accounts/root/off", **root)
    visitor.refused(404, "POST", "accounts/nobody/off", **root)
    assert User.objects.get(username="root").is_active


def test_accounts_are_listed_with_few_questions(
    visitor: Caller, root: dict[str, str], django_assert_max_num_queries: Any
) -> None:
    User.objects.bulk_create(User(username=f"user{number}") for number in range(30))
    with django_assert_max_num_queries(10):
        assert len(visitor.get("accounts/", **root)["items"]) > 30
