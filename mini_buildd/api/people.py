"""The calls on who asks, and on their tokens."""

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router

from mini_buildd.api.bodies import TokenWish
from mini_buildd.api.door import actor_of
from mini_buildd.api.given import Number
from mini_buildd.db.queries.tokens import TokenRow, list_tokens
from mini_buildd.domain.permission import Act, Actor, Scope, demand, may
from mini_buildd.domain.token import TokenWish as Wish
from mini_buildd.domain.token import parse_scopes
from mini_buildd.flow.hosted import site
from mini_buildd.flow.token import make_token, revoke_token
from mini_buildd.wire.api.people import MadeToken, Me, RoleIn, Token, TokenPage

me = Router(tags=["you"])
tokens = Router(tags=["you"])


@me.get("", response=Me, summary="Ask who you are")
def show_me(request: HttpRequest) -> Me:
    """Who you are here, what you are to which repository, and what your token lets you do."""
    actor = actor_of(request)
    return Me(
        name=actor.name,
        is_administrator=actor.is_admin,
        scopes=tuple(sorted(actor.scopes)) if actor.scopes is not None else None,
        roles=tuple(RoleIn(name, role.word) for name, role in actor.roles),
        acts=tuple(str(act) for act in Act if may(actor, act, owner=actor.name)),
    )


@tokens.get("", response=TokenPage, summary="List your tokens")
def list_of_tokens(request: HttpRequest) -> TokenPage:
    """Your tokens, also those that have ended; never their secrets."""
    actor = actor_of(request)
    _demand(actor)
    return TokenPage(tuple(map(_token, list_tokens(actor.name))))


@tokens.post("", response={201: MadeToken}, summary="Make a token")
def make_one(request: HttpRequest, response: HttpResponse, body: Body[TokenWish]) -> MadeToken:
    """Make a token of yours. Its secret is in this answer, and nowhere else ever.

    No token will do for it: sign in, or send the name and password of your account as Basic.
    """
    actor = actor_of(request)
    wish = Wish(body.name, parse_scopes(body.scopes), body.days)
    made = make_token(site(), actor, actor.name, wish)
    response["Location"] = f"/api/v1/tokens/{made.row.id}"
    response["Cache-Control"] = "no-store"
    return MadeToken(_token(made.row), made.secret)


@tokens.delete("{int:token_id}", response={204: None}, summary="Revoke a token")
def revoke_one(request: HttpRequest, token_id: Number) -> None:
    """Let a token of yours be good for nothing from now on; needs what making one needs."""
    revoke_token(site(), actor_of(request), token_id)


def _demand(actor: Actor) -> None:
    demand(actor, Act.MAKE_TOKEN, owner=actor.name)


def _token(row: TokenRow) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        hint=row.hint,
        scopes=tuple(map(Scope, row.scopes)),
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
        is_good=row.is_good(site().clock()),
    )
