"""What ``mini-buildd binnmu`` is asked for on the command line."""

import argparse


def add_binnmu(parser: argparse.ArgumentParser) -> None:
    """Its arguments and options."""
    parser.add_argument("distribution", help="<codename>-<repository>-<suite>")
    parser.add_argument(
        "package", nargs="+", help="a source package that it has, PACKAGE or PACKAGE=VERSION"
    )
    parser.add_argument(
        "--architecture",
        action="append",
        default=[],
        help="may be repeated (default: all that each was built on)",
    )
    parser.add_argument("--reason", required=True, help="for the changelog of the packages")
