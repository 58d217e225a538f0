"""What ``mini-buildd archive`` is asked for on the command line."""

import argparse

_SHOWN = 20


def add_archive(archive: argparse.ArgumentParser) -> None:
    """Its actions and their options; cli.archive has a function for each."""
    actions = archive.add_subparsers(dest="action", required=True)
    _add_looks(actions)
    for name, text in (
        ("migrate", "let packages go on to the suite that theirs leads to"),
        ("remove", "let packages be no longer in a suite"),
    ):
        action = _of_suite(actions, name, text)
        action.add_argument(
            "package", nargs="+", help="a source package, PACKAGE or PACKAGE=VERSION"
        )
        if name == "migrate":
            action.add_argument(
                "--whole-way", action="store_true", help="also to all suites that follow"
            )
        action.add_argument(
            "--force", action="store_true", help="even if packages become uninstallable"
        )
        _add_decision(action)
    rollback = _of_suite(actions, "rollback", "let a suite be what one of its versions was")
    rollback.add_argument("number", type=int, help="of a version that is kept")
    _add_decision(rollback)
    _add_reason(_of_suite(actions, "freeze", "let nothing into a suite, and nothing out of it"))
    _of_suite(actions, "thaw", "end that")
    _add_snapshots(actions)


_Actions = argparse._SubParsersAction  # noqa: SLF001  # it has no public name


def _of_suite(
    actions: "_Actions[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=text, description=text)
    action.add_argument("distribution", help="<codename>-<repository>-<suite>")
    return action


def _add_looks(actions: "_Actions[argparse.ArgumentParser]") -> None:
    versions = _of_suite(actions, "versions", "list the versions of a suite, the newest first")
    versions.add_argument(
        "--last", type=int, default=_SHOWN, metavar="N", help=f"so many of them (default {_SHOWN})"
    )
    show = _of_suite(actions, "show", "list the source packages of a suite")
    show.add_argument("number", nargs="?", default="", help="in that version of it")
    text = "tell in what two versions of a suite, or two suites, differ"
    diff = actions.add_parser("diff", help=text, description=text)
    diff.add_argument("from_", metavar="FROM", help="DISTRIBUTION, or DISTRIBUTION@NUMBER")
    diff.add_argument(
        "to", nargs="?", default="", metavar="TO", help="the same; or NUMBER, a version of FROM"
    )
    diff.add_argument(
        "then", nargs="?", default="", metavar="NUMBER", help="after a NUMBER: to that one instead"
    )
    diff.add_argument("--changelog", action="store_true", help="with the entries in between")


def _add_snapshots(actions: "_Actions[argparse.ArgumentParser]") -> None:
    for name, text in (
        ("snapshot", "keep what all suites of a repository have now"),
        ("snapshots", "list the snapshots of a repository"),
        ("drop-snapshot", "let a snapshot go"),
    ):
        action = actions.add_parser(name, help=text, description=text)
        action.add_argument("repository")
        if name != "snapshots":
            action.add_argument("name", help="of the snapshot")
        if name == "snapshot":
            _add_reason(action)


def _add_decision(action: argparse.ArgumentParser) -> None:
    _add_reason(action)
    action.add_argument(
        "--dry-run", action="store_true", help="only tell what would change, and what would break"
    )


def _add_reason(action: argparse.ArgumentParser) -> None:
    action.add_argument("--reason", default="", help="why, for those who look at it later")
