"""Owners: what they may on the pages of their repositories, and whom they let in."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mini_buildd.db import models
from mini_buildd.domain.permission import Role
from mini_buildd.tests.web.test_changes import BC, POSTS, UNSTABLE, ask, confirm, words

RIGHTS = "/repositories/test/rights/"


@pytest.fixture
def owner(wakes: list[str]) -> Client:
    """An owner of test."""
    del wakes
    client = Client()
    user = User.objects.create_user("olga")
    repository = models.Repository.objects.get(name="test")
    models.Grant.objects.create(user=user, repository=repository, role=Role.OWNER)
    client.force_login(user)
    return client


@pytest.fixture
def elsewhere(owner: Client) -> Client:
    """An owner of another repository."""
    del owner
    client = Client()
    user = User.objects.create_user("else")
    layout = models.Layout.objects.get()
    repository = models.Repository.objects.create(name="other", layout=layout)
    models.Grant.objects.create(user=user, repository=repository, role=Role.OWNER)
    client.force_login(user)
    return client


def test_an_owner_changes_what_is_published_and_sees_the_buttons_for_it(
    owner: Client, wakes: list[str]
) -> None:
    html = owner.get(UNSTABLE).content.decode()
    for word in ("Migrate to", "Remove", "Build again", "Freeze"):
        assert f"<button>{word}" in html or f">{word}" in html, word
    assert "Take a snapshot" in owner.get("/repositories/test/").content.decode()
    html = ask(owner, f"{UNSTABLE}remove/", {"package": BC})
    confirm(owner, f"{UNSTABLE}remove/", html, reason="not free")
    assert models.Publication.objects.latest("pk").actor == "olga"
    assert wakes == ["woken"]


@pytest.mark.parametrize("path", POSTS)
def test_an_owner_elsewhere_may_nothing_here(
    elsewhere: Client, wakes: list[str], path: str
) -> None:
    answer = elsewhere.post(path, {"package": BC, "step": "do", "name": "mine"})
    assert answer.status_code == 403
    assert wakes == []
    assert elsewhere.get(RIGHTS).status_code == 403
    assert "Remove" not in elsewhere.get(UNSTABLE).content.decode()
    assert RIGHTS not in elsewhere.get("/repositories/test/").content.decode()


def test_an_owner_does_not_look_after_the_machines(owner: Client) -> None:
    html = owner.get("/builders/").content.decode()
    assert "Give it no jobs" not in html
    assert "Refresh now" not in html
    chroot = models.Chroot.objects.all()[0]
    assert owner.post(f"/builders/chroots/{chroot.pk}/refresh/").status_code == 403


def test_an_owner_gives_a_right_and_withdraws_it(owner: Client) -> None:
    assert RIGHTS in owner.get("/repositories/test/").content.decode()
    User.objects.create_user("eve")
    form = {
        "kind": "account",
        "whom": "eve",
        "role": "uploader",
        "suite": "unstable",
        "sources": "hello lib*",
        "only_old": "yes",
    }
    answer = owner.post(f"{RIGHTS}give/", form, follow=True)
    text = words(answer.content.decode())
    assert "eve is uploader of test" in text
    assert "hello lib*, no new ones" in text
    row = models.Grant.objects.get(user__username="eve")
    assert (row.given_by, row.suite and row.suite.name) == ("olga", "unstable")
    owner.post(f"{RIGHTS}{row.pk}/withdraw/")
    assert not models.Grant.objects.filter(user__username="eve").exists()


def test_an_owner_is_not_offered_and_not_given_what_only_administrators_give(
    owner: Client,
) -> None:
    html = owner.get(RIGHTS).content.decode()
    assert '<option value="owner"' not in html
    row = models.Grant.objects.get(user__username="olga")
    assert f"{RIGHTS}{row.pk}/withdraw/" not in html
    User.objects.create_user("eve")
    form = {"kind": "account", "whom": "eve", "role": "owner"}
    assert owner.post(f"{RIGHTS}give/", form).status_code == 403
    assert owner.post(f"{RIGHTS}{row.pk}/withdraw/").status_code == 403
    for form, status in (
        ({"kind": "account", "whom": "nobody", "role": "reader"}, 409),
        ({"kind": "account", "whom": "eve", "role": "king"}, 409),
        ({"kind": "keyring", "whom": "nobody", "role": "uploader"}, 409),
    ):
        assert owner.post(f"{RIGHTS}give/", form).status_code == status
    assert models.Grant.objects.filter(user__username="eve").count() == 0


def test_an_administrator_makes_owners(owner: Client) -> None:
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    User.objects.create_user("eve")
    root.post(f"{RIGHTS}give/", {"kind": "account", "whom": "eve", "role": "owner"})
    assert models.Grant.objects.get(user__username="eve").role == Role.OWNER
    assert owner.get(RIGHTS).status_code == 200
