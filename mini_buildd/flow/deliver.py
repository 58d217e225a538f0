"""Deliver what is due to one receiver: sign and send it, or run the program, and note the answer.

The answer is noted after it has come. Whoever is killed in between delivers once more, with the
same id, by which receivers know it.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from mini_buildd.db.actors import actor_for
from mini_buildd.db.events import record
from mini_buildd.db.models import Delivery, Webhook
from mini_buildd.db.queries.events import find_event
from mini_buildd.db.visibility import seen_by
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.webhook import (
    RECOVERED_AFTER,
    STOP_AFTER_DAYS,
    DeliveryState,
    again_in_seconds,
    rest_seconds,
    run_again_in_seconds,
)
from mini_buildd.flow.site import Site
from mini_buildd.flow.tell import programs
from mini_buildd.flow.told import environment
from mini_buildd.notify.program import Runner
from mini_buildd.notify.webhook import Answer, Courier, signatures

# Then whoever else has something to deliver gets the thread.
_TURN_SECONDS = 5.0
_MOST_TRIES_TOLD = 12
_NOT_THEIRS = "not sent: its owner may not see that any more"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of a turn: *has_more* to do at once, and the events it made."""

    has_more: bool
    events: tuple[EventKind, ...] = ()


def due_webhooks(site: Site) -> tuple[int, ...]:
    """The webhooks to which something can be sent now."""
    at = site.clock()
    rows = (
        Delivery.objects.filter(
            state=DeliveryState.WAITING,
            due_at__lte=at,
            webhook__is_active=True,
            webhook__user__is_active=True,
        )
        .exclude(webhook__rests_until__gt=at)
        .order_by()
    )
    return tuple(rows.values_list("webhook", flat=True).distinct())


def due_programs(site: Site) -> tuple[str, ...]:
    """The programs that are to be run now."""
    rows = Delivery.objects.filter(
        state=DeliveryState.WAITING, due_at__lte=site.clock(), webhook=None
    )
    return tuple(rows.order_by().values_list("program", flat=True).distinct())


def deliver(site: Site, courier: Courier, webhook_id: int) -> Turn:
    """Send what is due to one webhook, for some seconds, or until it fails to take something.

    Raises CourierStopped.
    """
    events: list[EventKind] = []
    end = time.monotonic() + _TURN_SECONDS
    while time.monotonic() < end:
        rows = Webhook.objects.filter(pk=webhook_id, is_active=True, user__is_active=True)
        webhook = rows.first()
        if webhook is None or (webhook.rests_until and webhook.rests_until > site.clock()):
            return Turn(has_more=False, events=tuple(events))
        delivery = _next(site, webhook=webhook)
        if delivery is None:
            return Turn(has_more=False, events=tuple(events))
        if not _may_be_told(webhook, delivery):
            _note_try(delivery, site.clock(), None, 0.0, _NOT_THEIRS)
            _set(delivery, DeliveryState.FAILED, site.clock())
            continue
        answer = _send(site, courier, webhook, delivery)
        events += _note_answer(site, webhook, delivery, answer)
        if not answer.is_taken:
            return Turn(has_more=False, events=tuple(events))
    return Turn(has_more=True, events=tuple(events))


def _next(site: Site, *, webhook: Webhook | None = None, program: str = "") -> Delivery | None:
    rows = Delivery.objects.filter(
        webhook=webhook, program=program, state=DeliveryState.WAITING, due_at__lte=site.clock()
    )
    return rows.order_by("due_at", "pk").first()


def _may_be_told(webhook: Webhook, delivery: Delivery) -> bool:
    """Whether its owner may still see what happened: it may wait for days, or be sent again."""
    if delivery.event_id is None:  # a test; or what it was about is gone
        return True
    with seen_by(lambda: actor_for(webhook.user_id)):
        return find_event(delivery.event_id) is not None


def _send(site: Site, courier: Courier, webhook: Webhook, delivery: Delivery) -> Answer:
    at = site.clock()
    body = delivery.body.encode()
    secrets = [webhook.secret]
    if webhook.old_secret_until is not None and webhook.old_secret_until > at:
        secrets.append(webhook.old_secret)
    stamp = int(at.timestamp())
    fields = {
        "Content-Type": "application/json",
        "webhook-id": delivery.token,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signatures(secrets, delivery.token, stamp, body),
        "X-Mini-Buildd-Event": delivery.kind,
    }
    return courier.post(webhook.url, fields, body)


def _note_answer(
    site: Site, webhook: Webhook, delivery: Delivery, answer: Answer
) -> list[EventKind]:
    """Write down how it went, for the delivery and for the receiver."""
    at = site.clock()
    with transaction.atomic():
        _note_try(delivery, at, answer.status, answer.seconds, answer.said)
        if answer.is_taken:
            _set(delivery, DeliveryState.DELIVERED, at)
            _note_good(webhook, at)
            return []
        wait = again_in_seconds(delivery.tries, answer.wait_seconds)
        _set(delivery, *_when(at, wait))
        return _note_bad(webhook, at, answer)


def _when(at: datetime, wait: float | None) -> tuple[DeliveryState, datetime]:
    if wait is None:
        return DeliveryState.FAILED, at
    return DeliveryState.WAITING, at + timedelta(seconds=wait)


def _note_try(
    delivery: Delivery, at: datetime, status: int | None, seconds: float, said: str
) -> None:
    delivery.tries += 1
    told = [at.isoformat(), status, round(seconds, 3), said]
    delivery.log = [*delivery.log, told][-_MOST_TRIES_TOLD:]


def _set(delivery: Delivery, state: DeliveryState, due_at: datetime) -> None:
    """Write it, unless somebody removed it, and the webhook, meanwhile."""
    Delivery.objects.filter(pk=delivery.pk).update(
        state=state, due_at=due_at, tries=delivery.tries, log=delivery.log
    )


def _note_good(webhook: Webhook, at: datetime) -> None:
    if not webhook.failures:
        return
    Webhook.objects.filter(pk=webhook.pk).update(failures=0, failing_since=None, rests_until=None)
    if webhook.failures >= RECOVERED_AFTER:
        rows = Delivery.objects.filter(webhook=webhook, state=DeliveryState.WAITING, due_at__gt=at)
        rows.update(due_at=at)


def _note_bad(webhook: Webhook, at: datetime, answer: Answer) -> list[EventKind]:
    failures = webhook.failures + 1
    since = webhook.failing_since or at
    rests_until = at + timedelta(seconds=rest_seconds(failures, answer.wait_seconds))
    rows = Webhook.objects.filter(pk=webhook.pk, is_active=True)
    rows.update(failures=failures, failing_since=since, rests_until=rests_until)
    is_given_up = at - since >= timedelta(days=STOP_AFTER_DAYS)
    if not (is_given_up or answer.wants_no_more):
        return []
    why = f"status {answer.status}" if answer.status else answer.said
    reason = f"it wants no more ({why})" if answer.wants_no_more else f"it has long failed ({why})"
    if not rows.update(is_active=False, stopped_reason=reason[:300], rests_until=None):
        return []
    host = "/".join(webhook.url.split("/", 3)[:3])
    detail = f"{webhook.pk} of {webhook.user.get_username()} to {host}: {reason}"
    return [record(EventKind.WEBHOOK_STOPPED, at, detail=detail)]


def run(site: Site, runner: Runner, name: str) -> Turn:
    """Run one program for what is due, for some seconds, or until it fails. Raises RunStopped."""
    end = time.monotonic() + _TURN_SECONDS
    while time.monotonic() < end:
        delivery = _next(site, program=name)
        if delivery is None or not _run_once(site, runner, name, delivery):
            return Turn(has_more=False)
    return Turn(has_more=True)


def _run_once(site: Site, runner: Runner, name: str, delivery: Delivery) -> bool:
    """Whether it went well."""
    at = site.clock()
    # What is found may be a folder that it is in, and that cannot be read at present.
    path = site.settings.hooks.folder_in(site.settings.home) / name
    program = next((each for each in programs(site) if path.is_relative_to(each.path)), None)
    status, seconds, is_good, is_there = None, 0.0, False, program is not None
    if program is None:
        said = "there is no such program any more"
    elif program.fault:
        said = f"not run: {program.fault}"
    else:
        given = {"PATH": _PATH, "LANG": "C.UTF-8", "HOME": str(site.settings.home)}
        about = environment(site, delivery.token, delivery.body)
        try:
            found = runner.run(program.path, {**given, **about}, delivery.body.encode())
        except OSError as error:
            said = str(error)
        else:
            status, seconds, is_good = found.status, found.seconds, found.is_good
            said = found.output if status is not None else f"ended: too slow\n{found.output}"
    _note_try(delivery, at, status, seconds, said[-2000:])
    wait = run_again_in_seconds(delivery.tries) if is_there else None
    state, due_at = (DeliveryState.DELIVERED, at) if is_good else _when(at, wait)
    _set(delivery, state, due_at)
    return is_good


def forget_deliveries(site: Site) -> None:
    """Remove what the history keeps no longer."""
    days = timedelta(days=site.settings.webhooks.keep_days)
    rows = Delivery.objects.filter(made_at__lt=site.clock() - days)
    rows.exclude(state=DeliveryState.WAITING).delete()
