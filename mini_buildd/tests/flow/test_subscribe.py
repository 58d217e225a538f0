"""Subscriptions: who is told of which uploads, and how that ends."""

import re
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from mini_buildd.db import models
from mini_buildd.db.queries.subscriptions import list_subscriptions, own_wish_of
from mini_buildd.domain.permission import Actor, Role
from mini_buildd.domain.problem import (
    NotAllowed,
    SubscriptionImpossible,
    SubscriptionUnknown,
)
from mini_buildd.domain.subscription import MOST_OF_AN_ACCOUNT, SubscriptionWish, Wants
from mini_buildd.flow import sweep
from mini_buildd.flow.subscribe import end_subscription, subscribe, wish_for_own
from mini_buildd.flow.unsubscribe import OWN, SUBSCRIPTION, address_to_end, unsubscribe
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.test_announce import PostOffice, mailing, office, reject, tell
from mini_buildd.tests.packager import Packager
from mini_buildd.wire.task import BuildStatus

__all__ = ["mailing", "office"]

EVE, PAT = Actor("eve"), Actor("pat")
HELLO = SubscriptionWish(package="hello")


@pytest.fixture
def eve(mailing: Scene) -> User:
    """Somebody with an account and an address."""
    del mailing
    return User.objects.create_user("eve", "eve@example.test")


def fail(scene: Scene, package: SourcePackage | None = None) -> None:
    scene.accepted(package)
    for task in scene.assign():
        scene.report(task, scene.result(task, BuildStatus.FAILED, reason="no rule"))
    scene.publish_all()


def recipients(office: PostOffice) -> list[str]:
    return sorted(mail["To"] for mail in office.mails)


@pytest.mark.usefixtures("eve")
def test_who_has_subscribed_is_told_as_the_signer_is(mailing: Scene, office: PostOffice) -> None:
    subscribe(mailing.site, EVE, "eve", HELLO)
    mailing.published()
    assert tell(mailing) == 2
    assert tell(mailing) == 0
    assert recipients(office) == ["eve@example.test", "pat@example.invalid"]
    (letter,) = [mail for mail in office.mails if mail["To"] == "eve@example.test"]
    assert "since you have subscribed to it" in letter.get_content()


@pytest.mark.usefixtures("eve")
@pytest.mark.parametrize(
    ("wish", "is_told"),
    [
        (SubscriptionWish(), True),
        (SubscriptionWish("hel*"), True),
        (SubscriptionWish("other"), False),
        (SubscriptionWish(repository="test"), True),
        (SubscriptionWish(repository="elsewhere"), False),
        (SubscriptionWish(distribution="trixie-test-unstable"), True),
        (SubscriptionWish(distribution="trixie-test-testing"), False),
        (SubscriptionWish("hello", wants=Wants.FAILURES), False),
    ],
)
def test_only_of_what_fits(
    mailing: Scene, office: PostOffice, wish: SubscriptionWish, *, is_told: bool
) -> None:
    subscribe(mailing.site, EVE, "eve", wish)
    mailing.published()
    tell(mailing)
    assert ("eve@example.test" in recipients(office)) == is_told


@pytest.mark.usefixtures("eve")
def test_who_wants_failures_is_told_of_those(mailing: Scene, office: PostOffice) -> None:
    subscribe(mailing.site, EVE, "eve", replace(HELLO, wants=Wants.FAILURES))
    fail(mailing)
    tell(mailing)
    assert "eve@example.test" in recipients(office)


@pytest.mark.usefixtures("eve")
def test_however_many_subscriptions_fit_it_is_one_letter(
    mailing: Scene, office: PostOffice
) -> None:
    for wish in (HELLO, SubscriptionWish(), SubscriptionWish("h*")):
        subscribe(mailing.site, EVE, "eve", wish)
    subscribe(mailing.site, PAT, "pat", HELLO)
    mailing.published()
    tell(mailing)
    assert recipients(office) == ["eve@example.test", "pat@example.invalid"]


def test_nobody_is_told_of_a_private_repository_who_may_not_see_it(
    mailing: Scene, office: PostOffice, eve: User
) -> None:
    subscribe(mailing.site, EVE, "eve", SubscriptionWish())
    models.Repository.objects.update(is_private=True)
    mailing.site.places.secret_key.write_bytes(b"for builds of what is private")
    fail(mailing)
    reject(mailing)
    tell(mailing)
    assert recipients(office) == ["pat@example.invalid", "pat@example.invalid"]
    repository = models.Repository.objects.get()
    models.Grant.objects.create(user=eve, repository=repository, role=Role.READER)
    fail(mailing, SourcePackage("second"))
    tell(mailing)
    assert "eve@example.test" in recipients(office)


def test_an_account_that_is_switched_off_or_has_no_address_is_told_nothing(
    mailing: Scene, office: PostOffice, eve: User
) -> None:
    subscribe(mailing.site, EVE, "eve", SubscriptionWish())
    for change in ({"is_active": False}, {"is_active": True, "email": ""}):
        User.objects.filter(pk=eve.pk).update(**change)
        fail(mailing, SourcePackage(f"p{len(office.mails)}"))
        tell(mailing)
    assert set(recipients(office)) == {"pat@example.invalid"}


@pytest.mark.usefixtures("eve")
def test_what_nobody_has_signed_makes_no_mail_to_subscribers(
    mailing: Scene, office: PostOffice, stranger: Packager
) -> None:
    subscribe(mailing.site, EVE, "eve", SubscriptionWish())
    mailing.send(SourcePackage().upload(stranger))
    sweep.take_in(mailing.site, lambda _: False)
    assert models.Event.objects.filter(kind="upload.rejected").count() == 1
    assert tell(mailing) == 0
    assert office.mails == []


def test_who_wants_nothing_of_own_uploads_is_told_nothing_of_them(
    mailing: Scene, office: PostOffice
) -> None:
    wish_for_own(mailing.site, PAT, "pat", Wants.FAILURES)
    mailing.published()
    assert tell(mailing) == 0
    fail(mailing, SourcePackage("second"))
    assert tell(mailing) == 1
    wish_for_own(mailing.site, PAT, "pat", Wants.NOTHING)
    subscribe(mailing.site, PAT, "pat", SubscriptionWish())
    fail(mailing, SourcePackage("third"))
    assert tell(mailing) == 0
    assert len(office.mails) == 1


@pytest.mark.usefixtures("eve")
def test_the_address_in_a_letter_ends_such_letters_and_nothing_else(
    mailing: Scene, office: PostOffice
) -> None:
    subscribe(mailing.site, EVE, "eve", HELLO)
    mailing.published()
    tell(mailing)
    for letter in office.mails:
        found = re.fullmatch(
            r"<http://buildd\.example:8066/unsubscribe/(.+)/>", letter["List-Unsubscribe"]
        )
        assert found is not None
        for _ in range(2):
            unsubscribe(found[1])
    assert list_subscriptions("eve") == ()
    assert own_wish_of("pat") is Wants.NOTHING
    assert own_wish_of("eve") is Wants.ALL


def test_the_address_in_a_mail_to_who_is_gone_is_no_fault(mailing: Scene, eve: User) -> None:
    token = address_to_end(mailing.site, OWN, eve.pk).split("/")[-2]
    eve.delete()
    with transaction.atomic():
        unsubscribe(token)
        connection.check_constraints()
    assert not models.OwnUploads.objects.exists()


@pytest.mark.usefixtures("eve")
def test_who_has_as_many_as_may_be_can_still_change_one(mailing: Scene) -> None:
    for number in range(MOST_OF_AN_ACCOUNT):
        subscribe(mailing.site, EVE, "eve", SubscriptionWish(package=f"p{number}"))
    row = subscribe(mailing.site, EVE, "eve", SubscriptionWish("p1", wants=Wants.FAILURES))
    assert row.wants is Wants.FAILURES
    with pytest.raises(SubscriptionImpossible):
        subscribe(mailing.site, EVE, "eve", HELLO)


def test_an_address_that_was_made_up_ends_nothing(mailing: Scene) -> None:
    pk = models.OpenPGPKey.objects.get().user.pk
    good = address_to_end(mailing.site, OWN, pk).split("/")[-2]
    for token in ("1", f"{OWN}-{pk}", good[:-1], good.replace(OWN, SUBSCRIPTION), good + "x"):
        with pytest.raises(SubscriptionUnknown):
            unsubscribe(token)
    assert own_wish_of("pat") is Wants.ALL


@pytest.mark.usefixtures("eve")
def test_subscribing_twice_is_one_and_the_last_word_counts(mailing: Scene) -> None:
    subscribe(mailing.site, EVE, "eve", HELLO)
    row = subscribe(mailing.site, EVE, "eve", replace(HELLO, wants=Wants.FAILURES))
    assert list_subscriptions("eve") == (row,)
    with pytest.raises(SubscriptionUnknown):
        end_subscription(mailing.site, PAT, row.id)
    with pytest.raises(NotAllowed):
        subscribe(mailing.site, PAT, "eve", HELLO)
    end_subscription(mailing.site, EVE, row.id)
    assert list_subscriptions("eve") == ()
    assert not models.AuditEntry.objects.exists(), "what people want to hear is their own"
    root = Actor("root", is_admin=True)
    row = subscribe(mailing.site, root, "eve", HELLO)
    end_subscription(mailing.site, root, row.id)
    acts = list(models.AuditEntry.objects.order_by("id").values_list("act", flat=True))
    assert acts == ["subscribed", "ended a subscription"]


@pytest.mark.parametrize("text", ["Hello", "he llo", "../x", "h" * 200, "<b>"])
def test_what_can_be_no_package_is_refused(text: str) -> None:
    with pytest.raises(SubscriptionImpossible):
        SubscriptionWish(package=text)
