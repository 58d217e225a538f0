"""``mini-buildd-api``: an instance from elsewhere, by its JSON API."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from mini_buildd.cli.plain import plain
from mini_buildd.cli.remote_desk import Desk
from mini_buildd.cli.remote_options import make_parser
from mini_buildd.cli.remote_show import (
    builds,
    change,
    dput_conf,
    log,
    queue,
    status,
    uploads,
    whoami,
)
from mini_buildd.cli.remote_token import token
from mini_buildd.cli.remote_upload import upload
from mini_buildd.client.changes import ChangesUnusable
from mini_buildd.client.connection import Refused, Unreachable
from mini_buildd.client.server import (
    ProfileUnusable,
    find_server,
    is_readable_by_others,
    profile_path,
)
from mini_buildd.client.watch import TooLong
from mini_buildd.wire.api.problem import ProblemDetails

_REFUSED, _UNREACHABLE, _TOO_LONG, _INTERRUPTED = 1, 3, 4, 130

_COMMANDS: Mapping[str, Callable[[Desk], int]] = {
    "builds": builds,
    "cancel": change,
    "dput-conf": dput_conf,
    "log": log,
    "queue": queue,
    "retry": change,
    "status": status,
    "token": token,
    "upload": upload,
    "uploads": uploads,
    "whoami": whoami,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status, see remote_options.EXITS."""
    options = make_parser().parse_args(arguments)
    try:
        path = profile_path()
        server = find_server(path, name=options.to, url=options.url.rstrip("/"))
        if server.token and is_readable_by_others(path):
            _say(f"{path} can be read by others; chmod 600 it")
        if server.is_exposed:
            _say(f"your token goes to {server.url} as plain text; use https")
        status = _COMMANDS[options.command](Desk.of(options, server))
        sys.stdout.flush()
    except Refused as refused:
        explain(refused.details)
        return _UNREACHABLE if refused.is_about_signing_in else _REFUSED
    except (ChangesUnusable, OSError) as error:
        if isinstance(error, BrokenPipeError):  # who read has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            _say(str(error))
        return _REFUSED
    except (ProfileUnusable, Unreachable) as error:
        _say(str(error))
        return _UNREACHABLE
    except TooLong as error:
        _say(str(error))
        return _TOO_LONG
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def explain(details: ProblemDetails) -> None:
    """The lines by which a command line tells a problem."""
    said = f"{details.title} [{details.code}]"
    if details.expected or details.found:
        said += f": expected {details.expected}; found {details.found}"
    elif (
        details.status not in set(HTTPStatus) or details.title != HTTPStatus(details.status).phrase
    ):
        said += f": {details.detail}"
    _say(said)
    if details.hint:
        print(plain(f"  {details.hint}"), file=sys.stderr)


def _say(text: str) -> None:
    print(plain(f"mini-buildd-api: {text}"), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
