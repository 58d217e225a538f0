"""What ``mini-buildd user`` is asked for on the command line."""

import argparse
from pathlib import Path

from mini_buildd.domain.permission import Role

_Actions = argparse._SubParsersAction  # noqa: SLF001  # it has no public name


def add_user(user: argparse.ArgumentParser) -> None:
    """The actions of ``user``; cli.user has a function for each."""
    actions = user.add_subparsers(dest="action", required=True)
    _add(actions, "list", "list accounts, and what each may")
    add = _add(actions, "add", "make an account, or give one that is there a key")
    add.add_argument("name")
    add.add_argument("--email", default="", help="where mail reaches its owner")
    add.add_argument("--key", type=Path, help="file with an armored public key of theirs")
    add.add_argument("--ssh-key", type=Path, help="file with a public key to sign in to SFTP by")
    off = _add(actions, "off", "let nobody sign in as these; their keys and tokens count no more")
    on = _add(actions, "on", "let the owners of these sign in again, by what they had")
    for each in (off, on):
        each.add_argument("name", nargs="+", help="of an account")
        each.add_argument("--reason", default="", help="for the audit log")
    keys = _add(actions, "keys", "list the OpenPGP keys of accounts, and whether they count")
    keys.add_argument("name", nargs="?", default="", help="of that account only")
    approve = _add(actions, "approve", "let signatures by a key count")
    approve.add_argument("fingerprint", nargs="+")
    refuse = _add(actions, "refuse", "let no signature by a key count, also if it did before")
    refuse.add_argument("fingerprint", nargs="+")
    refuse.add_argument("--reason", default="", help="what the owner is told")
    rights = _add(actions, "rights", "list who has which right to which repository")
    rights.add_argument("repository", nargs="?", default="", help="to that one only")
    _add_grant(actions)
    revoke = _add(actions, "revoke", "take a right back")
    revoke.add_argument("repository")
    revoke.add_argument("number", nargs="+", type=int, help="of a right, see: user rights")


def _add_grant(actions: "_Actions[argparse.ArgumentParser]") -> None:
    grant = _add(actions, "grant", "give a right to a repository")
    grant.add_argument("whom", help="an account")
    grant.add_argument("repository")
    grant.add_argument(
        "role",
        nargs="?",
        default=Role.UPLOADER.word,
        choices=[role.word for role in (Role.READER, Role.UPLOADER, Role.OWNER)],
    )
    kind = grant.add_mutually_exclusive_group()
    kind.add_argument("--group", action="store_true", help="it is the name of a group")
    kind.add_argument("--keyring", action="store_true", help="it is the name of a keyring")
    grant.add_argument("--fingerprint", default="", help="for this key of the keyring only")
    grant.add_argument("--suite", default="", help="an uploader's: for this suite only")
    grant.add_argument(
        "--sources", default="", help="an uploader's: source packages, such as 'hello lib*'"
    )
    grant.add_argument(
        "--no-new",
        action="store_true",
        help="an uploader's: only source packages that the repository has already",
    )


def _add(
    actions: "_Actions[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    return actions.add_parser(name, help=text, description=text)
