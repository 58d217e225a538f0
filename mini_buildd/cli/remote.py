"""``mini-buildd-api``: an instance from elsewhere, by its JSON API."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus

from mini_buildd.cli.plain import plain
from mini_buildd.cli.remote_changes import change as change_suite
from mini_buildd.cli.remote_changes import freeze, rebuild, snapshot, thaw
from mini_buildd.cli.remote_complete import offers, script
from mini_buildd.cli.remote_desk import Desk, NotThere, NotWanted
from mini_buildd.cli.remote_keys import key, ssh_key
from mini_buildd.cli.remote_login import login, logout, profile
from mini_buildd.cli.remote_office import account, audit, builder, chroot, right
from mini_buildd.cli.remote_options import make_parser
from mini_buildd.cli.remote_setting_up import dput_conf, open_page, sources_list
from mini_buildd.cli.remote_show import builds, change, log, queue, status, uploads, whoami
from mini_buildd.cli.remote_suites import diff, ls, search, show, versions
from mini_buildd.cli.remote_token import token
from mini_buildd.cli.remote_upload import upload
from mini_buildd.cli.remote_wait import events, wait
from mini_buildd.client.changes import ChangesUnusable
from mini_buildd.client.connection import Refused
from mini_buildd.client.server import (
    ProfileUnusable,
    Server,
    find_server,
    is_readable_by_others,
    profile_path,
)
from mini_buildd.client.tls import Unreachable
from mini_buildd.client.watch import TooLong
from mini_buildd.wire.api.problem import ProblemDetails

_REFUSED, _UNREACHABLE, _TOO_LONG, _NOT_THERE, _INTERRUPTED = 1, 3, 4, 5, 130


def _completion(options: argparse.Namespace) -> int:
    print(script(options.shell), end="")
    return 0


_ENDS: Mapping[type[BaseException], int] = {
    NotThere: _NOT_THERE,
    NotWanted: _REFUSED,
    ChangesUnusable: _REFUSED,
    OSError: _REFUSED,
    ProfileUnusable: _UNREACHABLE,
    Unreachable: _UNREACHABLE,
    TooLong: _TOO_LONG,
    KeyboardInterrupt: _INTERRUPTED,
}
_CAUSES: tuple[type[BaseException], ...] = (Refused, *_ENDS)
# Those that need no instance, or find theirs by themselves.
_ALONE: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "completion": _completion,
    "login": login,
    "logout": logout,
    "profile": profile,
}
_COMMANDS: Mapping[str, Callable[[Desk], int]] = {
    "account": account,
    "audit": audit,
    "builder": builder,
    "builds": builds,
    "cancel": change,
    "chroot": chroot,
    "copy": change_suite,
    "diff": diff,
    "dput-conf": dput_conf,
    "events": events,
    "freeze": freeze,
    "key": key,
    "log": log,
    "ls": ls,
    "migrate": change_suite,
    "open": open_page,
    "queue": queue,
    "rebuild": rebuild,
    "remove": change_suite,
    "retry": change,
    "right": right,
    "rollback": change_suite,
    "search": search,
    "show": show,
    "snapshot": snapshot,
    "sources-list": sources_list,
    "ssh-key": ssh_key,
    "status": status,
    "thaw": thaw,
    "token": token,
    "upload": upload,
    "uploads": uploads,
    "versions": versions,
    "wait": wait,
    "whoami": whoami,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status, see remote_parser.EXITS."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:2] == ["complete", "--"]:  # a shell asks
        print("\n".join(offers(make_parser(), words[2:])))
        return 0
    options = make_parser().parse_args(words)
    try:
        status = _run(options)
        sys.stdout.flush()
    except _CAUSES as error:
        return _ended(options, error)
    return status


def _ended(options: argparse.Namespace, error: BaseException) -> int:
    """Tell why it has come to nothing; returns the exit status."""
    if isinstance(error, Refused):
        return _refused(options, error)
    if isinstance(error, BrokenPipeError):  # who read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    elif not isinstance(error, KeyboardInterrupt):
        _say(str(error) or "nothing was done")
    return next(status for kind, status in _ENDS.items() if isinstance(error, kind))


def _run(options: argparse.Namespace) -> int:
    if options.command in _ALONE:
        return _ALONE[options.command](options)
    server = find_server(profile_path(), name=options.profile, url=options.url.rstrip("/"))
    _warn(server)
    return _COMMANDS[options.command](Desk.of(options, server))


def _warn(server: Server) -> None:
    path = profile_path()
    if server.token and is_readable_by_others(path):
        _say(f"{path} can be read by others; chmod 600 it")
    if server.is_exposed:
        _say(f"your token goes to {server.url} as plain text; use https")


def _refused(options: argparse.Namespace, refused: Refused) -> int:
    """Tell it, to programs as the API does; returns the exit status."""
    if options.json:
        print(json.dumps(asdict(refused.details)))
    explain(refused.details)
    if refused.is_about_signing_in:
        return _UNREACHABLE
    return _NOT_THERE if refused.is_about_absence else _REFUSED


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
