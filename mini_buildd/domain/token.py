"""API tokens: how one is written, what it is good for, and how long."""

import hashlib
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mini_buildd.domain.permission import Actor, Scope
from mini_buildd.domain.problem import TokenImpossible

PREFIX = "mbd_"
# 43 of 62 letters are 256 bits of chance: nothing is gained by guessing, nor by a slow digest.
SECRET_LENGTH = 43
ALPHABET = string.ascii_letters + string.digits

DEFAULT_DAYS = 90
MOST_DAYS = 366
LIFETIME_DAYS = 36_500
NAME_CHARACTERS = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SECRET = re.compile(rf"{PREFIX}[A-Za-z0-9]{{{SECRET_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class TokenWish:
    """A token that somebody wants: its *name* says what for; *days* None is until it is revoked."""

    name: str
    scopes: frozenset[Scope]
    days: int | None = DEFAULT_DAYS


def looks_like_token(text: str) -> bool:
    """Whether *text* is written as tokens are; nothing else is ever looked up."""
    return _SECRET.fullmatch(text) is not None


def digest(secret: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


def parse_scopes(words: Iterable[str]) -> frozenset[Scope]:
    """The scopes with these names; raises TokenImpossible."""
    given = list(words)
    known = {scope.value: scope for scope in Scope}
    unknown = sorted(set(given) - set(known))
    if unknown or not given:
        raise TokenImpossible(
            expected=f"some of: {', '.join(known)}",
            found=", ".join(unknown) or "none",
            hint="Name what the token is made for.",
        )
    return frozenset(known[word] for word in given)


def check_wish(wish: TokenWish, actor: Actor) -> None:
    """Raise TokenImpossible unless *actor* may have a token for so long, under such a name."""
    if not wish.name.strip() or len(wish.name) > NAME_CHARACTERS or _CONTROL.search(wish.name):
        raise TokenImpossible(
            expected=f"a name of one line, of at most {NAME_CHARACTERS} characters",
            found=repr(wish.name[:NAME_CHARACTERS]),
            hint="Say what the token is for, such as the machine that will have it.",
        )
    parse_scopes(wish.scopes)
    most = LIFETIME_DAYS if actor.is_admin else MOST_DAYS
    if wish.days is None and actor.is_admin:
        return
    if wish.days is None or not 1 <= wish.days <= most:
        raise TokenImpossible(
            expected=f"an end after 1 to {most} days",
            found="none" if wish.days is None else f"{wish.days} days",
            hint="Make it anew when it ends, or ask an administrator for one that lasts.",
        )


def end_of(wish: TokenWish, at: datetime) -> datetime | None:
    """When a token ends that is made *at* this moment."""
    return None if wish.days is None else at + timedelta(days=wish.days)
