"""What ``mini-buildd token`` is asked for on the command line."""

import argparse

from mini_buildd.domain.permission import Scope
from mini_buildd.domain.token import DEFAULT_DAYS


def add_token(token: argparse.ArgumentParser) -> None:
    """The actions of ``token``; see cli.tokens."""
    actions = token.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="list the tokens of an account")
    text = "make a token of an account; it is printed, and nobody can be shown it again"
    make = actions.add_parser("make", help=text, description=text)
    for each in (listing, make):
        each.add_argument("account")
    make.add_argument("name", help="what it is for, such as the machine that will have it")
    make.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=[scope.value for scope in Scope],
        help="what it lets the account do; may be repeated",
    )
    make.add_argument(
        "--days",
        type=int,
        default=DEFAULT_DAYS,
        help=f"until it ends (default {DEFAULT_DAYS}); 0: until it is revoked",
    )
    text = "let a token be good for nothing"
    actions.add_parser("revoke", help=text, description=text).add_argument(
        "number", type=int, help="of a token, see: token list"
    )
