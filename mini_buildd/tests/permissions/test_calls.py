"""Every call of the API is made by everybody, and answers as the table says, or changes nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from mini_buildd.api.application import document
from mini_buildd.api.describe import calls
from mini_buildd.db import models
from mini_buildd.db.actors import actor_for
from mini_buildd.domain.permission import VISITOR, Actor, Role, Scope, may
from mini_buildd.domain.subscription import SubscriptionWish
from mini_buildd.domain.token import TokenWish
from mini_buildd.domain.webhook import WebhookWish
from mini_buildd.flow import hosted
from mini_buildd.flow.subscribe import subscribe
from mini_buildd.flow.token import make_token
from mini_buildd.flow.webhook import make_webhook, ping
from mini_buildd.tests.permissions.calls import BY_THE_DOOR, CALLS, SELF, UPLOADER, Call, set_out
from mini_buildd.tests.permissions.stage import undone
from mini_buildd.tests.web.conftest import builder, busy, wakes

__all__ = ["builder", "busy", "wakes"]

_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: by a browser that has signed in, with a token, or with nothing."""

    name: str
    actor: Actor
    client: Client
    secret: str = ""

    def ask(self, call: Call) -> int:
        """The status of the answer."""
        path = f"/api/v1/{call.path.format(**call.places())}"
        headers = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        if call.body is None:
            answer: Any = self.client.generic(call.method, path, headers=headers)
        else:
            answer = self.client.generic(
                call.method,
                path,
                data=_json(call.body),
                content_type="application/json",
                headers=headers,
            )
        return int(answer.status_code)

    def may(self, call: Call) -> bool:
        """What the table says."""
        owner = self.actor.name if call.owner == SELF else call.owner
        return call.act is None or may(self.actor, call.act, repository="test", owner=owner)


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def _signed_in(name: str, role: Role | None = None, *, is_admin: bool = False) -> Caller:
    user, _ = User.objects.get_or_create(
        username=name, defaults={"is_staff": is_admin, "is_superuser": is_admin}
    )
    if role is not None:
        repository = models.Repository.objects.get(name="test")
        models.Grant.objects.create(user=user, repository=repository, role=role)
    client = Client()
    client.force_login(user)
    return Caller(name, actor_for(user.pk), client)


def _by_token(name: str, *scopes: Scope) -> Caller:
    user = User.objects.get(username=name)
    made = make_token(hosted.site(), Actor(name), name, TokenWish("tests", frozenset(scopes)))
    actor = actor_for(user.pk, frozenset(scopes))
    return Caller(f"{name} by a token for {scopes}", actor, Client(), made.secret)


def _callers() -> Iterator[Caller]:
    yield Caller("a visitor", VISITOR, Client())
    yield _signed_in("somebody")
    yield _signed_in("rita", Role.READER)
    yield _signed_in("ulla", Role.UPLOADER)
    yield _signed_in("olga", Role.OWNER)
    yield _signed_in("root", is_admin=True)
    yield _signed_in(UPLOADER)
    for scope in Scope:
        yield _by_token("root", scope)
        yield _by_token(UPLOADER, scope)


def _have_notices() -> None:
    """The uploader has a webhook, to which something was sent, and a subscription."""
    site, actor = hosted.site(), Actor(UPLOADER)
    made = make_webhook(site, actor, UPLOADER, WebhookWish("https://chat.example/"))
    ping(site, actor, made.row.id)
    subscribe(site, actor, UPLOADER, SubscriptionWish("hello"))
    # The daemon would have steps; one of them is told to look now.
    hosted.plug_in(site, lambda: None, lambda name: name == "tidy")


def test_no_call_is_missing() -> None:
    described = {call["operationId"] for _, _, call in calls(document())}
    assert described == set(CALLS) | BY_THE_DOOR


def test_every_call_answers_everybody_as_the_table_says(wakes: list[str]) -> None:
    del wakes
    set_out()
    wrong = []
    callers = list(_callers())
    _have_notices()
    for name, call in CALLS.items():
        for caller in callers:
            with undone() as wrote:
                status = caller.ask(call)
            # Whose tokens, webhooks and subscriptions there are is told to nobody.
            is_hidden = call.owner == UPLOADER and status == HTTPStatus.NOT_FOUND
            is_refused = is_hidden or status in _REFUSED
            is_fault = not is_refused and status >= HTTPStatus.BAD_REQUEST
            if is_refused == caller.may(call) or is_fault or (is_refused and wrote):
                wrong.append(f"{name} by {caller.name}: {status} {wrote if is_refused else ''}")
    assert not wrong, "\n".join(wrong)


def test_of_a_private_repository_nothing_is_told_to_who_may_not_see_it(wakes: list[str]) -> None:
    del wakes
    set_out()
    models.Repository.objects.update(is_private=True)
    told = []
    User.objects.get_or_create(username=UPLOADER)
    _have_notices()
    for caller in (Caller("a visitor", VISITOR, Client()), _signed_in("somebody")):
        for name, call in CALLS.items():
            if call.method == "GET":
                answer = caller.client.get(f"/api/v1/{call.path.format(**call.places())}")
                is_hidden = answer.status_code in {*_REFUSED, HTTPStatus.NOT_FOUND}
                if not is_hidden and b"trixie-test" in answer.content:
                    told.append(f"{name} to {caller.name}")
    assert told == []
