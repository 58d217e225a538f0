"""What ``mini-buildd config``, ``backup`` and ``restore`` are asked for on the command line."""

import argparse
from pathlib import Path
from typing import Any


def add_config(config: argparse.ArgumentParser) -> None:
    """The actions of ``config``; see cli.config."""
    actions = config.add_subparsers(dest="action", required=True)
    text = "write the whole configuration, without secrets, as TOML"
    export = actions.add_parser("export", help=text, description=text)
    export.add_argument("file", type=Path, nargs="?", default=Path("-"), help="default: print it")
    text = "tell what an import would change, and what is here and not in the file"
    diff = actions.add_parser("diff", help=text, description=text)
    text = "bring about what a file says, all of it or nothing; what is not in it stays"
    importing = actions.add_parser("import", help=text, description=text)
    for each in (diff, importing):
        each.add_argument("file", type=Path, help="as written by export; -: standard input")
    importing.add_argument(
        "--prune", action="store_true", help="remove what is here and not in the file"
    )
    importing.add_argument("--dry-run", action="store_true", help="tell it, and change nothing")


def add_backup(commands: Any) -> None:
    """``backup`` and ``restore``; see cli.backup."""
    text = (
        "save the instance, also while it works: in a new folder below FOLDER, where only what is"
        " new takes room; or in one FILE.tar or FILE.tar.zst"
    )
    backup = commands.add_parser("backup", help="save the instance", description=text)
    backup.add_argument("target", type=Path, metavar="FOLDER|FILE")
    backup.add_argument(
        "--verify", action="store_true", help="compare the digest of each file of the pools, too"
    )
    text = "make an instance from a backup; its home must not be there yet, or be empty"
    restore = commands.add_parser("restore", help=text, description=text)
    restore.add_argument("source", type=Path, metavar="FOLDER|FILE", help="the newest one in it")
