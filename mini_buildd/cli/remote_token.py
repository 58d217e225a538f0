"""Tokens from the command line; no token makes tokens, so the account's password is asked for."""

from dataclasses import replace

from mini_buildd.cli.remote_desk import Desk
from mini_buildd.cli.remote_password import signed_in
from mini_buildd.cli.screen import Cell, Row, heading, moment
from mini_buildd.client.api import Api
from mini_buildd.client.server import profile_path, save_server
from mini_buildd.wire.api.people import Token


def token(desk: Desk) -> int:
    """Do what is asked for."""
    actions = {"list": _list, "make": _make, "revoke": _revoke}
    return actions[desk.options.action](desk, signed_in(desk))


def _list(desk: Desk, api: Api) -> int:
    page = api.tokens()
    rows: list[Row] = [heading("", "nr", "begins", "for", "scopes", "ends", "used")]
    rows += map(_row, page.items)
    return desk.listing(page, rows, (each.id for each in page.items), "no tokens")


def _row(each: Token) -> Row:
    state = Cell("● good", "32") if each.is_good else Cell("– ended", "2")
    if each.revoked_at is not None:
        state = Cell("– revoked", "2")
    return [
        state,
        str(each.id),
        each.hint,
        each.name,
        " ".join(each.scopes),
        moment(each.expires_at) if each.expires_at is not None else "never",
        moment(each.used_at) if each.used_at is not None else "never",
    ]


def _make(desk: Desk, api: Api) -> int:
    options = desk.options
    made = api.make_token(token_wish(desk, options.name))
    if options.save:
        path = profile_path()
        save_server(path, options.save, replace(desk.api.connection.server, token=made.secret))
        desk.screen.line(f"saved in {path} as {options.save}")
    elif desk.wants_json:
        desk.tell(made)
    else:
        desk.screen.line(made.secret)
    return 0


def token_wish(desk: Desk, name: str) -> dict[str, object]:
    """The token that the options ask for."""
    options = desk.options
    wish: dict[str, object] = {"name": name, "scopes": options.scope or ["read", "upload"]}
    if options.days is not None:
        wish["days"] = options.days
    return wish


def _revoke(desk: Desk, api: Api) -> int:
    for number in dict.fromkeys(desk.options.number):
        api.revoke_token(number)
        if not desk.wants_json and not desk.is_quiet:
            desk.screen.line(f"token {number} is good for nothing now")
    return 0
