"""What holds for every address there is: asked of all of them, as everybody."""

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import serializers
from django.test import Client
from django.utils.timezone import now

from mini_buildd.db import models
from mini_buildd.domain.permission import Role
from mini_buildd.domain.token import digest
from mini_buildd.flow.hosted import show_troubles
from mini_buildd.flow.troubles import Troubles
from mini_buildd.tests.web.addresses import addresses, routes
from mini_buildd.tests.web.builder import Builder

ROLES = ("visitor", "stranger", "reader", "uploader", "owner", "administrator")
# Of what belongs to the repository; no page for others has any other use for these.
TELLING = (
    "trixie-test",
    "hello",
    "zlib",
    "figlet",
    "lua5.4",
    "foo-tools",
    "cowsay",
    "libfoo",
    "before-the-upgrade",
    "/test/",
    ">test<",
    '"test"',
)


def client_of(role: str) -> Client:
    """A browser of somebody who is that to the repository."""
    client = Client(raise_request_exception=True)
    if role == "administrator":
        client.force_login(User.objects.create_superuser(role))
    elif role != "visitor":
        user = User.objects.create_user(role)
        if role != "stranger":
            repository = models.Repository.objects.get()
            models.Grant.objects.create(user=user, repository=repository, role=Role[role.upper()])
        client.force_login(user)
    return client


def everything() -> Iterator[str]:
    """All rows of all tables, as text."""
    for model in apps.get_models():
        if model is not Session:
            yield serializers.serialize("json", model._default_manager.order_by("pk"))


def body(answer: Any) -> str:
    """What *answer* says, with its header."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = {name: text for name, text in answer.headers.items() if name != "Content-Length"}
    return content.decode(errors="replace") + str(headers)


def test_the_list_of_addresses_has_all_rooms() -> None:
    found = routes()
    for begin in ("admin/auth/user/", "api/v1/builds/", "suites/", "me/", "account/login/"):
        assert any(route.startswith(begin) for route in found), begin


@pytest.mark.usefixtures("wakes")
@pytest.mark.parametrize("role", ROLES)
def test_asking_for_a_page_changes_nothing(busy: Builder, role: str) -> None:
    del busy
    client = client_of(role)
    before = list(everything())
    sessions = list(Session.objects.values())
    for address in addresses():
        answer = client.get(address, {"wait": "0"} if address.startswith("/api/") else {})
        assert answer.status_code < 500, address
        body(answer)
    assert list(everything()) == before
    assert list(Session.objects.values()) == sessions


@pytest.mark.usefixtures("wakes")
def test_no_page_of_others_makes_a_browser_change_anything_here(busy: Builder) -> None:
    """What it can send: a form, with the cookies of who has signed in, but without our token."""
    del busy
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))
    before = list(everything())
    form = {"step": "do", "reason": "x", "name": "x", "scope": "read", "days": "7", "post": "yes"}
    for address in addresses():
        for more in ({}, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}):
            answer = client.post(address, form, headers=more)
            assert answer.status_code >= 400, address
    assert list(everything()) == before


@pytest.mark.usefixtures("builder")
@pytest.mark.parametrize("path", ["/", "/account/login/", "/api/v1/status", "/admin/"])
def test_no_other_name_is_answered_to(path: str) -> None:
    for host in ("evil.example", "buildd.example.evil.example", "buildd.example:x"):
        assert Client().get(path, headers={"Host": host}).status_code == 400
    assert Client().get(path, headers={"Host": "buildd.example:8066"}).status_code < 400


@pytest.mark.usefixtures("wakes")
@pytest.mark.parametrize("role", ["visitor", "administrator"])
def test_every_answer_says_what_a_browser_may_do_with_it(busy: Builder, role: str) -> None:
    del busy
    client = client_of(role)
    for address in [*addresses(), "/no/such/page"]:
        answer = client.get(address)
        body(answer)
        assert "default-src 'none'" in answer["Content-Security-Policy"], address
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], address
        assert answer["X-Content-Type-Options"] == "nosniff", address
        assert answer["Referrer-Policy"] == "same-origin", address
        assert "geolocation=()" in answer["Permissions-Policy"], address
        assert "public" not in answer["Cache-Control"], address


@pytest.mark.usefixtures("wakes")
@pytest.mark.parametrize("role", ["visitor", "stranger"])
def test_of_a_private_repository_nobody_else_is_told_anything(busy: Builder, role: str) -> None:
    del busy
    asked = addresses()
    models.Repository.objects.update(is_private=True)
    client = client_of(role)
    for address in asked:
        if address.startswith("/admin/"):
            continue  # nobody but administrators gets in there
        answer = client.get(address)
        text = body(answer)
        # A page may say again what was asked for.
        words = [*filter(None, address.split("/"))]
        for word in (*words, *(" ".join(words[1:end]) for end in range(3, len(words) + 1))):
            for said in (f"“{word}”", f'"{word}"', f"found {word}.", address, quote(address, "")):
                text = text.replace(said, "")
        if answer.status_code == 302:
            continue
        told = [word for word in TELLING if word in text]
        assert not told, f"{address}: {answer.status_code} {told}"


@pytest.mark.usefixtures("wakes")
def test_what_is_hidden_answers_as_what_is_not_there(client: Client, busy: Builder) -> None:
    del busy
    job, upload = models.Job.objects.first(), models.Upload.objects.first()
    assert job is not None
    assert upload is not None
    pairs = (
        ("/repositories/test/", "/repositories/toast/"),
        ("/suites/trixie-test-unstable/", "/suites/trixie-toast-unstable/"),
        (f"/builds/{job.pk}/", "/builds/999999/"),
        (f"/builds/{job.pk}/log", "/builds/999999/log"),
        (f"/uploads/{upload.pk}/", "/uploads/999999/"),
        (f"/api/v1/builds/{job.pk}", "/api/v1/builds/999999"),
        ("/api/v1/suites/trixie-test-unstable", "/api/v1/suites/trixie-toast-unstable"),
    )
    models.Repository.objects.update(is_private=True)
    for hidden, missing in pairs:
        one, other = client.get(hidden), client.get(missing)
        assert one.status_code == other.status_code == 404, hidden
    for act in ("cancel", "retry"):
        one, other = (client.post(f"/builds/{pk}/{act}/") for pk in (job.pk, 999999))
        assert one.status_code == other.status_code, act
        assert _without(job.pk, body(one)) == _without(999999, body(other))


def _without(number: int, text: str) -> str:
    """*text* without what was asked for, which an answer may say again."""
    return text.replace(f">{number}<", "><").replace(f"%2F{number}%2F", "")


@pytest.mark.usefixtures("wakes")
def test_its_readers_see_all_of_it(busy: Builder) -> None:
    del busy
    models.Repository.objects.update(is_private=True)
    reader = client_of("reader")
    for path, word in (
        ("/", "lua5.4"),
        ("/uploads/", "cowsay"),
        ("/builds/", "zlib"),
        ("/queue/", "lua5.4"),
        ("/events/", "hello"),
        ("/repositories/", "test"),
        ("/repositories/test/", "before-the-upgrade"),
        ("/suites/trixie-test-unstable/", "hello"),
        ("/api/v1/repositories/", "test"),
        ("/api/v1/events/", "hello"),
    ):
        assert word in body(reader.get(path)), path
    assert "private" in body(reader.get("/repositories/test/"))


@pytest.mark.usefixtures("wakes")
def test_troubles_with_its_suites_are_hidden_and_others_are_told(busy: Builder) -> None:
    del busy
    found = Troubles(now)
    found.note("trixie-test-unstable", "no room")
    found.note("The TLS certificate", "it has expired")
    show_troubles(found)
    try:
        assert "no room" in body(Client().get("/"))
        models.Repository.objects.update(is_private=True)
        for path in ("/", "/api/v1/status"):
            told = body(Client().get(path))
            assert "no room" not in told
            assert "it has expired" in told
        assert "no room" in body(client_of("reader").get("/"))
    finally:
        show_troubles(Troubles(now))


@pytest.mark.usefixtures("wakes")
def test_a_snippet_for_apt_comes_to_who_brings_a_token(busy: Builder) -> None:
    models.Repository.objects.update(is_private=True)
    ada = User.objects.get(username="ada")
    models.Grant.objects.filter(user=ada).delete()
    models.Grant.objects.create(user=ada, repository=busy.repository, role=Role.READER)
    tree = busy.home / "archive" / "test"
    tree.mkdir(parents=True, exist_ok=True)
    (tree / "archive-key.asc").write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    secret = "mbd_" + "a" * 43
    models.ApiToken.objects.create(
        user=ada, name="x", digest=digest(secret), hint="mbd_aaaa", scopes="read", made_at=now()
    )
    path = "/suites/trixie-test-testing/at/before-the-upgrade.sources"
    assert Client().get(path).status_code == 404
    for given, status in ((f"ada:{secret}", 200), ("ada:mbd_" + "b" * 43, 404)):
        word = base64.b64encode(given.encode()).decode()
        answer = Client().get(path, headers={"Authorization": f"Basic {word}"})
        assert answer.status_code == status
