"""Looking at an instance from elsewhere, and changing builds there."""

import sys
import time
from collections.abc import Mapping
from datetime import datetime

from mini_buildd.cli.bar import size_text
from mini_buildd.cli.remote_desk import Desk, NotThere
from mini_buildd.cli.screen import Cell, Row, heading, moment
from mini_buildd.domain.states import JobState, SourceState, UploadState
from mini_buildd.wire.api.builds import Build, QueuePage
from mini_buildd.wire.api.uploads import Upload

GREEN, RED, YELLOW, BLUE, FAINT = "32", "31", "33", "34", "2"
_LOOK_SECONDS = 0.5

_BUILDS: Mapping[str, Cell] = {
    JobState.WAITING: Cell("○ waiting", YELLOW),
    JobState.DEP_WAIT: Cell("◇ dep-wait", YELLOW),
    JobState.ASSIGNED: Cell("◐ starting", BLUE),
    JobState.RUNNING: Cell("◐ building", BLUE),
    JobState.SUCCEEDED: Cell("● built", GREEN),
    JobState.FAILED: Cell("✕ failed", RED),
    JobState.LOST: Cell("◈ lost", YELLOW),
    JobState.CANCELLED: Cell("– cancelled", FAINT),
}
_SOURCES: Mapping[str, Cell] = {
    SourceState.ACCEPTED: Cell("○ accepted", YELLOW),
    SourceState.BUILDING: Cell("◐ building", BLUE),
    SourceState.READY: Cell("◐ to be published", BLUE),
    SourceState.PUBLISHED: Cell("● published", GREEN),
    SourceState.FAILED: Cell("✕ failed", RED),
    SourceState.SUPERSEDED: Cell("– superseded", FAINT),
}


def build_cell(build: Build) -> Cell:
    """The state of a build."""
    if build.attempt is not None and build.attempt.is_being_cancelled:
        return Cell("◐ being cancelled", YELLOW)
    return _BUILDS[build.state]


def upload_cell(upload: Upload) -> Cell:
    """The state of an upload."""
    if upload.state is UploadState.REJECTED:
        return Cell("✕ rejected", RED)
    if upload.source_state is None:
        return Cell("○ being checked", YELLOW)
    return _SOURCES[upload.source_state]


def took(build: Build, at: datetime | None = None) -> str:
    """How long the latest attempt took, or has taken until then; empty when it has not begun."""
    attempt = build.attempt
    if attempt is None or attempt.started_at is None:
        return ""
    seconds = attempt.seconds
    if seconds is None:
        if at is None:
            return ""
        seconds = max(0.0, (at - attempt.started_at).total_seconds())
    return _duration(seconds)


def status(desk: Desk) -> int:
    """What goes on."""
    found = desk.api.status()
    if desk.wants_json:
        desk.tell(found)
        return 0
    screen = desk.screen
    screen.line(f"{found.identity}: {found.running} running, {found.waiting} waiting")
    for each in found.troubles:
        screen.line(Cell("✕ not published", RED), each)
    return 0


def whoami(desk: Desk) -> int:
    """Who we are there."""
    found = desk.api.me()
    if desk.wants_json:
        desk.tell(found)
        return 0
    screen = desk.screen
    if not found.name:
        screen.line("a visitor, who has not signed in")
        return 0
    scopes = f", with a token for {', '.join(found.scopes)}" if found.scopes is not None else ""
    screen.line(f"{found.name}{' (administrator)' if found.is_administrator else ''}{scopes}")
    screen.table([[role.role, f"of {role.repository}"] for role in found.roles], indent=2)
    return 0


def uploads(desk: Desk) -> int:
    """The list of uploads."""
    options = desk.options
    page = desk.api.uploads(
        state=options.state,
        source=options.source,
        distribution=options.distribution,
        limit=options.last,
    )
    rows: list[Row] = [heading("", "nr", "source", "version", "for", "by", "came", "why")]
    rows += map(_upload_row, page.items)
    return desk.listing(page, rows, (each.id for each in page.items), "no such uploads")


def _upload_row(upload: Upload) -> Row:
    return [
        upload_cell(upload),
        str(upload.id),
        upload.source or upload.changes_name,
        upload.version,
        upload.distribution,
        upload.uploader,
        moment(upload.received_at),
        upload.problem_title,
    ]


def builds(desk: Desk) -> int:
    """The list of builds."""
    options = desk.options
    page = desk.api.builds(
        state=options.state,
        source=options.source,
        distribution=options.distribution,
        architecture=options.architecture,
        limit=options.last,
    )
    rows: list[Row] = [heading("", "nr", "source", "version", "on", "for", "took", "why")]
    rows += map(_build_row, page.items)
    return desk.listing(page, rows, (each.id for each in page.items), "no such builds")


def _build_row(build: Build) -> Row:
    return [
        build_cell(build),
        str(build.id),
        build.source,
        build.version,
        build.architecture,
        build.distribution,
        took(build),
        build.reason,
    ]


def queue(desk: Desk) -> int:
    """What waits."""
    pages = list(desk.api.queue())
    items = tuple(item for page in pages for item in page.items)
    rows: list[Row] = [heading("", "nr", "source", "version", "on", "for", "why")]
    rows += [
        [
            str(each.place),
            str(each.build.id),
            each.build.source,
            each.build.version,
            each.build.architecture,
            each.build.distribution,
            each.why,
        ]
        for each in items
    ]
    told = QueuePage(items, len(items), None)
    return desk.listing(told, rows, (each.build.id for each in items), "nothing waits")


def log(desk: Desk) -> int:
    """The bytes of a log, as they are."""
    number, attempt, offset = desk.build(desk.options.build), desk.options.attempt, 0
    while True:
        part = desk.api.log(number, offset, attempt)
        sys.stdout.buffer.write(part.data)
        sys.stdout.buffer.flush()
        is_at_its_end = part.has_ended or (not part.data and not desk.options.follow)
        if is_at_its_end:
            return 0
        if not part.data:
            time.sleep(_LOOK_SECONDS)
        offset = part.next_offset


def change(desk: Desk) -> int:
    """Cancel or retry what is named; what is refused ends it."""
    options = desk.options
    numbers = dict.fromkeys(
        _upload_number(word) if options.upload else desk.build(word) for word in options.build
    )
    if options.command == "cancel":
        what = "the builds of uploads" if options.upload else "builds"
        desk.confirm(f"Cancel {what} {', '.join(map(str, numbers))}?")
    for number in numbers:
        if options.upload:
            upload = desk.api.change_upload(number, options.command, options.reason)
            shown: Row = [upload_cell(upload), f"{upload.source} {upload.version}"]
            told: object = upload
        else:
            build = desk.api.change_build(number, options.command, options.reason)
            shown = [build_cell(build), f"{build.source} {build.version} on {build.architecture}"]
            told = build
        if desk.wants_json:
            desk.tell(told)
        elif not desk.is_quiet:
            desk.screen.line(*shown)
    return 0


def _upload_number(word: str) -> int:
    if word.isascii() and word.isdecimal():
        return int(word)
    raise NotThere(f"“{word}” is not the number of an upload")


# --- one of them ------------------------------------------------------------------


def show_build(desk: Desk, number: int) -> int:
    """A build: its attempts, and what it made."""
    found = desk.api.build(number)
    if desk.wants_json:
        desk.tell(found)
        return 0
    row, screen = found.build, desk.screen
    screen.line(
        build_cell(row), f"{row.source} {row.version} on {row.architecture} for {row.distribution}"
    )
    if row.reason:
        screen.line(row.reason, indent=2)
    rows: list[Row] = [heading("attempt", "builder", "began (UTC)", "took", "ended", "why")]
    for each in found.attempts:
        began = moment(each.started_at) if each.started_at is not None else ""
        seconds = "" if each.seconds is None else _duration(each.seconds)
        rows.append(
            [str(each.number), each.builder, began, seconds, each.outcome or "", each.reason]
        )
    if len(rows) > 1:
        screen.table(rows, indent=2)
    screen.table([[each.name, size_text(each.size_bytes)] for each in found.artifacts], indent=2)
    screen.line(f"{desk.api.connection.server.url}{row.page}")
    return 0


def show_upload(desk: Desk, number: int) -> int:
    """An upload: what became of it, and its builds."""
    found = desk.api.upload(number)
    if desk.wants_json:
        desk.tell(found)
        return 0
    row, screen = found.upload, desk.screen
    name = f"{row.source or row.changes_name} {row.version}".strip()
    screen.line(upload_cell(row), f"{name} for {row.distribution}, by {row.uploader or 'nobody'}")
    if found.problem is not None:
        screen.line(
            f"{found.problem.title}: expected {found.problem.expected}; "
            f"found {found.problem.found}",
            indent=2,
        )
        screen.line(found.problem.hint, indent=2)
    builds_: list[Row] = [
        [build_cell(each), str(each.id), each.architecture, took(each), each.reason]
        for each in found.builds
    ]
    screen.table(builds_, indent=2)
    screen.line(f"{desk.api.connection.server.url}{row.page}")
    return 0


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
