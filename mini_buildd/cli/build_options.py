"""What ``mini-buildd build`` and ``mini-buildd builder`` are asked for on the command line."""

import argparse

from mini_buildd.domain.states import JobState

_SHOWN = 20
_Actions = argparse._SubParsersAction  # noqa: SLF001  # it has no public name


def add_build(build: argparse.ArgumentParser) -> None:
    """The actions of ``build``; cli.build has a function for each."""
    actions = build.add_subparsers(dest="action", required=True)
    _add_list(actions)
    _add_one(actions, "show", "tell all of a build: its state, its attempts, what it made")
    for name, text in (
        ("cancel", "let builds end, those that wait and those that run"),
        ("retry", "let builds be tried again that failed or were cancelled"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("number", nargs="+", type=int, help="of a build, see: build list")
        action.add_argument("--reason", default="", help="what the events and the pages tell")
    log = _add_one(actions, "log", "print the log of a build")
    log.add_argument("--follow", action="store_true", help="go on until the build has ended")
    repeat = _add_one(actions, "repeat", "print the lines that repeat it on any Debian machine")
    for action in (log, repeat):
        action.add_argument("--attempt", type=int, help="instead of the latest one")
    _add_one(
        actions,
        "debug",
        "build it once more, here, and get a shell where it ended; nothing of it is published",
    )


def _add_list(actions: "_Actions[argparse.ArgumentParser]") -> None:
    text = "list builds, the newest first"
    listing = actions.add_parser("list", help=text, description=text)
    listing.add_argument("source", nargs="?", default="", help="of that source package")
    listing.add_argument("--state", choices=[state.value for state in JobState])
    listing.add_argument(
        "--last", type=int, default=_SHOWN, metavar="N", help=f"so many of them (default {_SHOWN})"
    )


def _add_one(
    actions: "_Actions[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=text, description=text)
    action.add_argument("number", type=int, help="of a build, see: build list")
    return action


def add_builder(builder: argparse.ArgumentParser) -> None:
    """The actions of ``builder``; cli.builder has a function for each."""
    actions = builder.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="list the builders, and what is wrong with them")
    text = "give a builder no jobs until it is taken back; what it builds now goes on"
    aside = actions.add_parser("aside", help=text, description=text)
    aside.add_argument("name")
    aside.add_argument("--reason", default="", help="what the events and the pages tell")
    text = "give a builder jobs again"
    actions.add_parser("return", help=text, description=text).add_argument("name")
