"""``mini-buildd user``: accounts, their keys, and their rights to repositories."""

import argparse
import sys
from collections.abc import Callable, Mapping

from mini_buildd.cli.owner import owner
from mini_buildd.cli.screen import Cell, Row, Screen, heading, moment
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db.queries.people import AccountRow, list_accounts
from mini_buildd.db.queries.rights import GivenRight, list_rights
from mini_buildd.db.queries.uploader_keys import KeyRow, KeyState, list_keys
from mini_buildd.domain.permission import Role
from mini_buildd.flow.add_account import add_account
from mini_buildd.flow.approve_key import approve_key, refuse_key
from mini_buildd.flow.beside import beside_daemon
from mini_buildd.flow.rights import Right, Whom, give_right, withdraw_right
from mini_buildd.flow.site import Site
from mini_buildd.flow.ssh_key import add_ssh_key
from mini_buildd.flow.submit_key import submit_key
from mini_buildd.flow.switch_account import switch_account
from mini_buildd.kit.clock import utc_now

_GREEN, _RED, _YELLOW, _FAINT = "32", "31", "33", "2"
_STATES: Mapping[KeyState, tuple[str, str]] = {
    KeyState.WAITING: ("○", _YELLOW),
    KeyState.APPROVED: ("●", _GREEN),
    KeyState.ENDING: ("◈", _YELLOW),
    KeyState.EXPIRED: ("✕", _RED),
    KeyState.REFUSED: ("✕", _RED),
    KeyState.REVOKED: ("✕", _RED),
    KeyState.OFF: ("–", _FAINT),
}


def run_user(options: argparse.Namespace, settings: Settings, places: Places) -> int:
    """Do what is asked for, and list what it is about in any case; returns the exit status."""
    acts: Mapping[str, Callable[[Site, argparse.Namespace], None]] = {
        "add": _add,
        "off": _switch,
        "on": _switch,
        "approve": _approve,
        "refuse": _refuse,
        "grant": _grant,
        "revoke": _revoke,
    }
    if options.action in acts:
        with beside_daemon(settings, places) as site:
            acts[options.action](site, options)
    _show(options)
    return 0


# --- what is done -----------------------------------------------------------------


def _add(site: Site, options: argparse.Namespace) -> None:
    add_account(site, owner(), options.name, options.email)
    if options.key is not None:
        armored = options.key.read_text(encoding="ascii", errors="replace")
        submit_key(site, owner(), options.name, armored)
    if options.ssh_key is not None:
        line = options.ssh_key.read_text(encoding="utf-8", errors="replace")
        add_ssh_key(site, owner(), options.name, line)


def _switch(site: Site, options: argparse.Namespace) -> None:
    is_on = options.action == "on"
    for name in options.name:
        switch_account(site, owner(), name, is_on=is_on, reason=options.reason)


def _approve(site: Site, options: argparse.Namespace) -> None:
    for fingerprint in options.fingerprint:
        approve_key(site, owner(), fingerprint)


def _refuse(site: Site, options: argparse.Namespace) -> None:
    for fingerprint in options.fingerprint:
        refuse_key(site, owner(), fingerprint, options.reason)


def _grant(site: Site, options: argparse.Namespace) -> None:
    kind = "group" if options.group else "keyring" if options.keyring else "account"
    whom = Whom(**{kind: options.whom}, fingerprint=options.fingerprint)
    right = Right(
        repository=options.repository,
        role=Role[options.role.upper()],
        suite=options.suite,
        sources=options.sources,
        may_add_sources=not options.no_new,
    )
    give_right(site, owner(), whom, right)


def _revoke(site: Site, options: argparse.Namespace) -> None:
    for number in options.number:
        withdraw_right(site, owner(), options.repository, number)


# --- what is shown ----------------------------------------------------------------


def _show(options: argparse.Namespace) -> None:
    screen = Screen.of(sys.stdout)
    if options.action in ("list", "add", "off", "on"):
        head = ["account", "mail", "may"]
        accounts = [_account(row) for row in list_accounts(also_off=True)]
        _table(screen, head, accounts, "no account yet")
    elif options.action in ("keys", "approve", "refuse"):
        rows = list_keys(utc_now(), getattr(options, "name", ""))
        head = ["", "account", "key", "of", "expires (UTC)", ""]
        _table(screen, head, [_key(row) for row in rows], "no key yet")
    else:
        head = ["number", "repository", "who", "is", "suites", "source packages", "given by"]
        rights = list_rights(options.repository)
        _table(screen, head, [_right(row) for row in rights], "no right was given yet")


def _table(screen: Screen, head: list[str], rows: list[Row], none: str) -> None:
    if rows:
        screen.table([heading(*head), *rows])
    else:
        screen.line(none)


def _account(row: AccountRow) -> Row:
    roles = {right.repository: right.role for right in reversed(row.rights)}
    may = ", ".join(f"{role.word} of {name}" for name, role in sorted(roles.items()))
    if not row.is_active:
        return [row.name, row.mail, Cell("– switched off", _FAINT)]
    return [row.name, row.mail, "everything" if row.is_admin else may or "nothing"]


def _key(row: KeyRow) -> Row:
    mark, colour = _STATES[row.state]
    end = moment(row.expires_at) if row.expires_at is not None else "never"
    state = Cell(f"{mark} {row.state}", colour)
    return [state, row.account, row.fingerprint, row.user_id, end, row.reason]


def _right(row: GivenRight) -> Row:
    whom = row.whom if row.kind == "account" else f"{row.whom} ({row.kind})"
    return [
        str(row.id),
        row.repository,
        f"{whom} {row.fingerprint}".strip(),
        row.role.word,
        row.suite or "all",
        f"{row.sources or 'all'}{'' if row.may_add_sources else ', no new ones'}",
        row.given_by,
    ]
