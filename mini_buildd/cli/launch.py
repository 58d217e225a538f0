"""The entry of ``mini-buildd``: whoever runs the daemon need not wait for all other commands.

They take longer to import than it takes to say what is wanted, and nothing of them is used.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

# Threads would each have a heap of their own, and keep what is free there (mallopt(3)).
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}
_RUN = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, as mini_buildd.cli.main.main() does."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if len(given) == _RUN and given[0] == "--home" and given[2] == "run":
        run_daemon(given[1])
    from mini_buildd.cli.main import main as any_command  # noqa: PLC0415  # see above

    return any_command(given)


def run_daemon(home: str) -> NoReturn:
    """Become the daemon of the instance in *home*.

    It is above this room, so it is run, not imported.
    """
    command = [sys.executable, "-m", "mini_buildd.daemon.main", "--home", home]
    os.execve(sys.executable, command, {**_ENVIRONMENT, **os.environ})  # noqa: S606  # as it says
