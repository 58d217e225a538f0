"""Keys on the pages: given on "me", approved on "keys", told of at home."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now

from mini_buildd.db import models
from mini_buildd.tests.keys.people import Person, make_person
from mini_buildd.tests.permissions.stage import SSH_KEYS
from mini_buildd.tests.web.test_changes import ask, confirm, words


@pytest.fixture(scope="module")
def person(short_folder: Path) -> Iterator[Person]:
    """Somebody with a key."""
    home = Path(tempfile.mkdtemp(dir=short_folder)) / "g"
    made = make_person(home, "Eve Example <eve@example.invalid>")
    yield made
    made.close()


@pytest.fixture
def eve(wakes: list[str]) -> Client:
    """Somebody with an account."""
    del wakes
    client = Client()
    client.force_login(User.objects.create_user("eve", "eve@example.invalid"))
    return client


@pytest.fixture
def root(wakes: list[str]) -> Client:
    """An administrator."""
    del wakes
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def page(client: Client, path: str) -> str:
    """The text of a page."""
    answer = client.get(path)
    assert answer.status_code == 200
    return words(answer.content.decode())


def give(client: Client, text: str) -> str:
    """What is told to who gives a key."""
    answer = client.post("/me/keys/", {"key": text}, follow=True)
    return words(answer.content.decode())


def test_a_key_is_given_shown_at_home_and_approved_with_what_that_means(
    eve: Client, root: Client, person: Person
) -> None:
    assert "Nothing that you sign is taken yet." in page(eve, "/me/")
    assert "1 key waits for approval" not in page(root, "/")
    assert "waits for an administrator's approval" in give(eve, person.public_key)
    assert "waits for approval" in page(eve, "/me/")
    assert "1 key waits for approval" in page(root, "/")
    assert "waits for approval" not in page(eve, "/"), "it is nobody else's business"
    assert person.fingerprint in page(root, "/keys/")
    path = f"/keys/{person.fingerprint}/approve/"
    html = ask(root, path)
    assert "Eve Example <eve@example.invalid>" in words(html)
    assert "nothing yet: there is no right to upload" in words(html)
    assert models.OpenPGPKey.objects.get(user__username="eve").approved_at is None
    confirm(root, path, html)
    row = models.OpenPGPKey.objects.get(user__username="eve")
    assert row.approved_by == "root"
    assert "waits for approval" not in page(root, "/")
    path = f"/keys/{person.fingerprint}/refuse/"
    confirm(root, path, ask(root, path), reason="has left")
    assert "Refused: has left" in page(eve, "/me/")


def test_what_is_no_key_is_told_and_a_key_can_be_removed(eve: Client, person: Person) -> None:
    answer = eve.post("/me/keys/", {"key": "Hello"})
    assert answer.status_code == 409
    assert "uploader-key-unfit" in answer.content.decode()
    give(eve, person.public_key)
    eve.post(f"/me/keys/{person.fingerprint}/remove/")
    assert not models.OpenPGPKey.objects.filter(user__username="eve").exists()


def test_who_may_not_neither_sees_nor_decides_nor_removes(
    eve: Client, root: Client, person: Person
) -> None:
    give(eve, person.public_key)
    mallory = Client()
    mallory.force_login(User.objects.create_user("mallory"))
    for client in (eve, mallory):
        assert client.get("/keys/").status_code == 403
        for act in ("approve", "refuse"):
            answer = client.post(f"/keys/{person.fingerprint}/{act}/", {"step": "do"})
            assert answer.status_code == 403
    assert mallory.post(f"/me/keys/{person.fingerprint}/remove/").status_code == 403
    row = models.OpenPGPKey.objects.get(user__username="eve")
    assert (row.approved_at, row.refused_at) == (None, None)
    for path in ("/me/", "/keys/"):
        assert "/account/login/" in Client().get(path)["Location"]
    assert root.post(f"/keys/{'A' * 40}/approve/").status_code == 409


def test_a_key_that_expires_says_how_to_prolong_it(eve: Client, person: Person) -> None:
    give(eve, person.public_key)
    models.OpenPGPKey.objects.update(approved_at=now(), expires_at=now() + timedelta(days=5))
    text = page(eve, "/me/")
    assert "expires soon" in text
    assert f"gpg --quick-set-expire {person.fingerprint} 2y" in text


def test_ssh_keys_are_added_and_removed(eve: Client) -> None:
    answer = eve.post("/me/ssh-keys/", {"key": f"{SSH_KEYS[0]} at home"}, follow=True)
    row = models.SshKey.objects.get()
    assert row.fingerprint in words(answer.content.decode())
    assert "at home" in page(eve, "/me/")
    assert eve.post("/me/ssh-keys/", {"key": "ssh-rsa nonsense"}).status_code == 409
    eve.post("/me/ssh-keys/remove/", {"fingerprint": row.fingerprint})
    assert not models.SshKey.objects.exists()


def test_in_settings_keys_are_approved_as_well(eve: Client, root: Client, person: Person) -> None:
    give(eve, person.public_key)
    row = models.OpenPGPKey.objects.get(user__username="eve")
    form = {"action": "approve", "_selected_action": row.pk, "is_sure": "yes"}
    answer = root.post("/admin/mini_buildd/openpgpkey/", form, follow=True)
    assert "is approved" in answer.content.decode()
    row.refresh_from_db()
    assert row.approved_by == "root"


def test_what_happens_to_a_key_is_told_to_its_owner_and_to_administrators_only(
    eve: Client, root: Client, person: Person
) -> None:
    give(eve, person.public_key)
    mallory = Client()
    mallory.force_login(User.objects.create_user("mallory"))
    for client, is_told in ((eve, True), (root, True), (mallory, False), (Client(), False)):
        assert (person.fingerprint in page(client, "/events/")) == is_told
