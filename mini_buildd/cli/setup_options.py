"""What ``mini-buildd setup`` can be told."""

import argparse
from pathlib import Path


def add_setup(setup: argparse.ArgumentParser) -> None:
    """The options of *setup*."""
    setup.add_argument(
        "--check", action="store_true", help="say what is done, what is next; make nothing"
    )
    setup.add_argument(
        "--codename",
        action="append",
        default=[],
        help="may be repeated (default: the releases that are there, else this machine's)",
    )
    setup.add_argument(
        "--architecture",
        action="append",
        default=[],
        help="may be repeated; the first one builds what is for all (default: this machine's)",
    )
    setup.add_argument(
        "--cross",
        action="append",
        default=[],
        metavar="ARCHITECTURE",
        help="may be repeated; one that is cross-compiled on the first --architecture",
    )
    setup.add_argument(
        "--optional",
        action="append",
        default=[],
        metavar="ARCHITECTURE",
        help="may be repeated; one of these whose failures hold nobody up",
    )
    setup.add_argument("--repository", default="test")
    setup.add_argument(
        "--archive-url", default="", help="default: as this machine's own apt has it"
    )
    setup.add_argument("--uploader", default="", help="user name of an uploader to register")
    setup.add_argument("--email", default="", help="the uploader's mail address")
    setup.add_argument("--key", type=Path, help="file with the uploader's armored public key")
    setup.add_argument(
        "--keyring", action="store_true", help="build the archive's keyring package, for all suites"
    )
    setup.add_argument("--no-chroots", action="store_true", help="do not make missing chroots")
    setup.add_argument("--dry-run", action="store_true", help="show what would be made")
