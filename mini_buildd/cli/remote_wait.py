"""Waiting for what becomes of builds, uploads and packages, and watching what happens."""

import sys
import time
from collections import deque
from collections.abc import Iterable

from mini_buildd.cli.remote_desk import Desk, NotThere
from mini_buildd.cli.remote_show import GREEN, RED, build_cell, upload_cell
from mini_buildd.cli.screen import Cell, Row, heading
from mini_buildd.client.watch import Watch
from mini_buildd.domain.states import JobState, SourceState, UploadState
from mini_buildd.wire.api.builds import BuildDetail
from mini_buildd.wire.api.events import Event, EventPage
from mini_buildd.wire.api.uploads import UploadDetail

_GOOD, _REJECTED, _FAILED = 0, 1, 2
_WAIT_SECONDS = 25
_LEAST_SECONDS = 1.0
_PAGE_ROWS = 200


def wait(desk: Desk) -> int:
    """Until all that is named has ended; the exit status is that of the worst end."""
    options = desk.options
    watch = Watch(desk.api, options.timeout * 60 if options.timeout is not None else None)
    if options.suite:
        return _wait_for_packages(desk, watch)
    if options.upload:
        numbers = [_number(word) for word in options.what]
        return max(_upload_status(desk, watch.end(number, _tell_nothing)) for number in numbers)
    builds = [desk.build(word) for word in options.what]
    return max(_build_status(desk, watch.build(number)) for number in builds)


def _tell_nothing(found: UploadDetail) -> None:
    """Only the end counts."""
    del found


def _number(word: str) -> int:
    if not (word.isascii() and word.isdecimal()):
        raise NotThere(f"“{word}” is not the number of an upload")
    return int(word)


def _upload_status(desk: Desk, found: UploadDetail) -> int:
    row = found.upload
    if desk.wants_json:
        desk.tell(found)
    elif not desk.is_quiet:
        desk.screen.line(
            upload_cell(row), f"{row.source or row.changes_name} {row.version}".strip()
        )
    if row.state is UploadState.REJECTED:
        return _REJECTED
    return _GOOD if row.source_state is SourceState.PUBLISHED else _FAILED


def _build_status(desk: Desk, found: BuildDetail) -> int:
    row = found.build
    if desk.wants_json:
        desk.tell(found)
    elif not desk.is_quiet:
        desk.screen.line(
            build_cell(row), f"{row.source} {row.version} on {row.architecture}", row.reason
        )
    return _GOOD if row.state is JobState.SUCCEEDED else _FAILED


def _wait_for_packages(desk: Desk, watch: Watch) -> int:
    """Until apt finds all of them; a build that fails meanwhile may be tried again, so it waits."""
    name = desk.suite(desk.options.suite)
    for word in desk.options.what:
        package, _, version = word.partition("=")
        found = watch.package(name, package, version)
        if desk.wants_json:
            desk.tell(found)
        elif not desk.is_quiet:
            desk.screen.line(Cell("● published", GREEN), f"{package} {found.version} in {name}")
    return _GOOD


# --- events -----------------------------------------------------------------------


def events(desk: Desk) -> int:
    """What happened; with --follow what happens, one line each, without end."""
    options = desk.options
    newest = desk.api.status().last_event
    if options.follow:
        return _follow(desk, newest if options.after is None else options.after)
    found = _newest(desk, options.after or 0, newest)
    rows: list[Row] = [heading("nr", "when (UTC)", "what", "of", "more")]
    rows += [_row(each) for each in found.items]
    return desk.listing(found, rows, (each.id for each in found.items), "nothing has happened")


def _newest(desk: Desk, after: int, newest: int) -> EventPage:
    """The last ones after that number, looked for further and further back: few may fit."""
    span = desk.options.last
    while True:
        begin = max(after, newest - span)
        found = _last_after(desk, begin)
        if begin == after or len(found.items) == desk.options.last:
            return found
        span *= 10


def _last_after(desk: Desk, after: int) -> EventPage:
    kept: deque[Event] = deque(maxlen=desk.options.last)
    while True:
        page = desk.api.events(after, kind=desk.options.kind, limit=_PAGE_ROWS)
        kept.extend(page.items)
        if len(page.items) < _PAGE_ROWS:
            return EventPage(tuple(kept), page.last, page.next)
        after = page.last


def _follow(desk: Desk, last: int) -> int:
    while True:
        begin = time.monotonic()
        page = desk.api.events(last, _WAIT_SECONDS, kind=desk.options.kind, limit=_PAGE_ROWS)
        _tell_events(desk, page.items)
        last = page.last
        if not page.items:  # an instance without room for more who wait is not to be hurried
            time.sleep(max(0.0, _LEAST_SECONDS - (time.monotonic() - begin)))


def _tell_events(desk: Desk, items: Iterable[Event]) -> None:
    for each in items:
        if desk.wants_json:
            desk.tell(each)
        else:
            desk.screen.line(*_row(each))
    sys.stdout.flush()


def _row(each: Event) -> Row:
    about = " ".join(word for word in (each.package, each.architecture, each.distribution) if word)
    colour = {"failed": RED, "rejected": RED, "succeeded": GREEN, "published": GREEN}
    return [
        str(each.id),
        f"{each.at:%Y-%m-%d %H:%M:%S}",
        Cell(each.kind.value, colour.get(each.kind.value.rpartition(".")[2], "")),
        about or each.repository,
        each.detail,
    ]
