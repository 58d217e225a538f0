"""``mini-buildd``: run, set up, and look after the chroots of one instance."""

import argparse
import getpass
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from django.db import DatabaseError

from mini_buildd.cli.take_options import add_copy, add_import, add_take
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings, SettingsError, load
from mini_buildd.db.connect import connect, django_settings, migrate
from mini_buildd.deb.names import MalformedName
from mini_buildd.domain.problem import Problem
from mini_buildd.kit.process import CommandFailed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mini-buildd", description="A self-hosted Debian build daemon."
    )
    parser.add_argument(
        "--home",
        type=Path,
        default=Path(os.environ.get("MINI_BUILDD_HOME", "~/mini-buildd")).expanduser(),
        help="the instance's folder (MINI_BUILDD_HOME, else ~/mini-buildd)",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the daemon until it is told to stop")
    _add_setup(commands.add_parser("setup", help="make a working configuration; repeat at will"))
    chroot = commands.add_parser("chroot", help="make or install chroots")
    actions = chroot.add_subparsers(dest="action", required=True)
    for name, text in (
        ("create", "make the tarball anew"),
        ("schroot-script", "print the script by which root installs it for schroot"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("codename")
        action.add_argument("architecture")
    add_take(commands.add_parser("archive-take", help="take in packages that were built elsewhere"))
    add_import(commands.add_parser("archive-import", help="import another program's archive"))
    add_copy(commands.add_parser("archive-copy", help="copy packages to a suite or repository"))
    admin = commands.add_parser("admin", help="make an administrator for the web pages")
    admin.add_argument("name")
    return parser


def _add_setup(setup: argparse.ArgumentParser) -> None:
    setup.add_argument("--codename", action="append", required=True, help="may be repeated")
    setup.add_argument(
        "--architecture",
        action="append",
        default=[],
        help="may be repeated; the first one builds what is for all (default: this machine's)",
    )
    setup.add_argument("--repository", default="test")
    setup.add_argument(
        "--archive-url", default="", help="default: as this machine's own apt has it"
    )
    setup.add_argument("--uploader", default="", help="user name of an uploader to register")
    setup.add_argument("--email", default="", help="the uploader's mail address")
    setup.add_argument("--key", type=Path, help="file with the uploader's armored public key")
    setup.add_argument("--no-chroots", action="store_true", help="do not make missing chroots")
    setup.add_argument("--dry-run", action="store_true", help="show what would be made")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 refused, 2 wrong settings or usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "run":
        os.execv(  # noqa: S606  # the daemon is above this room, so it is run, not imported
            sys.executable,
            [sys.executable, "-m", "mini_buildd.daemon.main", "--home", str(options.home)],
        )
    if options.command == "setup" and bool(options.uploader) != bool(options.key):
        parser.error("--uploader and --key go together")
    try:
        settings = load(options.home)
        return _dispatch(options, settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except Problem as problem:
        _explain(problem)
        return 1
    except (MalformedName, CommandFailed, OSError, DatabaseError, EOFError) as error:
        print(f"mini-buildd: {error}", file=sys.stderr)
        return 1


def _explain(problem: Problem) -> None:
    """The two lines by which a command line tells a problem."""
    print(
        f"mini-buildd: {problem.title} [{problem.code}]: expected {problem.expected}; "
        f"found {problem.found}\n  {problem.hint}",
        file=sys.stderr,
    )


def _dispatch(options: argparse.Namespace, settings: Settings) -> int:
    if os.geteuid() == 0:
        print(
            "mini-buildd: run this as the user that owns the instance, not as root", file=sys.stderr
        )
        return 1
    places = Places(settings.home)
    places.make()
    connect(django_settings(places.database))
    migrate()
    from mini_buildd.cli import commands, take  # noqa: PLC0415  # models need a configured Django

    if options.command == "setup":
        return commands.run_setup(options, places, settings.builder.backend)
    if options.command == "admin":
        return commands.make_admin(options.name, getpass.getpass)
    if options.command in take.COMMANDS:
        return take.run(options, settings, places)
    return commands.run_chroot(options, places)
