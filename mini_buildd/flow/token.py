"""API tokens: make one, revoke one, and tell who comes with one.

The secret is shown to who made it, once. What is kept is its SHA-256, so that nobody who reads the
database, or a backup of it, can come with it.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q

from mini_buildd.db.actors import actor_for
from mini_buildd.db.audit import Values, note, state_of
from mini_buildd.db.models import ApiToken
from mini_buildd.db.queries.tokens import TokenRow, token_row
from mini_buildd.domain.permission import Act, Actor, Scope, demand
from mini_buildd.domain.problem import TokenImpossible, TokenUnknown
from mini_buildd.domain.token import (
    ALPHABET,
    PREFIX,
    SECRET_LENGTH,
    TokenWish,
    check_wish,
    digest,
    end_of,
    looks_like_token,
)
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site

# Nobody needs to know it to the second, and a row is not written for each request.
_USED_AGAIN = timedelta(minutes=1)
_HINT_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token with its *secret*, which nobody can be shown again."""

    row: TokenRow
    secret: str


@tells_full_disk
def make_token(site: Site, actor: Actor, owner: str, wish: TokenWish) -> NewToken:
    """A token of the account *owner*; raises NotAllowed, TokenImpossible."""
    demand(actor, Act.MAKE_TOKEN, owner=owner)
    check_wish(wish, actor)
    secret = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))
    with transaction.atomic():
        user = get_user_model().objects.filter(username=owner, is_active=True).first()
        if user is None:
            raise TokenImpossible(
                expected="the name of an account that may sign in",
                found=owner,
                hint="Accounts are made in Settings.",
            )
        at = site.clock()
        row = ApiToken.objects.create(
            user=user,
            name=wish.name.strip(),
            digest=digest(secret),
            hint=secret[:_HINT_CHARACTERS],
            scopes=" ".join(sorted(wish.scopes)),
            made_at=at,
            expires_at=end_of(wish, at),
        )
        _note(site, actor, "made a token", row, {})
    return NewToken(token_row(row), secret)


@tells_full_disk
def revoke_token(site: Site, actor: Actor, token_id: int) -> TokenRow:
    """Let a token be good for nothing from now on; raises TokenUnknown, also for another's."""
    with transaction.atomic():
        rows = ApiToken.objects.select_for_update(of=("self",)).select_related("user")
        row = rows.filter(pk=token_id).first()
        # Whose tokens there are is nobody's business: another's is as one that is not there.
        if row is None or not (actor.is_admin or row.user.get_username() == actor.name):
            demand(actor, Act.MAKE_TOKEN, owner=actor.name)
            raise TokenUnknown(
                expected="the number of a token of yours",
                found=str(token_id),
                hint="The list of tokens tells it.",
            )
        demand(actor, Act.MAKE_TOKEN, owner=row.user.get_username())
        if row.revoked_at is None:
            before = state_of(row)
            row.revoked_at = site.clock()
            row.save(update_fields=["revoked_at"])
            _note(site, actor, "revoked a token", row, before)
    return token_row(row)


def _note(site: Site, actor: Actor, act: str, row: ApiToken, before: Values) -> None:
    note(
        actor,
        act,
        at=site.clock(),
        kind="API token",
        name=f"{row} of {row.user.get_username()}",
        before=before,
        after=state_of(row),
    )


def actor_of_token(text: str, at: datetime) -> Actor | None:
    """Who comes with the token *text* at that moment; None when it is good for nothing."""
    if not looks_like_token(text):
        return None
    row = (
        ApiToken.objects.filter(
            Q(expires_at=None) | Q(expires_at__gt=at),
            digest=digest(text),
            revoked_at=None,
            user__is_active=True,
        )
        .only("pk", "user_id", "scopes", "used_at")
        .first()
    )
    if row is None:
        return None
    if row.used_at is None or row.used_at < at - _USED_AGAIN:
        ApiToken.objects.filter(pk=row.pk).update(used_at=at)
    actor = actor_for(row.user_id, frozenset(map(Scope, row.scopes.split())))
    return actor if actor.name else None
