"""Why something is refused: the page that explains each code, and the upload that links to it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from mini_buildd.db import models
from mini_buildd.domain.problem import UrgencyUnknown, VersionAgainstRule
from mini_buildd.domain.problem_list import problem_kinds
from mini_buildd.tests.web.builder import Builder

pytestmark = pytest.mark.django_db


def test_the_page_explains_every_code_at_its_own_place(client: Client, builder: Builder) -> None:
    del builder
    page = client.get(reverse("problems")).content.decode()
    places = re.findall(r'<tr id="([a-z-]+)">', page)
    assert sorted(places) == sorted(kind.code for kind in problem_kinds())


def test_a_rejected_upload_links_to_its_codes_and_tells_what_else_is_wrong(
    client: Client, builder: Builder
) -> None:
    problem = VersionAgainstRule(expected="another", found="2.2.5-3", hint="Change it.")
    upload = builder.rejected("figlet", "2.2.5-3", problem)
    other = UrgencyUnknown(expected="low", found="someday", hint="Correct it.")
    words = ("code", "title", "expected", "found", "hint")
    upload.more_problems = [{word: getattr(other, word) for word in words}]
    upload.save()
    page = client.get(f"/uploads/{upload.pk}/").content.decode()
    assert 'href="/problems/#version-against-rule"' in page
    assert 'href="/problems/#urgency-unknown"' in page
    assert "someday" in page


def test_an_upload_that_waits_for_its_orig_says_so(client: Client, builder: Builder) -> None:
    upload = builder.upload("figlet", "2.2.5-3~test13+1")
    models.Upload.objects.update(missing="figlet_2.2.5.orig.tar.gz")
    page = client.get(f"/uploads/{upload.pk}/").content.decode()
    assert "waits for figlet_2.2.5.orig.tar.gz" in page
    assert "waits for its orig" in client.get("/uploads/").content.decode()
    assert "tried again" not in page
    models.Upload.objects.update(tries=1)
    assert "tried again" in client.get(f"/uploads/{upload.pk}/").content.decode()


def test_an_accepted_upload_shows_its_urgency_and_the_bugs_it_closes(
    client: Client, builder: Builder
) -> None:
    source = builder.source("figlet", "2.2.5-3~test13+1")
    models.Upload.objects.update(urgency="high", closes="700001 700002")
    page = client.get(f"/uploads/{source.upload_id}/").content.decode()
    assert "#700001, #700002" in page
    assert "<dd>high</dd>" in page


def test_every_page_says_which_repositories_take_unsigned_uploads(
    client: Client, builder: Builder
) -> None:
    del builder
    words = "without a signature: test"
    pages = ("/", "/uploads/", "/repositories/", "/problems/")
    assert not any(words in client.get(page).content.decode() for page in pages)
    models.Repository.objects.update(is_open=True)
    assert all(words in client.get(page).content.decode() for page in pages)
