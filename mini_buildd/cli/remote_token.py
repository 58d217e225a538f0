"""Tokens from the command line; no token makes tokens, so the account's password is asked for."""

import getpass
import os
import pwd
import sys
from dataclasses import replace

from mini_buildd.cli.plain import plain
from mini_buildd.cli.remote_desk import Desk
from mini_buildd.cli.screen import Cell, heading, moment
from mini_buildd.client.api import Api
from mini_buildd.client.connection import Connection
from mini_buildd.client.server import profile_path, save_server
from mini_buildd.wire.api.people import Token


def token(desk: Desk) -> int:
    """Do what is asked for."""
    actions = {"list": _list, "make": _make, "revoke": _revoke}
    return actions[desk.options.action](desk, _signed_in(desk))


def _signed_in(desk: Desk) -> Api:
    """The instance, as the account itself; the password may be in the environment."""
    server = desk.api.connection.server
    account = desk.options.account or pwd.getpwuid(os.getuid()).pw_name
    password = os.environ.get("MINI_BUILDD_PASSWORD")
    if server.is_in_the_clear:
        said = f"mini-buildd-api: your password goes to {server.url} as plain text; use https"
        print(plain(said), file=sys.stderr)
    if password is None:
        password = getpass.getpass(f"Password of {account} at {server.url}: ")
    return Api(Connection(replace(server, account=account, password=password)))


def _list(desk: Desk, api: Api) -> int:
    page = api.tokens()
    if desk.wants_json:
        desk.tell(page)
        return 0
    if not page.items:
        desk.screen.line("no tokens")
        return 0
    head = heading("", "nr", "begins", "for", "scopes", "ends", "used")
    desk.screen.table([head, *map(_row, page.items)])
    return 0


def _row(each: Token) -> list[Cell | str]:
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
    wish: dict[str, object] = {"name": options.name, "scopes": options.scope or ["read", "upload"]}
    if options.days is not None:
        wish["days"] = options.days
    made = api.make_token(wish)
    if options.save:
        path = profile_path()
        save_server(path, options.save, replace(desk.api.connection.server, token=made.secret))
        desk.screen.line(f"saved in {path} as {options.save}")
    elif desk.wants_json:
        desk.tell(made)
    else:
        desk.screen.line(made.secret)
    return 0


def _revoke(desk: Desk, api: Api) -> int:
    for number in dict.fromkeys(desk.options.number):
        api.revoke_token(number)
        if not desk.wants_json:
            desk.screen.line(f"token {number} is good for nothing now")
    return 0
