"""How ``mini-buildd-api`` reads its command line, whatever the commands are."""

import argparse
import difflib
import os
import re
from typing import NoReturn, TypeAlias

USAGE_STATUS = os.EX_USAGE
_MOST_LISTED = 200

EXITS = """\
exit status: 0 done, or published; 1 rejected, or refused; 2 a build failed; 3 the instance cannot
be reached, or does not let you in; 4 it took too long; 5 there is no such thing; 64 wrong usage;
130 interrupted
"""


class Parser(argparse.ArgumentParser):
    """One whose complaints cannot be taken for a failed build, and that tells what may be meant."""

    def error(self, message: str) -> NoReturn:
        """Complain and end."""
        self.print_usage()
        self.exit(USAGE_STATUS, f"{self.prog}: {_helpful(message)}\n")


Actions: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001  # no public name


def _helpful(message: str) -> str:
    """*message* of argparse; of a word that is none of many, those that are like it."""
    found = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
    if found is None:
        return message
    word, choices = found[1], [each.strip(" '") for each in found[2].split(",")]
    near = difflib.get_close_matches(word, choices, 3)
    if not near:
        return message
    return f"there is no “{word}”; did you mean {' or '.join(near)}?"


def make_root() -> Parser:
    """The parser without any command."""
    parser = Parser(
        prog="mini-buildd-api",
        description="Upload to an instance of mini-buildd, see what becomes of it, and look after "
        "what is published.",
        epilog=EXITS,
    )
    _add_common(parser, is_root=True)
    return parser


def add(commands: Actions, name: str, text: str) -> Parser:
    """A command, with the options that all have."""
    parser = commands.add_parser(name, help=text, description=text, epilog=EXITS)
    _add_common(parser, is_root=False)
    return parser


def _add_common(parser: Parser, *, is_root: bool) -> None:
    """What may stand before the command as well as after it."""

    def default(value: object) -> object:
        return value if is_root else argparse.SUPPRESS

    group = parser.add_argument_group("all commands")
    group.add_argument(
        "--profile",
        "--to",
        dest="profile",
        metavar="NAME",
        default=default(""),
        help="the instance of that name in config.toml (MINI_BUILDD_PROFILE)",
    )
    group.add_argument(
        "--url", default=default(""), help="the instance at that address (MINI_BUILDD_URL)"
    )
    group.add_argument(
        "--json",
        action="store_true",
        default=default(value=False),
        help="for programs: what the API says",
    )
    group.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        default=default(value=False),
        help="of lists only names or numbers, and of all else nothing but problems",
    )


def add_last(parser: Parser, default: int = 20) -> None:
    """How many of a list."""
    parser.add_argument(
        "--last", type=_count, default=default, metavar="N", help=f"so many (default: {default})"
    )


def add_reason(parser: Parser) -> None:
    """Why somebody does it."""
    parser.add_argument("--reason", default="", help="what the events and the pages tell")


def add_yes(parser: Parser) -> None:
    """What is asked on a terminal."""
    parser.add_argument("-y", "--yes", action="store_true", help="do it without asking")


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _MOST_LISTED:
        raise argparse.ArgumentTypeError(f"expected 1 to {_MOST_LISTED}")
    return number
