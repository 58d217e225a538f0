"""Webhooks: whom they are told what, signed, again when it fails, and how they end."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from mini_buildd.config.settings import Webhooks
from mini_buildd.db import models
from mini_buildd.db.queries.webhooks import list_deliveries, list_webhooks
from mini_buildd.db.visibility import seen_by
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import SELF, Actor, Role
from mini_buildd.domain.problem import (
    DeliveryUnknown,
    NotAllowed,
    WebhookImpossible,
    WebhookUnknown,
)
from mini_buildd.domain.webhook import DeliveryState, Filter, WebhookWish, again_in_seconds
from mini_buildd.flow.deliver import Turn, deliver, due_webhooks, forget_deliveries
from mini_buildd.flow.set_aside import set_aside
from mini_buildd.flow.tell import tell
from mini_buildd.flow.webhook import (
    NewWebhook,
    make_webhook,
    ping,
    remove_webhook,
    renew_secret,
    replay,
    replay_since,
    switch_webhook,
)
from mini_buildd.notify.reach import parse
from mini_buildd.notify.webhook import Courier
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.notify.receiver import Got, Receiver, Reply, receiving

EXAMPLES = Path(__file__).parents[3] / "examples" / "webhooks"
EVERYTHING = Filter()
EVE = Actor("eve")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def hooked(scene: Scene) -> Scene:
    """An instance that may send to this machine; eve has an account."""
    User.objects.create_user("eve")
    allow(scene)
    tell(scene.site)
    return scene


def allow(scene: Scene) -> None:
    scene.use(replace(scene.settings, webhooks=Webhooks(networks=("127.0.0.0/8",))))


def hook(
    scene: Scene, receiver: Receiver, wanted: Filter = EVERYTHING, owner: str = "eve"
) -> NewWebhook:
    """A webhook of eve's that goes to the receiver."""
    return make_webhook(scene.site, SELF, owner, WebhookWish(receiver.url, "chat", wanted))


def bring(scene: Scene) -> list[EventKind]:
    """All that is due now, as the daemon does it; gives the events that this made."""
    tell(scene.site)
    courier = Courier(parse(scene.settings.webhooks.networks), 20)
    events: list[EventKind] = []
    for number in due_webhooks(scene.site):
        while (turn := deliver(scene.site, courier, number)).has_more:
            events += turn.events
        events += turn.events
    return events


def kinds(receiver: Receiver) -> list[str]:
    return [json.loads(each.body)["type"] for each in receiver.got]


def wait(scene: Scene, **time: float) -> None:
    scene.clock.now += timedelta(**time)


def verify(got: Got, secret: str) -> bool:
    """By the example of the documentation, which knows nothing of this program."""
    fields = [got.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature")]
    found = subprocess.run(
        ["sh", EXAMPLES / "verify.sh", *fields],
        input=got.body,
        env={**os.environ, "WEBHOOK_SECRET": secret},
        check=False,
    )
    return found.returncode == 0


def test_what_happens_is_told_signed_and_in_the_words_of_the_api(
    hooked: Scene, receiver: Receiver
) -> None:
    made = hook(hooked, receiver, Filter(frozenset({EventKind.SUITE_PUBLISHED})))
    source = hooked.published()
    bring(hooked)
    (got,) = [each for each in receiver.got if b'"hello"' in each.body]
    told = json.loads(got.body)
    assert (told["schema"], told["type"]) == (1, "suite.published")
    assert told["instance"] == "http://buildd.example:8066"
    assert told["data"]["package"] == f"hello {source.version}"
    assert told["data"]["distribution"] == "trixie-test-unstable"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["x-mini-buildd-event"] == "suite.published"
    assert verify(got, made.secret)
    assert not verify(got, make_webhook(hooked.site, SELF, "eve", WebhookWish("http://x/")).secret)
    assert not verify(replace(got, body=got.body + b" "), made.secret)


def test_each_event_is_told_once_and_what_was_before_is_not(
    hooked: Scene, receiver: Receiver
) -> None:
    hooked.published()
    hook(hooked, receiver)
    hooked.accepted(SourcePackage("later"))
    for _ in range(3):
        bring(hooked)
    assert kinds(receiver) == ["upload.arrived", "source.accepted", "job.planned"]
    assert len(set(receiver.tokens)) == 3


def test_only_what_fits_is_told(hooked: Scene, receiver: Receiver) -> None:
    for wanted in (
        Filter(package="h?llo", kinds=frozenset({EventKind.SOURCE_ACCEPTED})),
        Filter(package="other*"),
        Filter(repository="elsewhere"),
        Filter(distribution="trixie-test-testing"),
        Filter(distribution="trixie-test-unstable", kinds=frozenset({EventKind.JOB_PLANNED})),
    ):
        hook(hooked, receiver, wanted)
    hooked.accepted()
    bring(hooked)
    assert sorted(kinds(receiver)) == ["job.planned", "source.accepted"]


def test_nobody_is_told_of_what_they_may_not_see(hooked: Scene, receiver: Receiver) -> None:
    models.Repository.objects.update(is_private=True)
    root = User.objects.create_superuser("root")
    hook(hooked, receiver)
    hooked.accepted()
    set_aside(hooked.site, SELF, models.Builder.objects.create(name="there").name, "hot")
    bring(hooked)
    assert kinds(receiver) == ["builder.set_aside"]
    models.Grant.objects.create(
        user=User.objects.get(username="eve"),
        repository=models.Repository.objects.get(),
        role=Role.READER,
    )
    hooked.accepted(SourcePackage("second"))
    bring(hooked)
    assert "source.accepted" in kinds(receiver)
    models.Grant.objects.filter(user__username="eve").delete()
    before = len(receiver.got)
    hook(hooked, receiver, owner=root.username)
    hooked.accepted(SourcePackage("third"))
    bring(hooked)
    assert len(receiver.got) == before + 3, "an administrator's, and no more hers"


def test_of_an_account_that_is_switched_off_nothing_is_told(
    hooked: Scene, receiver: Receiver
) -> None:
    hook(hooked, receiver)
    ping(hooked.site, EVE, list_webhooks("eve")[0].id)
    User.objects.filter(username="eve").update(is_active=False)
    hooked.accepted()
    bring(hooked)
    assert receiver.got == []


def test_whose_account_is_switched_off_in_the_middle_is_told_no_more(
    hooked: Scene, receiver: Receiver
) -> None:
    """One turn of a long backlog follows another, without asking anew who is due."""
    number = hook(hooked, receiver).row.id
    hooked.accepted()
    tell(hooked.site)
    User.objects.filter(username="eve").update(is_active=False)
    courier = Courier(parse(hooked.settings.webhooks.networks), 20)
    assert deliver(hooked.site, courier, number) == Turn(has_more=False)
    assert receiver.got == []


def test_what_waits_or_is_sent_again_is_not_told_to_who_has_lost_the_right_to_it(
    hooked: Scene, receiver: Receiver
) -> None:
    models.Repository.objects.update(is_private=True)
    grant = models.Grant.objects.create(
        user=User.objects.get(username="eve"),
        repository=models.Repository.objects.get(),
        role=Role.READER,
    )
    number = hook(hooked, receiver, Filter(frozenset({EventKind.SOURCE_ACCEPTED}))).row.id
    hooked.accepted()
    tell(hooked.site)
    grant.delete()
    hooked.accepted(SourcePackage("second"))
    ping(hooked.site, EVE, number)
    bring(hooked)
    assert kinds(receiver) == ["ping"]
    with seen_by(lambda: EVE):
        (row,) = list_deliveries(number, state=DeliveryState.FAILED).rows
    assert row.last is not None
    assert "may not see that any more" in row.last.said
    assert row.body == ""
    replay_since(hooked.site, EVE, number, hooked.clock() - timedelta(days=1))
    bring(hooked)
    assert kinds(receiver) == ["ping", "ping"]


def test_what_fails_is_tried_again_later_with_the_same_id_and_body(
    hooked: Scene, receiver: Receiver
) -> None:
    made = hook(hooked, receiver, Filter(frozenset({EventKind.SOURCE_ACCEPTED})))
    receiver.replies = [Reply(503, b"not now"), Reply(raw=b"nonsense\r\n\r\n"), Reply(200)]
    hooked.accepted()
    bring(hooked)
    bring(hooked)
    assert len(receiver.got) == 1, "it is left alone for a while"
    for seconds in (30, 120, 600):
        wait(hooked, seconds=seconds)
        bring(hooked)
    assert len(receiver.got) == 3
    assert len(set(receiver.tokens)) == 1
    assert len({each.body for each in receiver.got}) == 1
    assert all(verify(each, made.secret) for each in receiver.got)
    (row,) = list_deliveries(made.row.id).rows
    assert (row.state, row.count) == (DeliveryState.DELIVERED, 3)
    assert [each.status for each in row.tries] == [200, None, 503]
    assert row.tries[2].said == "not now"
    (webhook,) = list_webhooks("eve")
    assert (webhook.failures, webhook.failing_since, webhook.waiting) == (0, None, 0)


def test_a_receiver_may_say_how_long_to_wait(hooked: Scene, receiver: Receiver) -> None:
    hook(hooked, receiver, Filter(frozenset({EventKind.SOURCE_ACCEPTED})))
    receiver.replies = [Reply(429, b"", {"Retry-After": "1000"})]
    hooked.accepted()
    bring(hooked)
    hooked.accepted(SourcePackage("second"))
    wait(hooked, seconds=900)
    bring(hooked)
    assert len(receiver.got) == 1, "nothing else is sent meanwhile either"
    wait(hooked, seconds=200)
    bring(hooked)
    assert len(receiver.got) == 3


def test_one_that_is_never_taken_fails_in_the_end_and_holds_no_other_up(
    hooked: Scene, receiver: Receiver
) -> None:
    made = hook(hooked, receiver, Filter(frozenset({EventKind.SOURCE_ACCEPTED})))
    hooked.accepted()
    tell(hooked.site)
    bad = list_deliveries(made.row.id).rows[0].token
    receiver.refused.add(bad)
    bring(hooked)
    hooked.accepted(SourcePackage("second"))
    wait(hooked, seconds=6)
    bring(hooked)
    wait(hooked, seconds=20)
    bring(hooked)
    good = receiver.tokens[-1]
    assert good != bad, "it came before the bad one is through"
    for _ in range(12):
        wait(hooked, hours=25)
        bring(hooked)
        models.Webhook.objects.update(failing_since=hooked.clock())
    states = {row.token: row.state for row in list_deliveries(made.row.id).rows}
    assert states == {bad: DeliveryState.FAILED, good: DeliveryState.DELIVERED}
    assert receiver.tokens.count(bad) == 9
    assert again_in_seconds(8) == 24 * 3600
    assert again_in_seconds(9) is None


def test_once_the_receiver_is_back_all_is_told_at_once(hooked: Scene, receiver: Receiver) -> None:
    hook(hooked, receiver, Filter(frozenset({EventKind.SOURCE_ACCEPTED})))
    receiver.always = Reply(500)
    for number in range(3):
        hooked.accepted(SourcePackage(f"p{number}"))
    for _ in range(6):
        bring(hooked)
        wait(hooked, hours=1)
    receiver.always, receiver.got[:] = Reply(), []
    bring(hooked)
    assert len(set(receiver.tokens)) == len(receiver.tokens) == 3


def test_after_long_failing_it_is_switched_off_and_said_so(
    hooked: Scene, receiver: Receiver
) -> None:
    made = hook(hooked, receiver)
    receiver.always = Reply(500)
    hooked.accepted()
    events: list[EventKind] = []
    for _ in range(20):
        events += bring(hooked)
        wait(hooked, hours=8)
    assert events == [EventKind.WEBHOOK_STOPPED]
    (row,) = list_webhooks("eve")
    assert not row.is_active
    assert "status 500" in row.stopped_reason
    event = models.Event.objects.get(kind=EventKind.WEBHOOK_STOPPED)
    assert event.detail.startswith(f"{made.row.id} of eve to http://127.0.0.1:")
    assert "/hook" not in event.detail, "what may be a secret"
    with pytest.raises(WebhookImpossible):
        ping(hooked.site, EVE, made.row.id)
    receiver.always, receiver.got[:] = Reply(), []
    switch_webhook(hooked.site, EVE, made.row.id, is_on=True)
    ping(hooked.site, EVE, made.row.id)
    bring(hooked)
    assert "ping" in kinds(receiver)


def test_who_is_gone_is_asked_no_more(hooked: Scene, receiver: Receiver) -> None:
    hook(hooked, receiver, Filter(frozenset({EventKind.SOURCE_ACCEPTED})))
    receiver.replies = [Reply(410)]
    hooked.accepted()
    assert bring(hooked) == [EventKind.WEBHOOK_STOPPED]
    assert "it wants no more" in list_webhooks("eve")[0].stopped_reason


def test_one_delivery_or_all_since_can_be_sent_again(hooked: Scene, receiver: Receiver) -> None:
    made = hook(hooked, receiver, Filter(frozenset({EventKind.SOURCE_ACCEPTED})))
    number = made.row.id
    hooked.accepted()
    wait(hooked, hours=1)
    since = hooked.clock()
    hooked.accepted(SourcePackage("second"))
    bring(hooked)
    first, second = receiver.tokens
    rows = {row.token: row.id for row in list_deliveries(number).rows}
    assert replay(hooked.site, EVE, number, rows[first]).state is DeliveryState.WAITING
    bring(hooked)
    assert receiver.tokens == [first, second, first]
    models.Delivery.objects.filter(token=first).update(made_at=since - timedelta(minutes=30))
    assert replay_since(hooked.site, EVE, number, since - timedelta(minutes=1)) == 1
    bring(hooked)
    assert receiver.tokens == [first, second, first, second]
    assert replay_since(hooked.site, EVE, number, since, only_failed=True) == 0
    with pytest.raises(DeliveryUnknown):
        replay(hooked.site, EVE, number, 999)


def test_a_new_secret_counts_at_once_and_the_old_one_for_a_day(
    hooked: Scene, receiver: Receiver
) -> None:
    made = hook(hooked, receiver, Filter(frozenset({EventKind.SOURCE_HELD})))
    renewed = renew_secret(hooked.site, EVE, made.row.id)
    assert renewed.secret != made.secret
    for hours, old_holds in ((1, True), (25, False)):
        wait(hooked, hours=hours)
        ping(hooked.site, EVE, made.row.id)
        bring(hooked)
        got = receiver.got[-1]
        assert verify(got, renewed.secret)
        assert verify(got, made.secret) == old_holds


def test_the_history_is_kept_for_a_while(hooked: Scene, receiver: Receiver) -> None:
    made = hook(hooked, receiver)
    ping(hooked.site, EVE, made.row.id)
    bring(hooked)
    wait(hooked, days=29)
    forget_deliveries(hooked.site)
    assert len(list_deliveries(made.row.id).rows) == 1
    wait(hooked, days=2)
    ping(hooked.site, EVE, made.row.id)
    forget_deliveries(hooked.site)
    assert [row.state for row in list_deliveries(made.row.id).rows] == [DeliveryState.WAITING]


def test_anothers_webhook_is_as_one_that_is_not_there(hooked: Scene, receiver: Receiver) -> None:
    number = hook(hooked, receiver).row.id
    bob = Actor("bob")
    for ask in (
        lambda: ping(hooked.site, bob, number),
        lambda: renew_secret(hooked.site, bob, number),
        lambda: remove_webhook(hooked.site, bob, number),
        lambda: switch_webhook(hooked.site, bob, number, is_on=False),
    ):
        with pytest.raises(WebhookUnknown):
            ask()
    with pytest.raises(NotAllowed):
        make_webhook(hooked.site, bob, "eve", WebhookWish("http://chat.example/"))
    remove_webhook(hooked.site, EVE, number)
    assert list_webhooks() == ()


def test_the_audit_log_tells_it_without_the_secret(hooked: Scene) -> None:
    root = Actor("root", is_admin=True)
    made = make_webhook(hooked.site, root, "eve", WebhookWish("http://chat.example/x"))
    renew_secret(hooked.site, root, made.row.id)
    remove_webhook(hooked.site, root, made.row.id)
    entries = models.AuditEntry.objects.order_by("id")
    acts = ["made a webhook", "renewed the secret of a webhook", "removed a webhook"]
    assert [each.act for each in entries] == acts
    assert "whsec_" not in str([(each.before, each.after) for each in entries])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "chat.example",
        "ftp://chat.example/",
        "http:///x",
        "http://chat..example/",
        "https://.example/",
        f"http://{'x' * 64}.example/",
        "http://user:word@chat.example/",
        "http://chat.example/#x",
        "http://chat.example:25/",
        "http://chat.example:70000/",
        "http://[::1/",
        "http://chat.example/\r\nHost: evil",
        "http://chat.example/ä",
        "http://chat.example/" + "x" * 500,
    ],
)
def test_an_address_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(WebhookImpossible):
        WebhookWish(url)


@pytest.mark.parametrize(
    "url", ["https://chat.example/a?b=c", "http://10.0.0.1:8080", "http://x", "http://[::1]/"]
)
def test_others_are_taken(url: str) -> None:
    assert WebhookWish(url).url == url


def test_who_is_killed_anywhere_loses_nothing_and_tells_the_same_again(
    real: Scene, receiver: Receiver
) -> None:
    User.objects.create_user("eve")
    allow(real)
    tell(real.site)
    made = hook(real, receiver, Filter(frozenset({EventKind.SOURCE_ACCEPTED})))
    for number in range(2):
        real.accepted(SourcePackage(f"p{number}"))
    effects = 0
    while not runs_to_its_end(lambda: bring(real), effects=effects):
        effects += 1
    assert effects > 3, "it was killed between writing down, sending and noting"
    rows = list_deliveries(made.row.id).rows
    assert {row.state for row in rows} == {DeliveryState.DELIVERED}
    assert {row.token for row in rows} == set(receiver.tokens)
    assert len(rows) == 2
    assert len(receiver.tokens) > 2, "what was sent and not noted is sent once more"
    assert len({(each.headers["webhook-id"], each.body) for each in receiver.got}) == 2
    bring(real)
    assert len(list_deliveries(made.row.id).rows) == 2
