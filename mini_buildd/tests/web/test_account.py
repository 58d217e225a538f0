"""Signing in and out, and one's own page."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client, override_settings
from django.utils.timezone import now

from mini_buildd.config.settings import Accounts, Http, Https, Settings
from mini_buildd.db import models
from mini_buildd.domain.permission import Role
from mini_buildd.domain.throttle import Throttle
from mini_buildd.flow import hosted
from mini_buildd.tests.web.builder import Builder
from mini_buildd.web.sessions import forget_old_sessions

LOGIN = "/account/login/"
PASSWORD = "correct horse battery"


@pytest.fixture
def pat(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> User:
    """Somebody with an account, and nothing else; no time passes between attempts."""
    del builder
    monkeypatch.setattr(hosted, "alone", Throttle(lambda: 1000.0))
    return User.objects.create_user("pat", password=PASSWORD)


def text(content: bytes) -> str:
    """What a page says, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content.decode())).split())


def sign_in(client: Client, password: str = PASSWORD, **more: str) -> int:
    """The status of trying it as pat."""
    return client.post(LOGIN, {"username": "pat", "password": password, **more}).status_code


def test_a_name_and_its_password_lead_in_and_a_button_leads_out(client: Client, pat: User) -> None:
    del pat
    assert "Sign in" in text(client.get("/").content)
    answer = client.post(LOGIN, {"username": "pat", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    assert "pat" in text(client.get("/").content)
    assert client.get("/account/logout/").status_code == 405
    assert client.get("/me/").status_code == 200
    client.post("/account/logout/")
    assert client.get("/me/").status_code == 302


def test_a_wrong_password_says_so_and_not_whether_there_is_such_an_account(
    client: Client, pat: User
) -> None:
    del pat
    wrong = [
        text(client.post(LOGIN, {"username": name, "password": "x"}).content)
        for name in ("pat", "bob")
    ]
    assert wrong[0] == wrong[1]
    assert "correct username and password" in wrong[0]


def test_who_guesses_is_told_how_long_to_wait(client: Client, pat: User) -> None:
    del pat
    statuses = [sign_in(client, f"guess {number}") for number in range(8)]
    assert statuses == [200] * 6 + [429] * 2
    answer = client.post(LOGIN, {"username": "pat", "password": PASSWORD})
    assert (answer.status_code, answer["Retry-After"]) == (429, "3")
    assert "Try again in 3 seconds" in text(answer.content)
    assert client.get("/me/").status_code == 302
    elsewhere = Client(REMOTE_ADDR="198.51.100.9")
    assert sign_in(elsewhere) == 302


def test_a_trusted_proxy_says_who_asks_and_nobody_else_does(client: Client, pat: User) -> None:
    del pat
    for number in range(7):
        client.post(
            LOGIN,
            {"username": "pat", "password": "x"},
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
        )
    assert sign_in(client) == 429
    trusting = Settings(
        home=hosted.instance().home,
        http=Http(public_url="http://buildd.example:8066", trusted_proxies=("127.0.0.1",)),
    )
    with override_settings(MINI_BUILDD=trusting):
        behind = Client(headers={"X-Forwarded-For": "203.0.113.77"})
        assert sign_in(behind) == 302


@pytest.mark.parametrize("host", ["buildd.example:8066", "localhost", "[::1]:8066"])
def test_where_there_is_tls_one_signs_in_by_it(client: Client, pat: User, host: str) -> None:
    del pat
    settings = Settings(home=hosted.instance().home, https=Https(port=8443))
    with override_settings(MINI_BUILDD=settings):
        answer = client.get(LOGIN + "?next=/builds/", headers={"Host": host})
        name = host.removesuffix(":8066")
        assert answer["Location"] == f"https://{name}:8443/account/login/?next=/builds/"
        assert client.get(LOGIN, secure=True).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/builds/?before=7", "/builds/?before=7"),
        ("https://evil.example/", "/me/"),
        ("//evil.example/", "/me/"),
        ("/\\evil.example/", "/me/"),
        ("javascript:alert(1)", "/me/"),
        ("http:///evil.example", "/me/"),
        ("builds/", "/me/"),
        ("", "/me/"),
    ],
)
def test_one_comes_back_to_where_one_was_and_never_to_another_site(
    client: Client, pat: User, wanted: str, reached: str
) -> None:
    del pat
    answer = client.post(LOGIN, {"username": "pat", "password": PASSWORD, "next": wanted})
    assert answer["Location"] == reached


def test_signing_in_begins_a_new_session_and_an_old_one_is_no_use(
    client: Client, pat: User
) -> None:
    fixed = client.session
    fixed["x"] = "y"
    fixed.save()
    client.cookies["mini_buildd_session"] = fixed.session_key or ""
    sign_in(client)
    assert client.cookies["mini_buildd_session"].value != fixed.session_key
    assert not Session.objects.filter(session_key=fixed.session_key).exists()
    cookie = client.cookies["mini_buildd_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 604800)
    pat.is_active = False
    pat.save()
    assert client.get("/me/").status_code == 302


def test_sessions_that_are_over_are_forgotten(client: Client, pat: User) -> None:
    del pat
    other = Client()
    assert sign_in(client) == sign_in(other) == 302
    over = Session.objects.get(session_key=client.session.session_key)
    over.expire_date = now() - timedelta(seconds=1)
    over.save()
    assert client.get("/me/").status_code == 302
    forget_old_sessions()
    assert not Session.objects.filter(session_key=over.session_key).exists()
    assert other.get("/me/").status_code == 200


def test_a_new_password_ends_all_other_sessions(client: Client, pat: User) -> None:
    other = Client()
    assert sign_in(client) == sign_in(other) == 302
    new = "staple the battery"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/account/password/", form | {"old_password": "x"}).status_code == 200
    assert client.post("/account/password/", form).status_code == 302
    assert client.get("/me/").status_code == 200
    assert other.get("/me/").status_code == 302
    pat.refresh_from_db()
    assert pat.check_password(new)
    entry = models.AuditEntry.objects.get()
    assert (entry.who, entry.act, entry.name) == ("pat", "changed the password", "pat")


def test_an_account_without_a_password_here_cannot_change_it(client: Client, pat: User) -> None:
    pat.set_unusable_password()
    pat.save()
    client.force_login(pat)
    assert client.get("/account/password/").status_code == 404
    assert "Change the password" not in text(client.get("/me/").content)


def test_nobody_makes_an_account_for_themselves_unless_the_instance_wants_it(
    client: Client, pat: User
) -> None:
    del pat
    form = {
        "username": "bob",
        "email": "bob@example.org",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert client.post("/account/register/", form).status_code == 404
    assert "Accounts are made by an administrator" in text(client.get(LOGIN).content)
    settings = Settings(home=hosted.instance().home, accounts=Accounts(self_registration=True))
    with override_settings(MINI_BUILDD=settings):
        assert "Make one" in text(client.get(LOGIN).content)
        for taken in ("PAT", "mini-buildd"):
            answer = client.post("/account/register/", form | {"username": taken})
            assert "There is an account of that name." in text(answer.content)
        assert client.post("/account/register/", form).status_code == 302
        assert "No more than everybody" in text(client.get("/me/").content)
    bob = User.objects.get(username="bob")
    assert (bob.is_staff, bob.is_superuser, bob.groups.count()) == (False, False, 0)
    assert models.AuditEntry.objects.get().act == "registered"


def test_ones_page_says_what_one_may_and_by_whom(client: Client, pat: User) -> None:
    repository = models.Repository.objects.get()
    group = Group.objects.create(name="packagers")
    pat.groups.add(group)
    models.Grant.objects.create(user=pat, repository=repository, sources="hello lib*")
    models.Grant.objects.create(group=group, repository=repository, role=Role.OWNER)
    client.force_login(pat)
    shown = text(client.get("/me/").content)
    for words in ("test uploader all hello lib*", "test owner all all packagers"):
        assert words in shown, shown


# --- tokens ---------------------------------------------------------------------------


def secret_in(content: bytes) -> str:
    """The secret that a page shows."""
    found = re.search(r"mbd_[A-Za-z0-9]{43}", content.decode())
    return found[0] if found else ""


@pytest.mark.usefixtures("wakes")
def test_a_token_is_shown_once_and_can_be_revoked(client: Client, busy: Builder) -> None:
    del busy
    client.force_login(User.objects.create_user("pat"))
    form = {"name": "apt on my laptop", "scope": ["read"], "days": "30"}
    made = client.post("/me/tokens/", form)
    assert made["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert secret_in(made.content)
    shown = client.get("/me/")
    assert not secret_in(shown.content)
    assert "apt on my laptop" in text(shown.content)
    row = models.ApiToken.objects.get()
    other = Client()
    other.force_login(User.objects.create_user("eve"))
    assert other.post(f"/me/tokens/{row.pk}/revoke/").status_code == 409
    row.refresh_from_db()
    assert row.revoked_at is None
    assert client.post(f"/me/tokens/{row.pk}/revoke/").status_code == 302
    row.refresh_from_db()
    assert row.revoked_at is not None


@pytest.mark.usefixtures("wakes")
@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"scope": []}, {"scope": ["all"]}, {"days": "99999"}, {"days": "x"}]
)
def test_a_token_that_cannot_be_is_refused_in_words(
    client: Client, busy: Builder, wrong: dict[str, str | list[str]]
) -> None:
    del busy
    client.force_login(User.objects.create_user("pat"))
    form: dict[str, str | list[str]] = {"name": "x", "scope": ["read"], "days": "30"}
    answer = client.post("/me/tokens/", form | wrong)
    assert answer.status_code == 409
    assert "No token was made" in text(answer.content)
    assert not models.ApiToken.objects.exists()
