"""The audit log: what the administration notes, and who may read it."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from mini_buildd.db import models
from mini_buildd.db.audit import NOT_SHOWN
from mini_buildd.domain.permission import Role
from mini_buildd.tests.web.builder import Builder


@pytest.fixture
def root(client: Client, builder: Builder) -> Client:
    """An administrator."""
    del builder
    client.force_login(User.objects.create_superuser("root"))
    return client


def last() -> models.AuditEntry:
    """The newest entry."""
    found = models.AuditEntry.objects.first()
    assert found is not None
    assert (found.who, found.door) == ("root", "settings")
    return found


def text(client: Client, path: str) -> str:
    """What the page at *path* says, in one line."""
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def test_what_is_added_changed_and_deleted_is_noted_with_all_its_fields(root: Client) -> None:
    repository, pat = models.Repository.objects.get(), User.objects.create_user("pat")
    form = {"user": pat.pk, "repository": repository.pk, "role": Role.UPLOADER.value}
    root.post("/admin/mini_buildd/grant/add/", form)
    entry = last()
    assert (entry.act, entry.kind, entry.name) == ("added", "right", "pat: uploader of test")
    assert entry.before == {}
    assert (entry.after["user"], entry.after["role"]) == ("pat", "uploader")
    grant = models.Grant.objects.get(user=pat)
    root.post(f"/admin/mini_buildd/grant/{grant.pk}/change/", form | {"sources": "hello"})
    entry = last()
    assert (entry.act, entry.before["sources"], entry.after["sources"]) == ("changed", "", "hello")
    assert "role" not in entry.after
    root.post(f"/admin/mini_buildd/grant/{grant.pk}/delete/", {"post": "yes"})
    entry = last()
    assert (entry.act, entry.before["sources"], entry.after) == ("deleted", "hello", {})


def test_rows_that_belong_to_it_are_part_of_it(root: Client) -> None:
    distribution = models.Distribution.objects.get(name="trixie-test-unstable")
    rows = list(distribution.architectures.order_by("id"))
    form: dict[str, object] = {
        "repository": distribution.repository_id,
        "base": distribution.base_id,
        "suite": distribution.suite_id,
        "architectures-TOTAL_FORMS": 3,
        "architectures-INITIAL_FORMS": 2,
    }
    for place, row in enumerate(rows):
        form[f"architectures-{place}-id"] = row.pk
        form[f"architectures-{place}-distribution"] = distribution.pk
        form[f"architectures-{place}-architecture"] = row.architecture
    form |= {
        "architectures-0-builds_all": "on",
        "architectures-1-DELETE": "on",
        "architectures-2-distribution": distribution.pk,
        "architectures-2-architecture": "arm64",
    }
    answer = root.post(f"/admin/mini_buildd/distribution/{distribution.pk}/change/", form)
    assert answer.status_code == 302, answer.content.decode()
    entry = last()
    assert entry.act == "changed"
    assert any("i386" in name for name in entry.before)
    assert any("arm64" in name for name in entry.after)
    assert not any("i386" in name for name in entry.after)


def test_what_is_saved_unchanged_is_no_entry(root: Client) -> None:
    repository = models.Repository.objects.get()
    form = {"name": "test", "layout": repository.layout_id}
    for field in ("weekly_snapshots", "monthly_snapshots", "yearly_snapshots"):
        form[field] = getattr(repository, field)
    root.post(f"/admin/mini_buildd/repository/{repository.pk}/change/", form)
    assert not models.AuditEntry.objects.exists()


def test_several_that_are_deleted_at_once_are_an_entry_each(root: Client) -> None:
    for name in ("one", "two"):
        models.TrustedKeyring.objects.create(name=name, path="/x")
    chosen = list(models.TrustedKeyring.objects.values_list("pk", flat=True))
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    root.post("/admin/mini_buildd/trustedkeyring/", form)
    assert not models.TrustedKeyring.objects.exists()
    assert {row.name for row in models.AuditEntry.objects.all()} == {"one", "two"}


def test_accounts_and_groups_are_noted_and_passwords_are_not_shown(root: Client) -> None:
    new = "correct horse battery"
    form = {"username": "pat", "password1": new, "password2": new, "usable_password": "true"}
    root.post("/admin/auth/user/add/", form)
    assert (last().act, last().name, last().after["password"]) == ("added", "pat", NOT_SHOWN)
    pat = User.objects.get(username="pat")
    root.post(f"/admin/auth/user/{pat.pk}/password/", form)
    assert last().before == last().after == {"password": NOT_SHOWN}
    group = Group.objects.create(name="packagers")
    form = {
        "username": "pat",
        "is_active": "on",
        "is_staff": "on",
        "groups": str(group.pk),
        "date_joined_0": f"{pat.date_joined:%Y-%m-%d}",
        "date_joined_1": f"{pat.date_joined:%H:%M:%S}",
    }
    root.post(f"/admin/auth/user/{pat.pk}/change/", form)
    assert (last().before["groups"], last().after["groups"]) == ([], ["packagers"])
    assert last().after["is_staff"] is True
    root.post(f"/admin/auth/group/{group.pk}/change/", {"name": "uploaders"})
    assert (last().kind, last().after) == ("group", {"name": "uploaders"})


def test_administrators_read_it_and_nobody_else(root: Client) -> None:
    models.TrustedKeyring.objects.create(name="one", path="/x")
    pat = User.objects.create_user("pat")
    form = {"user": pat.pk, "repository": models.Repository.objects.get().pk, "role": 3}
    root.post("/admin/mini_buildd/grant/add/", form)
    root.post("/admin/auth/group/add/", {"name": "packagers"})
    shown = text(root, "/audit/")
    assert "root added right pat: owner of test in Settings" in shown
    assert "role – owner" in shown
    assert "packagers" in shown
    found = text(root, "/audit/?kind=right&who=root&name=PAT")
    assert "pat: owner of test" in found
    assert "packagers" not in found
    assert "Nothing like that was done" in text(root, "/audit/?who=pat")
    visitor, stranger = Client(), Client()
    stranger.force_login(pat)
    assert visitor.get("/audit/").status_code == 302
    assert stranger.get("/audit/").status_code == 403
    assert "owner of test" not in stranger.get("/audit/").content.decode()
