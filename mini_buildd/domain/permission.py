"""Who asks for something, and what they may; an argument of every verb, so no door forgets it.

Each thing that can be done is an Act, and RULES says of each who may do it: the table in
doc/reference/permissions.md is printed from it, and the tests ask every verb as every role.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from mini_buildd.domain.problem import NotAllowed


class Role(IntEnum):
    """What somebody is to a repository, or to the instance; each may all that those before may."""

    VISITOR = 0
    READER = 1
    UPLOADER = 2
    OWNER = 3
    ADMINISTRATOR = 4

    @property
    def word(self) -> str:
        """As people read it."""
        return self.name.lower()


class Scope(StrEnum):
    """What an API token was made for."""

    READ = "read"
    """See what its owner may see, by the API and in private archives."""
    UPLOAD = "upload"
    """Upload, and cancel or retry one's own builds."""
    CHANGE = "change"
    """Everything else that its owner may do, but for accounts, keys, tokens and webhooks."""


class Door(StrEnum):
    """Which way somebody came in."""

    PAGE = "page"
    SETTINGS = "settings"
    API = "api"
    COMMAND = "command"


class Act(StrEnum):
    """What can be done, in the words that complete "an administrator to ..."."""

    SEE = "see a repository"
    UPLOAD = "upload"
    CANCEL_BUILD = "cancel a build"
    RETRY_BUILD = "try a build again"
    DEBUG_BUILD = "look into a failed build"
    REBUILD = "build packages again"
    MIGRATE = "migrate packages"
    REMOVE = "remove packages"
    COPY = "copy packages"
    ROLL_BACK = "roll a suite back"
    FREEZE = "freeze or thaw a suite"
    TAKE_SNAPSHOT = "take or drop a snapshot"
    TAKE_READY_MADE = "take in ready-made packages"
    SET_ASIDE = "set a builder aside or take it back"
    REFRESH_CHROOT = "make a chroot anew"
    RUN_STEP = "let the daemon look after something now"
    GIVE_RIGHTS = "give rights to a repository"
    ADD_KEY = "register a key of one's own"
    APPROVE_KEY = "approve a key"
    MAKE_TOKEN = "make or revoke an API token of one's own"  # noqa: S105  # no password
    KEEP_WEBHOOK = "have a webhook of one's own"
    SUBSCRIBE = "choose what one is told by mail"
    SEE_AUDIT = "read who changed what"
    SWITCH_ACCOUNT = "switch an account off or on"
    CONFIGURE = "change the settings"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may: *least*, over the repository that it is about; *own*, also whose it is."""

    least: Role
    scope: Scope | None
    """What a token must be made for; None: no token will do, only somebody who has signed in."""
    own: str = ""
    """Who that is, in words."""


RULES: Mapping[Act, Rule] = {
    # Of a public repository everybody is a reader.
    Act.SEE: Rule(Role.READER, Scope.READ),
    Act.UPLOAD: Rule(Role.UPLOADER, Scope.UPLOAD),
    Act.CANCEL_BUILD: Rule(Role.OWNER, Scope.UPLOAD, "its uploader"),
    Act.RETRY_BUILD: Rule(Role.OWNER, Scope.UPLOAD, "its uploader"),
    Act.DEBUG_BUILD: Rule(Role.ADMINISTRATOR, Scope.CHANGE),
    Act.REBUILD: Rule(Role.OWNER, Scope.CHANGE),
    Act.MIGRATE: Rule(Role.OWNER, Scope.CHANGE),
    Act.REMOVE: Rule(Role.OWNER, Scope.CHANGE),
    Act.COPY: Rule(Role.OWNER, Scope.CHANGE),
    Act.ROLL_BACK: Rule(Role.OWNER, Scope.CHANGE),
    Act.FREEZE: Rule(Role.OWNER, Scope.CHANGE),
    Act.TAKE_SNAPSHOT: Rule(Role.OWNER, Scope.CHANGE),
    # Nobody has verified or built these: the word of an administrator stands for them.
    Act.TAKE_READY_MADE: Rule(Role.ADMINISTRATOR, Scope.CHANGE),
    Act.SET_ASIDE: Rule(Role.ADMINISTRATOR, Scope.CHANGE),
    Act.REFRESH_CHROOT: Rule(Role.ADMINISTRATOR, Scope.CHANGE),
    Act.RUN_STEP: Rule(Role.ADMINISTRATOR, Scope.CHANGE),
    Act.GIVE_RIGHTS: Rule(Role.OWNER, None),
    Act.ADD_KEY: Rule(Role.ADMINISTRATOR, None, "the account itself"),
    Act.APPROVE_KEY: Rule(Role.ADMINISTRATOR, None),
    Act.MAKE_TOKEN: Rule(Role.ADMINISTRATOR, None, "the account itself"),
    # It goes on telling where it is sent to, long after a stolen token was revoked.
    Act.KEEP_WEBHOOK: Rule(Role.ADMINISTRATOR, None, "the account itself"),
    Act.SUBSCRIBE: Rule(Role.ADMINISTRATOR, Scope.CHANGE, "the account itself"),
    Act.SEE_AUDIT: Rule(Role.ADMINISTRATOR, Scope.READ),
    Act.SWITCH_ACCOUNT: Rule(Role.ADMINISTRATOR, None),
    Act.CONFIGURE: Rule(Role.ADMINISTRATOR, None),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a program by name, and what it is to whom.

    *is_admin* may do everything; *roles* are by the names of repositories. *scopes* bound somebody
    who came with a token; None is somebody who has signed in. By which *door* is for the audit log.
    """

    name: str
    is_admin: bool = False
    roles: tuple[tuple[str, Role], ...] = ()
    scopes: frozenset[Scope] | None = None
    door: Door = field(default=Door.COMMAND, compare=False)

    def role(self, repository: str = "", *, is_private: bool = False) -> Role:
        """What it is to *repository*, or without one to the instance."""
        if self.is_admin:
            return Role.ADMINISTRATOR
        if not repository:
            return Role.READER if self.name else Role.VISITOR
        least = Role.VISITOR if is_private else Role.READER
        return max([least, *(role for name, role in self.roles if name == repository)])


# Nobody has signed in.
VISITOR = Actor("")
# The instance itself: what its journey and its schedule demand.
SELF = Actor("mini-buildd", is_admin=True)


def may(
    actor: Actor, act: Act, *, repository: str = "", owner: str = "", is_private: bool = False
) -> bool:
    """Whether *actor* may do it to what belongs to *repository* and, by name, to *owner*."""
    rule = RULES[act]
    if actor.scopes is not None and rule.scope not in actor.scopes:
        return False
    if rule.own and owner and actor.name == owner:
        return True
    return actor.role(repository, is_private=is_private) >= rule.least


def demand(
    actor: Actor, act: Act, *, repository: str = "", owner: str = "", is_private: bool = False
) -> None:
    """Raise NotAllowed unless *actor* may."""
    if may(actor, act, repository=repository, owner=owner, is_private=is_private):
        return
    rule = RULES[act]
    of_it = f" of repository {repository}" if repository and rule.least <= Role.OWNER else ""
    who = f"{rule.own}{' or ' if rule.own else ''}{_ARTICLES[rule.least]}{of_it}"
    raise NotAllowed(
        expected=f"{who} to {act}",
        found=_found(actor, rule),
        hint="Sign in with an account that may, or ask an administrator.",
    )


_ARTICLES = {
    Role.VISITOR: "anybody",
    Role.READER: "a reader",
    Role.UPLOADER: "an uploader",
    Role.OWNER: "an owner",
    Role.ADMINISTRATOR: "an administrator",
}


def _found(actor: Actor, rule: Rule) -> str:
    if not actor.name:
        return "somebody who has not signed in"
    if actor.scopes is not None and rule.scope not in actor.scopes:
        made_for = ", ".join(sorted(actor.scopes)) or "nothing"
        needed = f"this needs {rule.scope}" if rule.scope else "this needs to be signed in"
        return f"a token of {actor.name} for {made_for}; {needed}"
    return actor.name
