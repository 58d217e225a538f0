"""The pages on mails and webhooks: what people choose there, and what they are shown once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now

from mini_buildd.db import models
from mini_buildd.db.queries.subscriptions import list_subscriptions, own_wish_of
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.subscription import SubscriptionWish, Wants
from mini_buildd.domain.webhook import DeliveryState, WebhookWish
from mini_buildd.flow import hosted
from mini_buildd.flow.subscribe import subscribe
from mini_buildd.flow.unsubscribe import OWN, SUBSCRIPTION, address_to_end
from mini_buildd.flow.webhook import make_webhook, ping
from mini_buildd.tests.web.builder import Builder

EVE = Actor("eve")


@pytest.fixture
def eve(wakes: list[str]) -> Client:
    """The browser of somebody with an account."""
    del wakes
    User.objects.create_user("eve", "eve@example.test")
    return of("eve")


def of(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def text(answer: Any) -> str:
    found: str = answer.content.decode()
    return found


def token_of(url: str) -> str:
    return url.split("/")[-2]


def hook() -> models.Webhook:
    """A webhook of eve's that was told something, and did not take it."""
    made = make_webhook(
        hosted.site(), EVE, "eve", WebhookWish("https://receiver.example/x", "chat")
    )
    row = ping(hosted.site(), EVE, made.row.id)
    models.Delivery.objects.filter(pk=row.id).update(
        state=DeliveryState.FAILED,
        tries=1,
        log=[[now().isoformat(), 503, 0.25, "<b>not now</b>"]],
    )
    return models.Webhook.objects.get()


def test_one_subscribes_from_ones_page_and_ends_it_there(eve: Client) -> None:
    eve.post("/me/subscriptions/", {"package": "hel*", "wants": "failures"})
    (row,) = list_subscriptions("eve")
    assert (row.package, row.wants) == ("hel*", Wants.FAILURES)
    page = text(eve.get("/me/"))
    assert "hel*" in page
    assert f"/me/subscriptions/{row.id}/end/" in page
    eve.post(f"/me/subscriptions/{row.id}/end/")
    assert list_subscriptions("eve") == ()


def test_the_button_of_a_page_subscribes_and_leads_back_to_it(eve: Client) -> None:
    page = text(eve.get("/suites/trixie-test-unstable/"))
    form = re.search(r'<form[^>]*action="/me/subscriptions/".*?</form>', page, re.DOTALL)
    assert form is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    answer = eve.post("/me/subscriptions/", fields)
    assert answer["Location"] == "/suites/trixie-test-unstable/"
    assert list_subscriptions("eve")[0].distribution == "trixie-test-unstable"
    assert "/me/subscriptions/" not in text(Client().get("/suites/trixie-test-unstable/"))


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_it_leads_to_no_other_site(eve: Client, target: str) -> None:
    answer = eve.post("/me/subscriptions/", {"package": "hello", "next": target})
    assert answer["Location"] == "/me/"


def test_what_cannot_be_is_refused_with_the_reason(eve: Client) -> None:
    answer = eve.post("/me/subscriptions/", {"package": "no/package"})
    assert answer.status_code == 409
    assert "subscription-impossible" in text(answer)
    assert eve.post("/me/own-uploads/", {"wants": "x"}).status_code == 409


def test_one_chooses_what_one_hears_of_own_uploads(eve: Client) -> None:
    eve.post("/me/own-uploads/", {"wants": "failures"})
    assert own_wish_of("eve") is Wants.FAILURES
    assert re.search(r'<option value="failures" selected', text(eve.get("/me/")))


def test_a_mail_program_ends_mails_by_one_post_without_account_or_form(eve: Client) -> None:
    """RFC 8058, 3.1: a POST with that body, no cookies, and no redirect."""
    del eve
    row = subscribe(hosted.site(), EVE, "eve", SubscriptionWish("hello"))
    program = Client(enforce_csrf_checks=True)
    body = {"List-Unsubscribe": "One-Click"}
    url = address_to_end(hosted.site(), SUBSCRIPTION, row.id)
    for _ in range(2):
        answer = program.post(f"/unsubscribe/{token_of(url)}/", body)
        assert answer.status_code == 200
    assert list_subscriptions("eve") == ()
    user = User.objects.get(username="eve")
    own = token_of(address_to_end(hosted.site(), OWN, user.pk))
    assert program.post(f"/unsubscribe/{own}/", body).status_code == 200
    assert own_wish_of("eve") is Wants.NOTHING


def test_looking_at_that_address_changes_nothing_and_a_made_up_one_is_refused(
    eve: Client,
) -> None:
    row = subscribe(hosted.site(), EVE, "eve", SubscriptionWish("hello"))
    token = token_of(address_to_end(hosted.site(), SUBSCRIPTION, row.id))
    assert "<button" in text(eve.get(f"/unsubscribe/{token}/"))
    assert eve.post(f"/unsubscribe/{token}x/").status_code == 404
    assert len(list_subscriptions("eve")) == 1


def test_a_secret_is_shown_once(eve: Client) -> None:
    said = {"url": "https://chat.example/x", "kinds": ["suite.published"], "package": "lib*"}
    page = text(eve.post("/webhooks/make/", said))
    secret = models.Webhook.objects.get().secret
    assert secret in page
    number = models.Webhook.objects.get().pk
    for path in ("/webhooks/", f"/webhooks/{number}/", "/me/"):
        assert secret not in text(eve.get(path)), path
    page = text(eve.get("/webhooks/"))
    assert "suite.published · <b>lib*</b>" in page
    renewed = text(eve.post(f"/webhooks/{number}/secret/"))
    assert models.Webhook.objects.get().secret in renewed
    assert secret not in renewed


def test_a_form_that_is_wrong_comes_back_as_it_was_with_the_reason(eve: Client) -> None:
    said = {"url": "ftp://chat.example/", "name": "chat", "kinds": ["suite.published"]}
    answer = eve.post("/webhooks/make/", said)
    assert answer.status_code == 409
    page = text(answer)
    assert "webhook-impossible" in page
    assert 'value="ftp://chat.example/"' in page
    assert 'value="suite.published" checked' in page


def test_the_history_tells_each_try_and_sends_again(eve: Client, wakes: list[str]) -> None:
    row = hook()
    page = text(eve.get(f"/webhooks/{row.pk}/"))
    for part in ("<b>503</b>", "&lt;b&gt;not now&lt;/b&gt;", "0.25 s", "This webhook works."):
        assert part in page, part
    assert "Nothing was sent yet" in text(eve.get(f"/webhooks/{row.pk}/?state=delivered"))
    assert eve.get(f"/webhooks/{row.pk}/?state=x").status_code == 404
    delivery = models.Delivery.objects.get()
    eve.post(f"/webhooks/{row.pk}/deliveries/{delivery.pk}/replay/")
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.WAITING
    assert wakes
    models.Delivery.objects.update(state=DeliveryState.FAILED, made_at=now() - timedelta(hours=2))
    for hours, count in (("1", 0), ("24", 1)):
        answer = eve.post(
            f"/webhooks/{row.pk}/replay/", {"hours": hours, "only_failed": "yes"}, follow=True
        )
        assert f"{count} deliver" in text(answer)
    assert eve.post(f"/webhooks/{row.pk}/replay/", {"hours": "5"}).status_code == 409


def test_it_is_tested_switched_off_and_removed(eve: Client) -> None:
    row = hook()
    eve.post(f"/webhooks/{row.pk}/test/")
    assert models.Delivery.objects.count() == 2
    eve.post(f"/webhooks/{row.pk}/switch/")
    assert "switched off" in text(eve.get(f"/webhooks/{row.pk}/"))
    assert eve.post(f"/webhooks/{row.pk}/test/").status_code == 409
    eve.post(f"/webhooks/{row.pk}/switch/", {"on": "yes"})
    eve.post(f"/webhooks/{row.pk}/remove/")
    assert not models.Webhook.objects.exists()


def test_another_sees_none_of_it_and_an_administrator_all(eve: Client) -> None:
    row = hook()
    User.objects.create_user("bob")
    User.objects.create_superuser("root")
    bob, root = of("bob"), of("root")
    assert bob.get(f"/webhooks/{row.pk}/").status_code == 404
    assert bob.post(f"/webhooks/{row.pk}/switch/").status_code == 409
    assert "receiver.example" not in text(bob.get("/webhooks/"))
    assert "receiver.example" in text(root.get("/webhooks/"))
    assert root.get(f"/webhooks/{row.pk}/").status_code == 200
    assert Client().get("/webhooks/").status_code == 302
    assert "hooks.d" not in text(eve.get("/webhooks/"))


def test_administrators_see_the_programs_and_what_is_wrong_with_them(busy: Builder) -> None:
    folder = busy.home / "hooks.d" / "suite.published"
    folder.mkdir(parents=True)
    for name, mode in (("mirror", 0o755), ("chat", 0o777)):
        (folder / name).touch()
        (folder / name).chmod(mode)
    for each in (folder, folder.parent):
        each.chmod(0o755)
    models.Delivery.objects.create(
        token="msg_1",
        program="suite.published/mirror",
        kind="suite.published",
        body="{}",
        state=DeliveryState.FAILED,
        made_at=now(),
        due_at=now(),
        tries=1,
        log=[[now().isoformat(), 3, 1.5, "no route to host"]],
    )
    User.objects.create_superuser("root")
    root = of("root")
    page = text(root.get("/webhooks/"))
    assert "suite.published/mirror" in page
    assert "can be written by others" in page
    history = text(root.get("/webhooks/programs/suite.published/mirror/"))
    assert "<b>3</b> no route to host" in history
    assert root.get("/webhooks/programs/nothing/").status_code == 404
    User.objects.create_user("eve")
    assert of("eve").get("/webhooks/programs/suite.published/mirror/").status_code == 404


@pytest.mark.usefixtures("eve")
def test_one_is_told_that_no_mail_goes_out(eve: Client) -> None:
    assert "sends no mail" in text(eve.get("/me/"))
