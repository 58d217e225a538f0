"""The options of the commands on who asks: profiles, tokens, keys."""

from pathlib import Path

from mini_buildd.cli.remote_parser import Actions, Parser, add, add_yes
from mini_buildd.domain.permission import Scope


def add_profiles(commands: Actions) -> None:
    """login, logout, profile, whoami, token, key and ssh-key."""
    _add_login(commands)
    profile = add(commands, "profile", "list the instances that you know, and choose one")
    actions = profile.add_subparsers(dest="action", required=True, metavar="ACTION")
    add(actions, "list", "list the instances of config.toml")
    for name, text in (
        ("use", "let one be meant when none is named"),
        ("forget", "take one out of config.toml, with its token"),
    ):
        add(actions, name, text).add_argument("name", metavar="PROFILE")
    add(commands, "whoami", "tell who you are there, and what you may")
    _add_token(commands)
    _add_keys(commands)


def _add_login(commands: Actions) -> None:
    login = add(commands, "login", "get a token of an instance, and keep it for further commands")
    login.add_argument("address", nargs="?", default="", metavar="URL", help="of the instance")
    login.add_argument(
        "--save", metavar="PROFILE", default="", help="the name to keep it by (default: its host)"
    )
    login.add_argument(
        "--with-token",
        action="store_true",
        help="read a token from the standard input, instead of making one by your password",
    )
    _add_wish(login)
    login.add_argument("--ca-file", default="", metavar="FILE", help="whom to trust that it is it")
    login.add_argument(
        "--fingerprint",
        default="",
        metavar="SHA256",
        help="of the only certificate to trust, where the instance has made its own",
    )
    login.add_argument(
        "--in-file",
        action="store_true",
        help="keep the token in config.toml, also where there is a keyring",
    )
    _add_account(login)
    logout = add(
        commands, "logout", "forget the token that is kept here; it stays good until it is revoked"
    )
    add_yes(logout)


def _add_token(commands: Actions) -> None:
    token = add(commands, "token", "make, list and revoke your API tokens; asks for your password")
    actions = token.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = add(actions, "list", "list your tokens")
    make = add(actions, "make", "make a token, which is shown once")
    make.add_argument("name", help="what it is for, such as the machine that will have it")
    _add_wish(make)
    make.add_argument(
        "--save", metavar="PROFILE", default="", help="write it into config.toml, not show it"
    )
    revoke = add(actions, "revoke", "let tokens be good for nothing")
    revoke.add_argument("number", nargs="+", type=int, help="of a token, see: token list")
    for each in (listing, make, revoke):
        _add_account(each)


def _add_wish(parser: Parser) -> None:
    parser.add_argument(
        "--scope",
        action="append",
        choices=[scope.value for scope in Scope],
        help="what the token is for; may be repeated (default: read and upload)",
    )
    parser.add_argument("--days", type=int, metavar="N", help="until it ends (default: 90)")


def _add_account(parser: Parser) -> None:
    parser.add_argument(
        "--account", default="", metavar="NAME", help="your name there (default: as here)"
    )


def _add_keys(commands: Actions) -> None:
    for name, kind, file in (
        ("key", "OpenPGP keys", "an armored export of your public key"),
        ("ssh-key", "SSH keys", "the .pub of your key"),
    ):
        key = add(commands, name, f"your {kind}; what changes them asks for your password")
        actions = key.add_subparsers(dest="action", required=True, metavar="ACTION")
        listing = add(actions, "list", f"list your {kind}")
        given = add(actions, "add", f"give one of your {kind}")
        given.add_argument("file", type=Path, metavar="FILE", help=f"{file}; - reads it from stdin")
        removed = add(actions, "remove", f"take one of your {kind} back")
        removed.add_argument("fingerprint", metavar="FINGERPRINT")
        add_yes(removed)
        parsers = [listing, given, removed]
        if name == "key":
            parsers += _add_approving(actions, listing)
        for each in parsers:
            _add_account(each)


def _add_approving(actions: Actions, listing: Parser) -> list[Parser]:
    """What administrators do with the keys of others."""
    listing.add_argument("--all", action="store_true", help="those of all, for administrators")
    listing.add_argument("--waiting", action="store_true", help="those that wait for approval")
    approve = add(actions, "approve", "let signatures by a key count, as an administrator")
    refuse = add(actions, "refuse", "let no signature by a key count, as an administrator")
    for each in (approve, refuse):
        each.add_argument("fingerprint", metavar="FINGERPRINT")
        add_yes(each)
    refuse.add_argument("--reason", default="", help="what its owner is told")
    return [approve, refuse]
