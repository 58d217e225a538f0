"""Keys from elsewhere: one's own, and those of others for administrators."""

import sys
from pathlib import Path

from mini_buildd.cli.remote_desk import Desk
from mini_buildd.cli.remote_password import signed_in
from mini_buildd.cli.remote_show import GREEN, RED, YELLOW
from mini_buildd.cli.screen import Cell, Row, heading, moment
from mini_buildd.wire.api.keys import Key, KeyPage, SshKeyPage

_COLOURS = {"approved": GREEN, "expires soon": YELLOW, "waits for approval": YELLOW}
_SHAPES = {GREEN: "●", YELLOW: "○", RED: "✕"}


def key(desk: Desk) -> int:
    """List, give, remove; approve or refuse those of others."""
    options = desk.options
    match options.action:
        case "add":
            return _listed(desk, signed_in(desk).give_key(_text(options.file)))
        case "remove":
            desk.confirm(f"Forget the key {options.fingerprint}?")
            signed_in(desk).remove_key(options.fingerprint)
            return desk.done(None, f"the key {options.fingerprint} is removed")
        case "approve":
            desk.confirm(f"Let signatures by {options.fingerprint} count?")
            found = signed_in(desk).approve_key(options.fingerprint)
            return desk.done(found, f"{found.user_id} of {found.account} is {found.state}")
        case "refuse":
            desk.confirm(f"Let no signature by {options.fingerprint} count?")
            found = signed_in(desk).refuse_key(options.fingerprint, options.reason)
            return desk.done(found, f"{found.user_id} of {found.account} is {found.state}")
    if options.all or options.waiting:
        return _listed(desk, signed_in(desk).all_keys(waiting=options.waiting or None))
    return _listed(desk, desk.api.keys())


def _text(path: Path) -> str:
    if str(path) == "-":
        return sys.stdin.read()
    return path.read_text(encoding="ascii", errors="replace")


def _listed(desk: Desk, page: KeyPage) -> int:
    rows: list[Row] = [heading("", "fingerprint", "of", "account", "expires", "why")]
    rows += map(_row, page.items)
    return desk.listing(page, rows, (each.fingerprint for each in page.items), "no keys")


def _row(each: Key) -> Row:
    colour = _COLOURS.get(each.state, RED)
    return [
        Cell(f"{_SHAPES[colour]} {each.state}", colour),
        each.fingerprint,
        each.user_id,
        each.account,
        moment(each.expires_at) if each.expires_at is not None else "never",
        each.reason,
    ]


def ssh_key(desk: Desk) -> int:
    """List, give, remove."""
    options = desk.options
    if options.action == "add":
        return _ssh_listed(desk, signed_in(desk).give_ssh_key(_text(options.file)))
    if options.action == "remove":
        desk.confirm(f"Let {options.fingerprint} sign in nobody any more?")
        signed_in(desk).remove_ssh_key(options.fingerprint)
        return desk.done(None, f"{options.fingerprint} signs in nobody any more")
    return _ssh_listed(desk, desk.api.ssh_keys())


def _ssh_listed(desk: Desk, page: SshKeyPage) -> int:
    rows: list[Row] = [heading("fingerprint", "comment", "since")]
    rows += [
        [each.fingerprint, each.comment, moment(each.added_at) if each.added_at else ""]
        for each in page.items
    ]
    return desk.listing(page, rows, (each.fingerprint for each in page.items), "no SSH keys")
