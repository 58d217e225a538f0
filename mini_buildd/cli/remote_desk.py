"""What every command of ``mini-buildd-api`` works with."""

import argparse
import difflib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from mini_buildd.cli.plain import plain
from mini_buildd.cli.screen import Row, Screen
from mini_buildd.client.api import Api
from mini_buildd.client.connection import Connection, Refused
from mini_buildd.client.server import Server
from mini_buildd.wire.api.suites import SuiteName


class NotThere(Exception):
    """What is named on the command line is not there; the text says what may be meant."""


class NotWanted(Exception):
    """Somebody was asked, and said no."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The options, the instance, and where to print."""

    options: argparse.Namespace
    api: Api
    screen: Screen

    @classmethod
    def of(cls, options: argparse.Namespace, server: Server) -> "Desk":
        """The desk for *options*, at *server*."""
        return cls(options, Api(Connection(server)), Screen.of(sys.stdout))

    @property
    def wants_json(self) -> bool:
        """Whether a program reads what is printed."""
        return bool(self.options.json)

    @property
    def is_quiet(self) -> bool:
        """Whether names and problems are all that is wanted."""
        return bool(self.options.quiet)

    # --- telling ---------------------------------------------------------------------

    def tell(self, told: object) -> None:
        """Print what the API has said, for programs."""
        print(msgspec.json.encode(told).decode(), flush=True)

    def listing(
        self, told: object, rows: Sequence[Row], names: Iterable[object], empty: str
    ) -> int:
        """A list: as JSON, as names alone, or as a table; *rows* begin with the heading."""
        if self.wants_json:
            self.tell(told)
        elif self.is_quiet:
            for name in names:
                self.screen.line(str(name))
        elif len(rows) == 1:
            self.screen.line(empty)
        else:
            self.screen.table(rows)
        return 0

    def done(self, told: object, text: str) -> int:
        """Something was done: what came of it as JSON, or *text* for people."""
        if self.wants_json:
            self.tell(told)
        elif not self.is_quiet:
            self.screen.line(text)
        return 0

    def say(self, text: str) -> None:
        """Something beside what was asked for; never into a pipe."""
        if not self.is_quiet:
            print(plain(text), file=sys.stderr)

    # --- asking ----------------------------------------------------------------------

    def confirm(self, question: str) -> None:
        """Ask whoever sits at a terminal; raises NotWanted. Programs know what they do."""
        if self.options.yes or self.wants_json or not sys.stdin.isatty():
            return
        print(plain(f"{question} [y/N] "), end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise NotWanted

    # --- names -----------------------------------------------------------------------

    def suite(self, word: str) -> str:
        """The full name of the suite that *word* means, if only one can be meant.

        Raises NotThere.
        """
        try:
            there = self.api.suites().items
        except Refused as refused:
            if refused.details.status == HTTPStatus.NOT_FOUND:  # an instance of before
                return word
            raise
        found = [each.name for each in there if each.name == word] or [
            each.name for each in there if word in _short_names(each)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise NotThere(f"“{word}” may be {_or(found)}; say which")
        names = {name: each.name for each in there for name in (each.name, *_short_names(each))}
        near = difflib.get_close_matches(word, names, 3)
        meant = list(dict.fromkeys(names[each] for each in near))
        raise NotThere(
            f"there is no suite “{word}”; "
            + (f"did you mean {_or(meant)}?" if meant else "see: mini-buildd-api ls")
        )

    def build(self, word: str) -> int:
        """The number of the build that *word* means: a number, or PACKAGE[=VERSION]/ARCH."""
        if word.isascii() and word.isdecimal():
            return int(word)
        package, slash, architecture = word.partition("/")
        if not slash:
            raise NotThere(f"“{word}” is no build: expected its number, or PACKAGE/ARCH")
        name, _, version = package.partition("=")
        items = self.api.builds(source=name, architecture=architecture, limit=200).items
        for each in items:
            if version in {"", each.version}:
                return each.id
        others = self.api.builds(source=name, limit=20).items
        on = sorted({each.architecture for each in others})
        hint = f"it was built on {', '.join(on)}" if on else f"no build of {name} is known"
        raise NotThere(f"there is no build “{word}”; {hint}")


def _short_names(suite: SuiteName) -> Sequence[str]:
    return (
        suite.suite,
        f"{suite.codename}-{suite.suite}",
        f"{suite.repository}-{suite.suite}",
        f"{suite.repository}/{suite.suite}",
    )


def _or(names: Sequence[str]) -> str:
    return " or ".join(names)
