"""What can be said to single commands, where Django is not configured yet."""

import argparse


def add_check(command: argparse.ArgumentParser) -> None:
    """``archive-check``; cli.check carries it out."""
    command.add_argument("repository", nargs="?", help="only this one (default: all)")
    command.add_argument(
        "--repair", action="store_true", help="mend what can be mended, and say what was"
    )
