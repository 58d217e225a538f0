"""``mini-buildd``: run, set up, and look after the chroots of one instance."""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.db import DatabaseError

from mini_buildd.cli.archive_options import add_archive
from mini_buildd.cli.binnmu_options import add_binnmu
from mini_buildd.cli.build_options import add_build, add_builder
from mini_buildd.cli.chroot_options import add_chroot
from mini_buildd.cli.keeping_options import add_backup, add_config
from mini_buildd.cli.launch import run_daemon
from mini_buildd.cli.owner import owner
from mini_buildd.cli.plain import plain
from mini_buildd.cli.screen import Screen
from mini_buildd.cli.setup_options import add_setup
from mini_buildd.cli.token_options import add_token
from mini_buildd.cli.user_options import add_user
from mini_buildd.config.load import SettingsError, load
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db.connect import connect, django_settings, migrate
from mini_buildd.deb.names import MalformedName
from mini_buildd.domain.problem import Problem
from mini_buildd.flow.restore import restore
from mini_buildd.keys.gpg import GnupgFailed
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
    doctor = commands.add_parser("doctor", help="say what this machine lacks for building")
    doctor.add_argument(
        "--machine", action="store_true", help="look at the machine alone, as before any setup"
    )
    doctor.add_argument("--json", action="store_true", help="for programs")
    add_setup(commands.add_parser("setup", help="make a working configuration; repeat at will"))
    add_chroot(commands.add_parser("chroot", help="look after what builds start from"))
    _add_key(commands.add_parser("key", help="look after the keys that sign the archive"))
    add_archive(commands.add_parser("archive", help="look at what is published, and change it"))
    text = "build the binary packages of a published source again, as version ...+bN"
    add_binnmu(commands.add_parser("binnmu", help=text, description=text))
    add_build(commands.add_parser("build", help="look at builds, end them, try them again"))
    add_builder(commands.add_parser("builder", help="say which builders are given jobs"))
    add_token(commands.add_parser("token", help="make, list and revoke API tokens of an account"))
    add_user(commands.add_parser("user", help="accounts, their keys and their rights"))
    text = "the whole configuration as a file: write it, compare with one, bring one about"
    add_config(commands.add_parser("config", help=text, description=text))
    add_backup(commands)
    admin = commands.add_parser("admin", help="make an administrator for the web pages")
    admin.add_argument("name")
    return parser


def _add_key(key: argparse.ArgumentParser) -> None:
    actions = key.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="show which keys sign, and until when")
    actions.add_parser("rotate", help="make a new key, which signs beside the old ones")
    retire = actions.add_parser("retire", help="let an old key sign no more")
    retire.add_argument("fingerprint")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 refused, 2 wrong settings or usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "run":
        run_daemon(str(options.home))
    if options.command == "setup" and bool(options.uploader) != bool(options.key):
        parser.error("--uploader and --key go together")
    try:
        if options.command == "restore":
            _restore(options)
        settings = load(options.home)
        act = _doctor if options.command == "doctor" else _dispatch
        status = act(options, settings)
        sys.stdout.flush()
    except BrokenPipeError:  # who read has seen enough; Python would complain at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except Problem as problem:
        _explain(problem)
        return 1
    except (
        MalformedName,
        CommandFailed,
        GnupgFailed,
        OSError,
        DatabaseError,
        EOFError,
    ) as error:
        print(f"mini-buildd: {error}", file=sys.stderr)
        return 1
    return status


def _explain(problem: Problem) -> None:
    """The two lines by which a command line tells a problem."""
    told = (
        f"mini-buildd: {problem.title} [{problem.code}]: expected {problem.expected}; "
        f"found {problem.found}\n  {problem.hint}"
    )
    print(plain(told), file=sys.stderr)


def _restore(options: argparse.Namespace) -> None:
    """Before anything is made in its home."""
    if os.geteuid() == 0:
        return  # whoever goes on is told
    note = restore(options.source, options.home)
    print(f"restored {note['identity']} as it was at {note['made_at']}")


def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    """Nothing is made for it: the tables are read where there are some, and left as they are."""
    connect(django_settings(Places(settings.home).database))
    from mini_buildd.cli.doctor import run_doctor  # noqa: PLC0415  # the same

    return run_doctor(options, settings)


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
    from mini_buildd.cli import (  # noqa: PLC0415  # models need a configured Django
        admin,
        archive,
        backup,
        binnmu,
        build,
        builder,
        chroots,
        config,
        keys,
        setup,
        tokens,
        user,
    )

    run: Mapping[str, Callable[[], int]] = {
        "admin": lambda: admin.make_admin(places, settings.url, options.name, getpass.getpass),
        "archive": lambda: archive.run_archive(options, settings, places),
        "backup": lambda: backup.run_backup(options, settings, places),
        "restore": lambda: backup.check_restored(settings, places),
        "binnmu": lambda: binnmu.run_binnmu(options, settings, places, owner()),
        "build": lambda: build.run_build(options, settings, places),
        "builder": lambda: builder.run_builder(options, settings, places),
        "chroot": lambda: chroots.run_chroot(options, places),
        "config": lambda: config.run_config(options, places),
        "key": lambda: keys.run_key(options, places, settings.identity),
        "token": lambda: tokens.run_token(options, settings, places, Screen.of(sys.stdout)),
        "user": lambda: user.run_user(options, settings, places),
        "setup": lambda: setup.run_setup(options, settings, places),
    }
    return run[options.command]()
