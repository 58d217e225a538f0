"""What ``mini-buildd-api`` is asked for on the command line."""

import argparse
import os
from typing import NoReturn

from mini_buildd.domain.permission import Scope
from mini_buildd.domain.states import JobState, UploadState

_SHOWN = 20
_Actions = argparse._SubParsersAction  # noqa: SLF001  # it has no public name

EXITS = """\
exit status: 0 done, or published; 1 rejected, or refused; 2 a build failed; 3 the instance cannot
be reached, or does not let you in; 4 it took too long; 64 wrong usage; 130 interrupted
"""
USAGE_STATUS = os.EX_USAGE


class Parser(argparse.ArgumentParser):
    """One whose complaints cannot be taken for a failed build."""

    def error(self, message: str) -> NoReturn:
        """Complain and end."""
        self.print_usage()
        self.exit(USAGE_STATUS, f"{self.prog}: {message}\n")


def make_parser() -> Parser:
    """All commands with their options; cli.remote has a function for each."""
    parser = Parser(
        prog="mini-buildd-api",
        description="Upload to an instance of mini-buildd, and see what becomes of it.",
        epilog=EXITS,
    )
    parser.add_argument(
        "--to", metavar="NAME", default="", help="the instance of that name in api.toml"
    )
    parser.add_argument("--url", default="", help="the instance at that address")
    parser.add_argument("--json", action="store_true", help="for programs: what the API says")
    commands = parser.add_subparsers(dest="command", required=True)
    _add_upload(commands)
    _add(commands, "status", "tell what goes on")
    _add(commands, "whoami", "tell who you are there, and what you may")
    _add(commands, "queue", "list the builds that wait, in their order")
    dput = _add(commands, "dput-conf", "print what dput and dput-ng need to know of the instance")
    dput.add_argument("--alias", default="", help="only the one with this name, and nothing else")
    _add_lists(commands)
    _add_changes(commands)
    _add_tokens(commands)
    return parser


def _add(commands: "_Actions[Parser]", name: str, text: str) -> Parser:
    return commands.add_parser(name, help=text, description=text, epilog=EXITS)


def _add_upload(commands: "_Actions[Parser]") -> None:
    upload = _add(commands, "upload", "send an upload, and wait until it is published")
    upload.add_argument("changes", metavar="FILE.changes")
    upload.add_argument(
        "--dry-run", action="store_true", help="only ask whether it would be accepted"
    )
    upload.add_argument("--no-check", action="store_true", help="send it without asking before")
    upload.add_argument("--no-wait", action="store_true", help="end once it has been sent")
    upload.add_argument(
        "--timeout", type=float, metavar="MINUTES", help="wait no longer than that (default: on)"
    )
    # Here as well, as it is said: upload this to there.
    upload.add_argument("--to", metavar="NAME", default=argparse.SUPPRESS, help="see above")


def _add_lists(commands: "_Actions[Parser]") -> None:
    uploads = _add(commands, "uploads", "list uploads, the newest first")
    uploads.add_argument("--state", choices=[state.value for state in UploadState])
    builds = _add(commands, "builds", "list builds, the newest first")
    builds.add_argument("--state", choices=[state.value for state in JobState])
    builds.add_argument("--architecture", default="")
    for each in (uploads, builds):
        each.add_argument("source", nargs="?", default="", help="of that source package")
        each.add_argument("--distribution", default="")
        each.add_argument(
            "--last", type=_count, default=_SHOWN, metavar="N", help=f"so many (default {_SHOWN})"
        )
    log = _add(commands, "log", "print the log of a build")
    log.add_argument("number", type=int, help="of the build")
    log.add_argument("--attempt", type=int, help="instead of the latest one")
    log.add_argument("--follow", action="store_true", help="go on until the build has ended")


def _count(text: str) -> int:
    most = 200
    number = int(text)
    if not 1 <= number <= most:
        raise argparse.ArgumentTypeError(f"expected 1 to {most}")
    return number


def _add_changes(commands: "_Actions[Parser]") -> None:
    for name, text in (
        ("cancel", "let builds end, those that wait and those that run"),
        ("retry", "let builds be tried again that failed or were cancelled"),
    ):
        change = _add(commands, name, text)
        change.add_argument("number", nargs="+", type=int, help="of a build")
        change.add_argument(
            "--upload",
            action="store_true",
            help="the numbers are those of uploads: all their builds",
        )
        change.add_argument("--reason", default="", help="what the events and the pages tell")


def _add_tokens(commands: "_Actions[Parser]") -> None:
    token = _add(commands, "token", "make, list and revoke your API tokens; asks for your password")
    actions = token.add_subparsers(dest="action", required=True)
    listing = _add(actions, "list", "list your tokens")
    make = _add(actions, "make", "make a token, which is shown once")
    make.add_argument("name", help="what it is for, such as the machine that will have it")
    make.add_argument(
        "--scope",
        action="append",
        choices=[scope.value for scope in Scope],
        help="may be repeated (default: read and upload)",
    )
    make.add_argument("--days", type=int, help="until it ends (default: 90)")
    make.add_argument(
        "--save", metavar="PROFILE", default="", help="write it into api.toml, and do not show it"
    )
    revoke = _add(actions, "revoke", "let tokens be good for nothing")
    revoke.add_argument("number", nargs="+", type=int, help="of a token, see: token list")
    for each in (listing, make, revoke):
        each.add_argument("--account", default="", help="your name there (default: as here)")
