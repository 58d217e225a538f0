"""The pages of the first steps: who sees them, and what they do with what is typed."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import cast

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.utils.timezone import now
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver.chrome.webdriver import WebDriver

from mini_buildd.archive.sign import Signer
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Http, Settings
from mini_buildd.db import models
from mini_buildd.flow import hosted
from mini_buildd.flow.chroot_log import log_path
from mini_buildd.flow.first_administrator import offer_link
from mini_buildd.flow.site import Site
from mini_buildd.incoming.spool import Spool
from mini_buildd.keys import archive_keys
from mini_buildd.kit.lock import locked
from mini_buildd.tests.pictures import take
from mini_buildd.tests.web.test_browser import WIDTHS, browser, complaints, set_width, text_of

__all__ = ["browser"]
WORD = "a word that nobody guesses"
ACCOUNT = {"username": "ada", "email": "ada@example.org", "password1": WORD, "password2": WORD}


@pytest.fixture
def fresh(tmp_path: Path, db: None) -> Iterator[Site]:
    """An instance of which nothing was made; it wakes nobody."""
    del db
    settings = Settings(
        home=tmp_path, identity="example", http=Http(public_url="http://buildd.example:8066")
    )
    places = Places(tmp_path)
    places.make()
    spool = Spool(places.spool, max_file_bytes=1 << 20, max_spool_bytes=1 << 20)
    site = Site(settings, places, spool, cast("Signer", None), now)
    with override_settings(MINI_BUILDD=settings):
        hosted.plug_in(site, lambda: None)
        yield site
        hosted.plug_in(None, lambda: None)


@pytest.fixture
def root(client: Client, fresh: Site) -> Client:
    """Its administrator's browser."""
    del fresh
    client.force_login(User.objects.create_superuser("root", "root@example.org"))
    return client


def text(content: bytes) -> str:
    """What a page says, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content.decode())).split())


def link(site: Site) -> str:
    """The path of the link for the first administrator."""
    return offer_link(site.places, "")


RELEASE = {
    "codename": "trixie",
    "architectures": "amd64, i386",
    "archive_url": "http://deb.example/debian",
}


def test_a_passer_by_is_told_where_the_link_is_and_not_what_it_is(
    client: Client, fresh: Site
) -> None:
    code = link(fresh).partition("code=")[2]
    for path in ("/", "/first/"):
        answer = client.get(path)
        assert "Nobody administers this instance yet" in text(answer.content)
        assert code not in answer.content.decode()
    assert client.post("/first/release/", RELEASE).status_code == 403
    assert not models.Base.objects.exists()


def test_the_link_makes_an_administrator_who_is_signed_in(client: Client, fresh: Site) -> None:
    path = link(fresh)
    page = client.get(path)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    code = path.partition("code=")[2]
    answer = client.post("/first/administrator/", {**ACCOUNT, "code": code})
    assert (answer.status_code, answer["Location"]) == (302, "/first/")
    assert "ada may do everything here" in text(client.get("/first/").content)
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("code", ["", "guessed"])
def test_without_the_right_code_no_form_is_shown_and_nobody_is_made(
    client: Client, fresh: Site, code: str
) -> None:
    link(fresh)
    for answer in (
        client.get(f"/first/administrator/?code={code}"),
        client.post("/first/administrator/", {**ACCOUNT, "code": code}),
    ):
        assert answer.status_code == 403
        assert "password1" not in answer.content.decode()
    assert not User.objects.exists()


def test_a_password_that_is_too_short_is_told_and_the_link_is_still_good(
    client: Client, fresh: Site
) -> None:
    code = link(fresh).partition("code=")[2]
    answer = client.post(
        "/first/administrator/", {**ACCOUNT, "password1": "x", "password2": "x", "code": code}
    )
    assert "too short" in text(answer.content)
    assert client.post("/first/administrator/", {**ACCOUNT, "code": code}).status_code == 302


def test_who_is_no_administrator_is_not_shown_the_steps(client: Client, fresh: Site) -> None:
    del fresh
    assert client.get("/first/")["Location"] == "/account/login/?next=/first/"
    client.force_login(User.objects.create_user("pat"))
    assert client.get("/first/").status_code == 403
    assert "First steps" not in text(client.get("/").content)


def test_home_shows_an_administrator_how_far_it_is(root: Client) -> None:
    page = text(root.get("/").content)
    assert "First steps" in page
    assert "to do Release" in page
    assert "later Build environment" in page


def test_the_steps_are_done_one_after_the_other(root: Client) -> None:
    assert root.post("/first/release/", RELEASE)["Location"] == "/first/#step-release"
    assert set(models.Chroot.objects.values_list("architecture", flat=True)) == {"amd64", "i386"}
    assert root.post("/first/chroot/")["Location"] == "/first/#step-chroot"
    assert not models.Chroot.objects.filter(asked_at=None).exists()
    assert root.post("/first/repository/", {"name": "mine"}).status_code == 302
    unstable = models.Distribution.objects.get(name="trixie-mine-unstable")
    assert unstable.architectures.get(builds_all=True).architecture == "amd64"
    page = text(root.get("/first/").content)
    assert "It begins in a moment." in page
    assert "trixie-mine-unstable" in page
    notes = models.AuditEntry.objects.filter(who="root", act="set up")
    assert notes.count() == 2


def test_what_is_wrong_is_told_at_its_step_with_what_was_typed(root: Client) -> None:
    wrong = {**RELEASE, "codename": "potato9", "archive_url": "http://mine.example"}
    answer = root.post("/first/release/", wrong)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "distro-info" in page
    assert 'value="http://mine.example"' in page
    root.post("/first/release/", RELEASE)
    answer = root.post("/first/repository/", {"name": "My Packages"})
    assert answer.status_code == 409
    assert "a repository name" in text(answer.content)
    root.post("/first/repository/", {"name": "test"})
    typed = {"account": "pat", "email": "pat@example.org", "repository": "test", "key": "no key"}
    answer = root.post("/first/uploader/", typed)
    assert answer.status_code == 409
    assert "gpg --armor --export" in text(answer.content)
    assert 'value="pat"' in answer.content.decode()
    assert not User.objects.filter(username="pat").exists()


MAKING = """\
== begun {at}
==     0.3 s  automatically chosen format: directory
==     0.4 s  running apt-get update
==     9.2 s  downloading packages with apt
==    31.5 s  extracting archives
==    52.0 s  installing essential packages
dpkg: unpacking base-files
"""


def test_the_time_so_far_is_told_without_scripts(root: Client, fresh: Site) -> None:
    root.post("/first/release/", {**RELEASE, "architectures": "amd64"})
    root.post("/first/chroot/")
    at = now() - timedelta(seconds=95)
    log_path(fresh.places, "trixie", "amd64").write_text(MAKING.format(at=at.isoformat()))
    page = text(root.get("/first/").content)
    assert "installing essential packages · 1:3" in page
    assert root.get("/me/").content.count(b'href="/first/"') == 1


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.django_db(transaction=True)
def test_while_it_is_made_the_page_tells_how_far_it_is(
    browser: WebDriver, root: Client, fresh: Site, live_server: LiveServer, width: int
) -> None:
    root.post("/first/release/", {**RELEASE, "architectures": "amd64"})
    folder = fresh.places.chroots / "trixie-amd64"
    folder.mkdir()
    archive_keys._note(fresh.places.gnupg).write_text("0D" * 20)
    log_path(fresh.places, "trixie", "amd64").write_text(MAKING.format(at=now().isoformat()))
    set_width(browser, width)
    browser.get(live_server.url)
    cookie = root.cookies["mini_buildd_session"]
    browser.add_cookie({"name": cookie.key, "value": cookie.value})
    with locked(folder):
        for path in ("/", "/first/"):
            browser.get(live_server.url + path)
            seen = browser.execute_script("return document.documentElement.scrollWidth")
            assert seen <= width, path
        step = text_of(browser, "#step-chroot")
        assert "installing essential packages" in step
        assert "under way" in step
        assert "0:" in text_of(browser, "#step-chroot [data-since]")
        take(browser, "tutorial/pictures/chroot.webp")
    assert complaints(browser) == []
