"""``mini-buildd build``: look at builds, end them, try them again, repeat them elsewhere.

What is decided stands in the rows; the daemon, if it runs, sees to it within a few seconds.
"""

import argparse
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import transaction

from mini_buildd.cli.owner import owner
from mini_buildd.cli.screen import Cell, Screen, heading, moment
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db.audit import note
from mini_buildd.db.queries.builds import (
    AttemptRow,
    Build,
    BuildRow,
    find_attempt,
    find_build,
    list_builds,
)
from mini_buildd.domain.problem import BuildUnknown, NothingToDo, Problem
from mini_buildd.domain.states import JobState, Outcome
from mini_buildd.flow.beside import beside_daemon
from mini_buildd.flow.cancel import cancel
from mini_buildd.flow.debug import debug_task
from mini_buildd.flow.repeat import repeat
from mini_buildd.flow.retry import retry
from mini_buildd.kit.clock import utc_now
from mini_buildd.tools.log_file import open_log
from mini_buildd.wire.task import encode

_GREEN, _RED, _YELLOW, _BLUE, _FAINT = "32", "31", "33", "34", "2"
_LOOK_SECONDS = 0.5

_STATES: Mapping[str, Cell] = {
    JobState.WAITING: Cell("○ waiting", _YELLOW),
    JobState.DEP_WAIT: Cell("◇ dep-wait", _YELLOW),
    JobState.ASSIGNED: Cell("◐ starting", _BLUE),
    JobState.RUNNING: Cell("◐ building", _BLUE),
    JobState.SUCCEEDED: Cell("● built", _GREEN),
    JobState.FAILED: Cell("✕ failed", _RED),
    JobState.LOST: Cell("◈ lost", _YELLOW),
    JobState.CANCELLED: Cell("– cancelled", _FAINT),
}
_ENDING = Cell("◐ being cancelled", _YELLOW)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every action needs."""

    options: argparse.Namespace
    settings: Settings
    places: Places
    screen: Screen


def run_build(options: argparse.Namespace, settings: Settings, places: Places) -> int:
    """Do what is asked for; returns the exit status."""
    return _ACTIONS[options.action](_Desk(options, settings, places, Screen.of(sys.stdout)))


# --- looking ------------------------------------------------------------------------


def _list(desk: _Desk) -> int:
    options = desk.options
    state = JobState(options.state) if options.state else None
    found = list_builds(state=state, source=options.source, count=max(options.last, 1)).rows
    if not found:
        desk.screen.line("no such builds")
        return 0
    head = heading("", "nr", "source", "version", "on", "for", "took", "why")
    desk.screen.table([head, *([*_row(row)] for row in found)])
    return 0


def _row(row: BuildRow) -> list[Cell | str]:
    return [
        _state(row),
        str(row.id),
        row.source,
        row.version,
        row.architecture,
        row.distribution,
        _duration(row.attempt),
        row.reason,
    ]


def _state(row: BuildRow) -> Cell:
    is_ending = row.attempt is not None and row.attempt.is_being_cancelled
    return _ENDING if is_ending else _STATES[row.state]


def _duration(attempt: AttemptRow | None) -> str:
    if attempt is None or attempt.seconds is None:
        return ""
    minutes, seconds = divmod(round(attempt.seconds), 60)
    return f"{minutes}:{seconds:02}"


def _show(desk: _Desk) -> int:
    build = _found(desk.options.number)
    row, screen = build.row, desk.screen
    screen.line(_state(row), f"{row.source} {row.version} on {row.architecture}", row.distribution)
    if row.reason:
        screen.line(row.reason, indent=2)
    by = f" by {row.uploader}" if row.uploader else ""
    screen.line(f"upload {row.upload_id}{by}, since {moment(row.created_at)} UTC", indent=2)
    for file in build.artifacts:
        screen.line(f"made {file.name}", indent=2)
    screen.table([_attempt(each) for each in build.attempts], indent=2)
    return 0


def _attempt(attempt: AttemptRow) -> list[Cell | str]:
    state = JobState(attempt.outcome.value) if attempt.outcome else None
    if state is None:
        state = JobState.ASSIGNED if attempt.started_at is None else JobState.RUNNING
    mark = _ENDING if attempt.is_being_cancelled else _STATES[state]
    if attempt.outcome is Outcome.FAILED and attempt.stage:
        mark = Cell(f"✕ failed in {attempt.stage}", _RED)
    return [
        mark,
        f"attempt {attempt.number} on {attempt.builder}",
        moment(attempt.started_at or attempt.assigned_at),
        _duration(attempt),
        attempt.reason,
    ]


def _found(number: int) -> Build:
    build = find_build(number)
    if build is None:
        raise _unknown(f"build {number}")
    return build


def _chosen(desk: _Desk) -> AttemptRow:
    """The attempt that is meant; raises BuildUnknown."""
    number: int = desk.options.number
    attempt = find_attempt(number, desk.options.attempt)
    if attempt is None:
        raise _unknown(f"an attempt {desk.options.attempt or ''} of build {number}")
    return attempt


def _unknown(what: str) -> BuildUnknown:
    return BuildUnknown(
        expected=" ".join(what.split()), found="none", hint="mini-buildd build list shows them."
    )


def _log(desk: _Desk) -> int:
    attempt = _chosen(desk)
    path = desk.places.builds / attempt.token / "log"
    offset = _print_from(desk, attempt, 0)
    while desk.options.follow and attempt.outcome is None:
        time.sleep(_LOOK_SECONDS)
        # Asked before the log is read: once it has ended, nothing comes after what is read then.
        attempt = find_attempt(desk.options.number, attempt.number) or attempt
        offset = _print_from(desk, attempt, offset)
    if offset == 0 and attempt.outcome is not None:
        raise NothingToDo(
            expected=f"the log {path}", found="none", hint="It was removed, or never begun."
        )
    return 0


def _print_from(desk: _Desk, attempt: AttemptRow, offset: int) -> int:
    """Print the log from *offset* on; gives where it ends now."""
    sys.stdout.flush()
    try:
        with open_log(desk.places.builds / attempt.token / "log") as stream:
            stream.seek(offset)
            shutil.copyfileobj(stream, sys.stdout.buffer)
            sys.stdout.flush()
            return stream.tell()
    except FileNotFoundError:  # not begun yet
        return offset


def _repeat(desk: _Desk) -> int:
    attempt = _chosen(desk)
    lines = repeat(desk.places, desk.settings.url, attempt.token)
    if not lines:
        raise _unknown(f"what its builder was told in attempt {attempt.number}")
    desk.screen.text(lines)
    return 0


def _debug(desk: _Desk) -> int:
    """Become the build: the builder is another room, so it is run, not imported."""
    attempt = find_attempt(desk.options.number, None)
    if attempt is None:
        raise _unknown(f"an attempt of build {desk.options.number}")
    name = f"debug-{secrets.token_hex(12)}"
    task = debug_task(desk.places, attempt.token, name)
    if task is None:
        raise _unknown(f"what its builder was told in attempt {attempt.number}")
    with transaction.atomic():
        what = f"{task.source} {task.version} {task.architecture}"
        note(owner(), "looks into", at=utc_now(), kind="build", name=what)
    folder = desk.places.builds / name
    (folder / "results").mkdir(parents=True)
    (folder / "task.json").write_bytes(encode(task))
    desk.screen.line(
        f"building {task.source} {task.version} on {task.architecture} as in attempt "
        f"{attempt.number}, then a shell; leave it with exit, and all of it is removed"
    )
    sys.stdout.flush()
    os.execv(  # noqa: S606  # see above
        sys.executable, [sys.executable, "-m", "mini_buildd.buildd.debug", str(folder)]
    )


# --- changing -----------------------------------------------------------------------


def _cancel(desk: _Desk) -> int:
    return _each(desk, cancel, lambda row: "cancelled" if row.state not in _UNDER_WAY else "ends")


def _retry(desk: _Desk) -> int:
    return _each(desk, retry, lambda _: "waits to be tried again")


_UNDER_WAY = (JobState.ASSIGNED, JobState.RUNNING)


def _each(desk: _Desk, verb: Callable[..., object], done: Callable[[BuildRow], str]) -> int:
    """Apply *verb* to every build that is named; one that cannot be done keeps no other."""
    refused: list[Problem] = []
    with beside_daemon(desk.settings, desk.places) as site:
        for number in dict.fromkeys(desk.options.number):
            try:
                verb(site, owner(), number, desk.options.reason)
            except Problem as problem:
                refused.append(problem)
            else:
                row = _found(number).row
                desk.screen.line(
                    _state(row), f"{row.source} {row.version} on {row.architecture} {done(row)}"
                )
    if refused:
        for each in refused[:-1]:
            print(f"mini-buildd: {each}", file=sys.stderr)
        raise refused[-1]
    return 0


_ACTIONS: Mapping[str, Callable[[_Desk], int]] = {
    "list": _list,
    "show": _show,
    "log": _log,
    "repeat": _repeat,
    "debug": _debug,
    "cancel": _cancel,
    "retry": _retry,
}
