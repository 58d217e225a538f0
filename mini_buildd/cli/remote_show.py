"""Looking at an instance from elsewhere, and changing builds there."""

import sys
import time
from collections.abc import Mapping
from datetime import datetime

from mini_buildd.cli.remote_desk import Desk
from mini_buildd.cli.screen import Cell, heading, moment
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
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


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


def dput_conf(desk: Desk) -> int:
    """Ready sections, with a comment where each belongs; one alone is printed as it is."""
    found, alias = desk.api.dput(), desk.options.alias
    if desk.wants_json:
        desk.tell(found)
        return 0
    for each in found.items:
        if not alias:
            where = f"# {each.way}, for {each.program}: {each.file}"
            desk.screen.line(f"{where}, then: dput {each.alias} FILE.changes")
        if alias in {"", each.alias}:
            desk.screen.text(f"{each.text}\n" if not alias else each.text)
    if alias and alias not in {each.alias for each in found.items}:
        known = ", ".join(each.alias for each in found.items)
        print(f"mini-buildd-api: there is no “{alias}”, but: {known}", file=sys.stderr)
        return 1
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
    if desk.wants_json:
        desk.tell(page)
        return 0
    if not page.items:
        desk.screen.line("no such uploads")
        return 0
    head = heading("", "nr", "source", "version", "for", "by", "came", "why")
    desk.screen.table([head, *map(_upload_row, page.items)])
    return 0


def _upload_row(upload: Upload) -> list[Cell | str]:
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
    if desk.wants_json:
        desk.tell(page)
        return 0
    if not page.items:
        desk.screen.line("no such builds")
        return 0
    head = heading("", "nr", "source", "version", "on", "for", "took", "why")
    desk.screen.table([head, *map(_build_row, page.items)])
    return 0


def _build_row(build: Build) -> list[Cell | str]:
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
    if desk.wants_json:
        desk.tell(QueuePage(items, len(items), None))
        return 0
    if not items:
        desk.screen.line("nothing waits")
        return 0
    rows = [
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
    desk.screen.table([heading("", "nr", "source", "version", "on", "for", "why"), *rows])
    return 0


def log(desk: Desk) -> int:
    """The bytes of a log, as they are."""
    number, attempt, offset = desk.options.number, desk.options.attempt, 0
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
    for number in dict.fromkeys(options.number):
        if options.upload:
            upload = desk.api.change_upload(number, options.command, options.reason)
            shown: list[Cell | str] = [upload_cell(upload), f"{upload.source} {upload.version}"]
            told: object = upload
        else:
            build = desk.api.change_build(number, options.command, options.reason)
            shown = [build_cell(build), f"{build.source} {build.version} on {build.architecture}"]
            told = build
        if desk.wants_json:
            desk.tell(told)
        else:
            desk.screen.line(*shown)
    return 0
