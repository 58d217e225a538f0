"""What the commands that take things into the archive are asked for on the command line."""

import argparse
from pathlib import Path


def add_take(take: argparse.ArgumentParser) -> None:
    """Packages that were built elsewhere; cli.take.run_take."""
    take.add_argument("distribution", help="<codename>-<repository>-<suite>")
    take.add_argument(
        "file", nargs="+", type=Path, help=".deb, .udeb, or .dsc, whose further files lie beside it"
    )
    take.add_argument("--origin", default="", help="where they are from, for the pages")
    take.add_argument(
        "--link",
        action="store_true",
        help="do not copy the files; nobody may ever write into them again",
    )
    _add_decision(take)


def add_import(import_: argparse.ArgumentParser) -> None:
    """An archive of another program; cli.take.run_import."""
    import_.add_argument("folder", type=Path, help="where its dists/ and pool/ are")
    import_.add_argument(
        "suite", nargs="+", metavar="THEIRS=OURS", help="a suite of theirs, and a distribution"
    )
    trust = import_.add_mutually_exclusive_group(required=True)
    trust.add_argument("--keyring", type=Path, help="file with the keys that may have signed it")
    trust.add_argument(
        "--no-signature", action="store_true", help="nobody vouches for it; only hashes are checked"
    )
    import_.add_argument(
        "--copy", action="store_true", help="copy the files; otherwise both archives share them"
    )
    _add_decision(import_)


def add_copy(copy: argparse.ArgumentParser) -> None:
    """From suite to suite; cli.take.run_copy."""
    copy.add_argument("origin", metavar="FROM", help="<codename>-<repository>-<suite>")
    copy.add_argument("target", metavar="TO", help="a distribution of the same base release")
    copy.add_argument("package", nargs="+", help="a source package, PACKAGE or PACKAGE=VERSION")
    copy.add_argument("--force", action="store_true", help="even if packages become uninstallable")
    _add_decision(copy)


def _add_decision(command: argparse.ArgumentParser) -> None:
    command.add_argument("--reason", default="", help="for the suite's history")
    command.add_argument(
        "--dry-run", action="store_true", help="show what would change, and change nothing"
    )
