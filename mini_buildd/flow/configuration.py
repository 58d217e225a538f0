"""The whole configuration in a file: telling it, comparing it with another, bringing one about."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError, RestrictedError

from mini_buildd.config.places import Places
from mini_buildd.db.audit import note
from mini_buildd.db.configuration import KINDS, SHAPES, read_rows
from mini_buildd.db.configuration_columns import Given, Kind, Missing
from mini_buildd.domain.configuration import (
    Address,
    ConfigChange,
    Fate,
    compare,
)
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import ConfigurationImpossible
from mini_buildd.flow.webhook import new_secret
from mini_buildd.keys.gpg import GnupgFailed
from mini_buildd.keys.public_key import read_public_key
from mini_buildd.keys.ssh_key import SshKeyUnfit, read_ssh_key
from mini_buildd.kit.clock import Clock
from mini_buildd.wire.configuration import read_configuration, write_configuration


def export_configuration(by: Actor) -> str:
    """The configuration as it is, as text. Raises NotAllowed."""
    demand(by, Act.CONFIGURE)
    with transaction.atomic():
        found, _ = read_rows()
    return write_configuration(found, SHAPES)


def compare_configuration(text: str, by: Actor) -> Sequence[ConfigChange]:
    """What an import of *text* would change, and what is here and not there.

    Raises NotAllowed, ConfigurationMalformed.
    """
    demand(by, Act.CONFIGURE)
    wanted = read_configuration(text, SHAPES)
    with transaction.atomic():
        found, _ = read_rows()
    return compare(found, wanted)


def import_configuration(
    places: Places, text: str, by: Actor, *, clock: Clock, prunes: bool = False, dry_run: bool
) -> Sequence[ConfigChange]:
    """Bring about what *text* says; what is here and not there goes only if it *prunes*.

    All or nothing, in one transaction. A dry run is the same, taken back: so it finds whatever
    would not do. Raises NotAllowed, ConfigurationMalformed, ConfigurationImpossible.
    """
    demand(by, Act.CONFIGURE)
    wanted = read_configuration(text, SHAPES)
    # What is there already was checked when it came; gpg is not called within a transaction.
    ends = _check_keys(places, compare_configuration(text, by))
    given = Given(clock(), by.name, new_secret, ends)
    with transaction.atomic():
        found, rows = read_rows()
        changes = [each for each in compare(found, wanted) if prunes or each.fate is not Fate.GONE]
        _Import(given, by, dict(rows)).bring_about(changes)
        transaction.set_rollback(dry_run)
    return changes


class _Import:
    """One import: *rows* by their addresses, with those that it makes."""

    def __init__(self, given: Given, by: Actor, rows: dict[Address, Model]) -> None:
        self._given, self._by, self._rows = given, by, rows

    def bring_about(self, changes: Sequence[ConfigChange]) -> None:
        for kind in KINDS.values():
            own = [
                each
                for each in changes
                if each.address[::2] == kind.shape.path and each.fate is not Fate.GONE
            ]
            self._write_all(kind, own)
        for change in changes:
            if change.fate is Fate.GONE:
                self._remove(change)

    def _write_all(self, kind: Kind, changes: Sequence[ConfigChange]) -> None:
        """What others of the same kind refer to may come after them; so they are tried again."""
        # Of an architecture that gives and one that takes what is built once, the first goes first.
        waiting = sorted(changes, key=lambda each: bool(each.after.get("builds_all")))
        while waiting:
            later, why = [], None
            for change in waiting:
                try:
                    self._write(kind, change)
                except Missing as missing:
                    later.append(change)
                    why = missing
            if len(later) == len(waiting):
                raise _impossible(later[0], f"there is no {why}")
            waiting = later

    def _write(self, kind: Kind, change: ConfigChange) -> None:
        if change.address[::2] == ("account", "key") and change.address[-1] not in self._given.ends:
            raise _impossible(change, "somebody else has changed it just now")
        row = self._rows.get(change.address)
        if row is None:
            row = kind.model()
            if kind.parent:
                setattr(row, kind.parent, self._rows[change.address[:-2]])
            kind.begin(row, change.address[-1])
        try:
            with transaction.atomic():
                kind.write(row, change.after, self._given)
        except ValidationError as error:
            raise _impossible(change, "; ".join(_words(error))) from None
        except IntegrityError as error:
            raise _impossible(change, str(error)) from None
        if kind.name(row) != change.address[-1]:
            raise _impossible(change, f"by what it says it is called {kind.name(row)}")
        self._rows[change.address] = row
        self._note(change)

    def _remove(self, change: ConfigChange) -> None:
        row = self._rows[change.address]
        if row.pk is None or not type(row)._default_manager.filter(pk=row.pk).exists():  # noqa: SLF001  # Django's public name
            return  # it went with what it was below
        try:
            row.delete()
        except (ProtectedError, RestrictedError) as error:
            told = sorted({type(each)._meta.verbose_name_plural or "" for each in _users(error)})  # noqa: SLF001  # the same
            raise _impossible(change, f"it is in use by {', '.join(map(str, told))}") from None
        self._note(change)

    def _note(self, change: ConfigChange) -> None:
        act = {Fate.NEW: "added", Fate.CHANGED: "changed", Fate.GONE: "removed"}[change.fate]
        note(
            self._by,
            f"{act}, by an import,",
            at=self._given.at,
            kind=change.address[-2].replace("_", " "),
            name=", ".join(change.address[1::2]),
            before=change.before,
            after=change.after,
        )


def _users(error: ProtectedError | RestrictedError) -> set[Model]:
    found = error.args[1] if len(error.args) > 1 else ()
    return set(found)


def _words(error: ValidationError) -> list[str]:
    if not hasattr(error, "error_dict"):
        return list(error.messages)
    return [f"{name}: {' '.join(told)}" for name, told in error.message_dict.items()]


def _impossible(change: ConfigChange, why: str) -> ConfigurationImpossible:
    return ConfigurationImpossible(
        expected=f"{change.name} as the file has it",
        found=why,
        hint="Correct the file; nothing was changed.",
    )


def _check_keys(places: Places, changes: Sequence[ConfigChange]) -> Mapping[str, datetime | None]:
    """The ends of the OpenPGP keys among them; each must be the one whose fingerprint it bears."""
    ends: dict[str, datetime | None] = {}
    for change in changes:
        if change.fate is Fate.GONE:
            continue
        if change.address[::2] == ("account", "key"):
            ends[change.address[-1]] = _end_of_key(places, change)
        elif change.address[::2] == ("account", "ssh_key"):
            _check_ssh_key(change)
    return ends


def _end_of_key(places: Places, change: ConfigChange) -> datetime | None:
    try:
        key = read_public_key(str(change.after.get("armored", "")), places.keyrings)
    except GnupgFailed as error:
        raise _impossible(change, str(error)) from None
    if key.fingerprint != change.address[-1]:
        raise _impossible(change, f"the key {key.fingerprint}")
    return key.expires_at


def _check_ssh_key(change: ConfigChange) -> None:
    try:
        found = read_ssh_key(str(change.after.get("text", ""))).fingerprint
    except SshKeyUnfit as error:
        raise _impossible(change, str(error)) from None
    if found != change.address[-1]:
        raise _impossible(change, f"the key {found}")
