"""Giving rights to a repository, and taking them back.

Owners of a repository let people read it and upload to it. Who owns it is an administrator's
word, so nobody gets more than was meant, and nobody gives what would outlast them.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from mini_buildd.db.audit import note, state_of
from mini_buildd.db.models import Grant, Repository, Suite, TrustedKeyring
from mini_buildd.deb.names import Fingerprint, MalformedName
from mini_buildd.domain.permission import Act, Actor, Role, demand
from mini_buildd.domain.problem import NothingToDo, RightImpossible, RightUnknown
from mini_buildd.domain.upload_rules import SOURCE_PATTERN
from mini_buildd.flow.account import find_account, find_group
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site
from mini_buildd.flow.snapshot import find_repository

_KIND = "right"
_MOST_CHARACTERS = 500  # of the column
GIVEN = (Role.READER, Role.UPLOADER, Role.OWNER)


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is to have a right: one of these names is given; *fingerprint* is a keyring's key."""

    account: str = ""
    group: str = ""
    keyring: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Right:
    """What they are to a *repository*; what follows the role is an uploader's only."""

    repository: str
    role: Role
    suite: str = ""
    sources: str = ""
    may_add_sources: bool = True


@tells_full_disk
def give_right(site: Site, actor: Actor, whom: Whom, right: Right) -> int:
    """Give *right* to *whom*; the answer is its number.

    Raises NotAllowed, RepositoryUnknown, AccountUnknown, RightImpossible, NothingToDo.
    """
    _demand(actor, right.repository, right.role)
    repository = find_repository(right.repository)
    if whom.keyring and right.role is not Role.UPLOADER:  # nobody signs in by such a key
        raise _impossible("an uploader, where it is given to a keyring", right.role.word)
    fields = {**_whom(whom), **_what(right, repository), "repository": repository}
    at = site.clock()
    with transaction.atomic():
        row, is_new = Grant.objects.get_or_create(
            **fields, defaults={"given_at": at, "given_by": actor.name}
        )
        if not is_new:
            raise NothingToDo(
                expected="a right that was not given yet",
                found=f"“{row}”, given by {row.given_by or 'an administrator'}",
                hint="There is nothing to do.",
            )
        note(actor, "gave a right", at=at, kind=_KIND, name=str(row), after=state_of(row))
    return row.pk


@tells_full_disk
def withdraw_right(site: Site, actor: Actor, repository: str, number: int) -> None:
    """Take the right with that number back; raises NotAllowed, RightUnknown."""
    demand(actor, Act.GIVE_RIGHTS, repository=repository)
    with transaction.atomic():
        rows = Grant.objects.select_for_update(of=("self",))
        row = rows.filter(pk=number, repository__name=repository).first()
        if row is None:
            raise RightUnknown(
                expected=f"the number of a right to repository {repository}",
                found=str(number),
                hint="The page of its rights lists them.",
            )
        _demand(actor, repository, Role(row.role))
        note(
            actor,
            "withdrew a right",
            at=site.clock(),
            kind=_KIND,
            name=str(row),
            before=state_of(row),
        )
        row.delete()


def _demand(actor: Actor, repository: str, role: Role) -> None:
    """Raise NotAllowed unless *actor* may give and take *role* there."""
    demand(actor, Act.GIVE_RIGHTS, repository=repository)
    if role >= Role.OWNER:
        demand(actor, Act.CONFIGURE)


def _whom(whom: Whom) -> dict[str, Any]:
    """The columns that say who; raises RightImpossible, AccountUnknown."""
    named = [name for name in (whom.account, whom.group, whom.keyring) if name]
    if len(named) != 1 or (whom.fingerprint and not whom.keyring):
        raise _impossible(
            "an account, a group or a keyring, and a fingerprint with a keyring only",
            ", ".join(named) or "none of them",
        )
    return {
        "user": find_account(whom.account) if whom.account else None,
        "group": find_group(whom.group) if whom.group else None,
        "keyring": _keyring(whom.keyring) if whom.keyring else None,
        "fingerprint": _fingerprint(whom.fingerprint),
    }


def _keyring(name: str) -> TrustedKeyring:
    row = TrustedKeyring.objects.filter(name=name).first()
    if row is None:
        raise _impossible("the name of a keyring in Settings", f"“{name[:80]}”")
    return row


def _fingerprint(text: str) -> str:
    plain = "".join(text.split()).upper()
    try:
        return Fingerprint(plain) if plain else ""
    except MalformedName as error:
        raise _impossible("the whole fingerprint of a key", str(error)) from None


def _what(right: Right, repository: Repository) -> dict[str, Any]:
    """The columns that say what; raises RightImpossible."""
    if right.role not in GIVEN:
        raise _impossible("reader, uploader or owner", right.role.word)
    is_bounded = bool(right.suite or right.sources) or not right.may_add_sources
    if is_bounded and right.role is not Role.UPLOADER:
        raise _impossible("bounds to what an uploader may upload", f"bounds to a {right.role.word}")
    return {
        "role": right.role.value,
        "suite": _suite(right.suite, repository),
        "sources": _sources(right.sources),
        "may_add_sources": right.may_add_sources,
    }


def _suite(name: str, repository: Repository) -> Suite | None:
    if not name:
        return None
    suite = repository.layout.suites.filter(name=name).first()
    if suite is None:
        names = ", ".join(repository.layout.suites.order_by("name").values_list("name", flat=True))
        raise _impossible(f"one of {names}", f"“{name[:80]}”")
    return suite


def _sources(text: str) -> str:
    patterns = text.split()
    for each in patterns:
        if not SOURCE_PATTERN.fullmatch(each):
            raise _impossible("names of source packages, with * for any letters", each[:80])
    joined = " ".join(dict.fromkeys(patterns))
    if len(joined) > _MOST_CHARACTERS:
        raise _impossible(f"a list of {_MOST_CHARACTERS} letters", f"one of {len(joined)}")
    return joined


def _impossible(expected: str, found: str) -> RightImpossible:
    return RightImpossible(
        expected=expected, found=found, hint="Nothing was changed; correct it and try again."
    )
