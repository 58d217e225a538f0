"""Who asks for something, and what they may; an argument of every verb, so no door forgets it."""

from dataclasses import dataclass

from mini_buildd.domain.problem import NotAllowed


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a program by name; *is_admin* may change what is published."""

    name: str
    is_admin: bool = False


# The instance itself: what its journey and its schedule demand.
SELF = Actor("mini-buildd", is_admin=True)


def demand_admin(actor: Actor, what: str) -> None:
    """Raise NotAllowed unless *actor* may do *what* (a phrase such as "freeze a suite")."""
    if not actor.is_admin:
        raise NotAllowed(
            expected=f"an administrator to {what}",
            found=actor.name or "somebody who has not signed in",
            hint="Sign in with an account that may, or ask its owner.",
        )


def may_as_own(actor: Actor, owner: str) -> bool:
    """Whether *actor* may do with it what its *owner*, by name, and administrators may."""
    return actor.is_admin or (bool(owner) and actor.name == owner)


def demand_own(actor: Actor, owner: str, what: str) -> None:
    """Raise NotAllowed unless *actor* is an administrator, or *owner*, whose it is, by name."""
    if not may_as_own(actor, owner):
        raise NotAllowed(
            expected=f"its uploader or an administrator to {what}",
            found=actor.name or "somebody who has not signed in",
            hint="Sign in with the account that uploaded it, or ask an administrator.",
        )
