"""The page of builders and chroots: how each is, and asking for a new one."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mini_buildd.config.places import Places
from mini_buildd.db import models
from mini_buildd.kit.lock import locked
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tests.web.test_pages import text_of


@pytest.mark.parametrize(
    "told",
    [
        "building north fast ssd",
        "2 of 2",
        "set aside south Set aside 12 min ago",
        "4 cores, 8.3 GB of memory, 85.9 GB of disk free",
        "good trixie amd64 by mmdebstrap, with eatmydata ccache · 20261125T120000Z",
        "expired trixie i386",
        "Failed to fetch http://deb.example/debian/dists/trixie/InRelease",
        "not made yet trixie arm64",
    ],
)
def test_each_says_how_it_is(client: Client, busy: Builder, told: str) -> None:
    del busy
    assert told in text_of(client, "/builders/")


def test_the_last_builds_of_a_builder_are_linked(client: Client, busy: Builder) -> None:
    del busy
    html = client.get("/builders/").content.decode()
    newest = models.Attempt.objects.exclude(outcome="").latest("pk")
    assert f'href="/builds/{newest.job_id}/"' in html


def test_a_builder_that_is_not_heard_of_says_so(client: Client, busy: Builder) -> None:
    del busy
    models.Builder.objects.filter(name="north").update(seen_at=None)
    assert "not heard of north" in text_of(client, "/builders/")
    models.Builder.objects.filter(name="north").update(is_enabled=False)
    assert "switched off north" in text_of(client, "/builders/")


def test_one_that_is_being_made_says_so_and_cannot_be_asked_for(
    client: Client, busy: Builder
) -> None:
    client.force_login(User.objects.create_superuser("root"))
    folder = Places(busy.home).chroots / "trixie-amd64"
    folder.mkdir(parents=True)
    html = client.get("/builders/").content.decode()
    assert html.count("<button>Refresh now") == 2
    assert html.count("<button>Make it") == 1
    with locked(folder):
        assert "being made trixie amd64" in text_of(client, "/builders/")
        assert client.get("/builders/").content.decode().count("<button>Refresh now") == 1


def test_what_is_too_old_stands_on_the_first_page(client: Client, busy: Builder) -> None:
    del busy
    assert "The chroot of trixie i386 (unshare) is too old" in text_of(client, "/")
    models.Chroot.objects.filter(architecture="i386").update(refresh_hours=0)
    assert "is too old" not in text_of(client, "/")


def test_an_administrator_asks_for_a_new_one_and_sees_first_what_it_means(
    client: Client, wakes: list[str]
) -> None:
    del wakes
    chroot = models.Chroot.objects.get(architecture="i386")
    place = f"/builders/chroots/{chroot.pk}/refresh/"
    assert client.post(place).status_code == 403
    client.force_login(User.objects.create_superuser("root"))
    assert client.get(place).status_code == 405
    assert b"Builds go on with the one that is there" in client.post(place).content
    assert models.Chroot.objects.filter(asked_at=None).count() == 3
    done = client.post(place, {"step": "do"}, follow=True)
    assert "trixie i386 (unshare) is made anew in a moment" in done.content.decode()
    assert models.Chroot.objects.exclude(asked_at=None).get() == chroot
    assert "to be made trixie i386" in text_of(client, "/builders/")


def test_what_is_not_configured_can_not_be_asked_for(client: Client, wakes: list[str]) -> None:
    del wakes
    client.force_login(User.objects.create_superuser("root"))
    assert client.post("/builders/chroots/999/refresh/").status_code == 404


def test_nobody_else_sees_the_buttons(client: Client, busy: Builder) -> None:
    del busy
    html = client.get("/builders/").content.decode()
    assert "Refresh now" not in html
    assert "No builder" not in html
    models.Builder.objects.all().delete()
    models.Chroot.objects.all().delete()
    told = text_of(client, "/builders/")
    assert "No builder has told of itself yet" in told
    assert "No chroot is configured yet" in told


def test_an_administrator_sets_a_builder_aside_and_takes_it_back(
    client: Client, wakes: list[str]
) -> None:
    del wakes
    client.force_login(User.objects.create_superuser("root"))
    html = client.get("/builders/").content.decode()
    assert 'action="/builders/north/aside/"' in html
    assert 'action="/builders/south/return/"' in html
    client.post("/builders/north/aside/", {"reason": "new disk"})
    assert "Set aside just now : by root: new disk" in text_of(client, "/builders/")
    client.post("/builders/south/return/")
    html = client.get("/builders/").content.decode()
    assert 'action="/builders/south/aside/"' in html
