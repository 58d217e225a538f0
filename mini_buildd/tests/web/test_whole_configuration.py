"""The configuration as a whole, on its page."""

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mini_buildd.db import models
from mini_buildd.tests.web.builder import Builder


@pytest.fixture
def root(client: Client, wakes: list[str]) -> Client:
    """An administrator, of an instance whose daemon runs."""
    del wakes
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_what_is_downloaded_differs_in_nothing(root: Client) -> None:
    answer = root.get("/configuration/download/")
    assert answer["Content-Disposition"].startswith("attachment;")
    assert b"[repository.test]" in answer.content
    file = SimpleUploadedFile("x.toml", answer.content)
    page = root.post("/configuration/compare/", {"file": file})
    assert (page.status_code, b"this instance is as the file says" in page.content) == (200, True)


def test_what_differs_is_shown_before_it_is_brought_about(root: Client) -> None:
    text = root.get("/configuration/download/").content.decode()
    changed = f"{text}\n[group.crew]\n".replace("\n", "\r\n")  # as browsers send it
    page = root.post("/configuration/compare/", {"text": changed}).content.decode()
    assert "+ group crew" in page
    assert "Bring this about" in page
    assert not models.AuditEntry.objects.filter(kind="group").exists()
    answer = root.post("/configuration/import/", {"text": changed}, follow=True)
    assert "1 thing was changed" in answer.content.decode()
    entry = models.AuditEntry.objects.get(kind="group")
    assert (entry.name, entry.who, entry.door) == ("crew", "root", "page")


def test_what_cannot_be_is_told_and_cannot_be_brought_about(root: Client) -> None:
    page = root.post("/configuration/compare/", {"text": '[repository.x]\nlayout = "none"'})
    assert page.status_code == 409
    assert "there is no layout: none" in page.content.decode()
    assert "Bring this about" not in page.content.decode()
    assert root.post("/configuration/import/", {"text": "a = 1"}).status_code == 409


def test_only_administrators_see_it(client: Client, builder: Builder) -> None:
    del builder
    assert client.get("/configuration/").status_code == 302
    client.force_login(User.objects.create_user("eve"))
    for path in ("/configuration/", "/configuration/download/"):
        assert client.get(path).status_code == 403
    for path in ("/configuration/compare/", "/configuration/import/"):
        assert client.post(path, {"text": ""}).status_code == 403
