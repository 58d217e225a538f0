"""The arguments of ``mini-buildd chroot``."""

import argparse


def add_chroot(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their arguments."""
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="show each with its age and health")
    for name, text in (
        ("create", "make it anew, from another maker or with snippets if you like"),
        ("check", "see whether apt and a tiny build work in it"),
        ("schroot-script", "print the script by which root installs it for schroot"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("codename")
        action.add_argument("architecture")
        if name == "create":
            action.add_argument(
                "--maker", choices=("mmdebstrap", "debootstrap"), help="from now on"
            )
            action.add_argument(
                "--snippets", help='from now on, separated by blanks: --snippets "eatmydata"'
            )
    refresh = actions.add_parser("refresh", help="make anew what is due")
    refresh.add_argument("--all", action="store_true", help="also what is not due")
    actions.add_parser("snippets", help="show the library of snippets")
