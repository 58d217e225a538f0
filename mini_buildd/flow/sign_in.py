"""Signing in at the doors that are no pages: a name with a password or a token, or a token alone.

Whatever door it is, a wrong secret counts for all of them, and who failed too often waits.
"""

from dataclasses import replace

from django.contrib.auth import authenticate

from mini_buildd.db.actors import actor_for
from mini_buildd.domain.permission import Actor, Door
from mini_buildd.domain.problem import SignInFailed
from mini_buildd.domain.throttle import network_of
from mini_buildd.domain.token import looks_like_token
from mini_buildd.flow.site import Site
from mini_buildd.flow.token import actor_of_token


def sign_in(site: Site, account: str, secret: str, peer: str, door: Door = Door.API) -> Actor:
    """Who *account* with *secret* is, asking from the address *peer*; to be called in a thread.

    An empty *account* comes with a token. A good token never waits: nobody guesses one, and one
    program with an old token must not keep out all others that come from the same address.
    Raises SignInFailed, TooManyAttempts.
    """
    is_token = looks_like_token(secret)
    actor = _of_token(site, account, secret, door) if is_token else None
    if actor is not None:
        return actor
    # Nor must it keep out their passwords: what is wrong with tokens is counted by itself.
    who, where = ("", f"tokens from {network_of(peer)}") if is_token else (account, peer)
    site.throttle.demand(who, where)
    actor = None if is_token else _of_password(account, secret, door)
    if actor is None:
        site.throttle.failed(who, where)
        raise SignInFailed(
            expected="the name of an account with its password, or an API token",
            found=f"“{account[:80]}” with something else" if account else "no such token",
            hint="Look at your account's page; a token may have expired or been revoked.",
        )
    site.throttle.succeeded(who, where)
    return actor


def _of_token(site: Site, account: str, secret: str, door: Door) -> Actor | None:
    actor = actor_of_token(secret, site.clock())
    if actor is None or account not in {"", actor.name}:
        return None
    return replace(actor, door=door)


def _of_password(account: str, secret: str, door: Door) -> Actor | None:
    if not account or "\0" in account + secret:
        return None
    user = authenticate(username=account, password=secret)
    return actor_for(user.pk, door=door) if user is not None else None
