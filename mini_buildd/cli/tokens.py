"""``mini-buildd token``: API tokens of any account, by who owns the instance."""

import argparse

from mini_buildd.cli.owner import owner
from mini_buildd.cli.screen import Cell, Screen, heading, moment
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db.queries.tokens import TokenRow, list_tokens
from mini_buildd.domain.token import TokenWish, parse_scopes
from mini_buildd.flow.beside import beside_daemon
from mini_buildd.flow.token import make_token, revoke_token
from mini_buildd.kit.clock import utc_now


def run_token(
    options: argparse.Namespace, settings: Settings, places: Places, screen: Screen
) -> int:
    """Do what is asked for; returns the exit status."""
    if options.action == "list":
        rows = list_tokens(options.account)
        if not rows:
            screen.line("no tokens")
            return 0
        head = heading("", "nr", "begins", "for", "scopes", "ends", "used")
        screen.table([head, *map(_row, rows)])
        return 0
    with beside_daemon(settings, places) as site:
        if options.action == "make":
            days = None if options.days == 0 else options.days
            wish = TokenWish(options.name, parse_scopes(options.scope), days)
            print(make_token(site, owner(), options.account, wish).secret)
        else:
            row = revoke_token(site, owner(), options.number)
            screen.line(f"{row.hint}… of {row.owner} is good for nothing now")
    return 0


def _row(row: TokenRow) -> list[Cell | str]:
    state = Cell("● good", "32") if row.is_good(utc_now()) else Cell("– ended", "2")
    if row.revoked_at is not None:
        state = Cell("– revoked", "2")
    return [
        state,
        str(row.id),
        row.hint,
        row.name,
        " ".join(row.scopes),
        moment(row.expires_at) if row.expires_at is not None else "never",
        moment(row.used_at) if row.used_at is not None else "never",
    ]
