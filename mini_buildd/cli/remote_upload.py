"""``mini-buildd-api upload``: ask, send, wait; the exit status says what became of it."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from mini_buildd.cli.bar import Bar, bar_text, size_text
from mini_buildd.cli.plain import plain
from mini_buildd.cli.remote_desk import Desk
from mini_buildd.cli.remote_show import build_cell, took, upload_cell
from mini_buildd.cli.screen import Cell, Screen
from mini_buildd.client.changes import LocalUpload
from mini_buildd.client.transfer import Transfers, notes_path
from mini_buildd.client.watch import Watch
from mini_buildd.domain.states import SourceState, UploadState
from mini_buildd.wire.api.builds import Build
from mini_buildd.wire.api.uploads import UploadDetail
from mini_buildd.wire.precheck import Fault, PlannedBuild, Precheck

_PUBLISHED, _REJECTED, _FAILED = 0, 1, 2
_LIVE_SECONDS = 2  # people like to see that it goes on


def upload(desk: Desk) -> int:
    """Do it; returns 0 published, 1 rejected, 2 a build failed."""
    options = desk.options
    local = LocalUpload.read(Path(options.changes))
    there: Sequence[str] = ()
    if options.dry_run or not options.no_check:
        said = desk.api.precheck(local.path.name, local.text(), local.dsc_text())
        if options.dry_run or said.faults:
            return _tell_precheck(desk, said)
        there = [file.name for file in said.in_pool]
    files = local.to_send(there)
    seconds = options.timeout * 60 if options.timeout is not None else None
    is_live = desk.screen.stream.isatty() and not desk.wants_json and not desk.is_quiet
    watch = Watch(desk.api, seconds, look_seconds=_LIVE_SECONDS if is_live else None)
    before = watch.newest(local.sha256)
    _send(desk, files)
    if options.no_wait:
        if not desk.wants_json and not desk.is_quiet:
            desk.screen.line(f"sent {local.path.name}")
        return _PUBLISHED
    number = watch.arrival(local.sha256, before)
    return _tell_end(desk, watch.end(number, _Show(desk).tell))


def _send(desk: Desk, files: Sequence[Path]) -> None:
    transfers = Transfers(desk.api.connection, notes_path())
    for path in files:
        bar = Bar(path.name, path.stat().st_size, is_quiet=desk.wants_json or desk.is_quiet)
        transfers.send(path, bar.show)
        bar.close()


# --- the dry run ------------------------------------------------------------------


def _tell_precheck(desk: Desk, said: Precheck) -> int:
    if desk.wants_json:
        desk.tell(said)
    elif said.faults:
        _tell_faults(said.faults)
        desk.screen.line(Cell("✕ it would be rejected", "31"))
    else:
        _tell_plan(desk.screen, said)
    return _REJECTED if said.faults else _PUBLISHED


def _tell_faults(faults: Sequence[Fault]) -> None:
    for fault in faults:
        print(
            plain(
                f"mini-buildd-api: {fault.title} [{fault.code}]: expected {fault.expected}; "
                f"found {fault.found}\n  {fault.hint}"
            ),
            file=sys.stderr,
        )


def _tell_plan(screen: Screen, said: Precheck) -> None:
    what = "as far as the .changes tells" if not said.is_complete else ""
    screen.line(Cell("● it would be accepted", "32"), what)
    screen.line(f"{said.source} {said.version} for {said.distribution}, by {said.signer}", indent=2)
    for build in said.builds:
        screen.line(f"to be built on {_planned(build)}", indent=2)
    sizes = sum(file.size_bytes for file in said.to_send)
    screen.line(f"{len(said.to_send)} files to send, {size_text(sizes)}", indent=2)
    for file in said.in_pool:
        screen.line(f"{file.name} is there already", indent=2)
    for file in said.from_base:
        screen.line(f"{file.name} is looked for in the base release's archive", indent=2)


def _planned(build: PlannedBuild) -> str:
    crossed = f", cross-compiled on {build.build_architecture}" if build.build_architecture else ""
    optional = " (optional)" if build.is_optional else ""
    return f"{build.architecture}{crossed}{optional}"


# --- waiting ----------------------------------------------------------------------


class _Show:
    """An upload and its builds, redrawn on a terminal, else a line for each change."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lines: tuple[str, ...] = ()
        self._expected: dict[int, float | None] = {}
        self._is_live = desk.screen.stream.isatty() and not desk.wants_json and not desk.is_quiet

    def tell(self, found: UploadDetail) -> None:
        """It is so now."""
        if self._desk.wants_json or self._desk.is_quiet:
            return
        if self._is_live and self._lines:
            self._desk.screen.stream.write(f"\x1b[{len(self._lines)}F\x1b[J")
        at = datetime.now(UTC) if self._is_live else None
        rows = [self._row(found)]
        rows += [
            (
                build_cell(build),
                f"build {build.id} on {build.architecture}",
                took(build, at),
                self._bar(build, at),
            )
            for build in found.builds
        ]
        lines = tuple(" ".join(_text(cell) for cell in row) for row in rows)
        for row, line in zip(rows, lines, strict=True):
            if self._is_live or line not in self._lines:
                self._desk.screen.line(*row)
        self._desk.screen.stream.flush()
        self._lines = lines

    def _bar(self, build: Build, at: datetime | None) -> str:
        """How far a build is, by how long the last good one took; empty if nobody knows."""
        attempt = build.attempt
        if at is None or not build.is_open or attempt is None or attempt.started_at is None:
            return ""
        if build.id not in self._expected:
            self._expected[build.id] = self._desk.api.build(build.id).expected_seconds
        expected = self._expected[build.id]
        if not expected:
            return ""
        part = (at - attempt.started_at).total_seconds() / expected
        return f"{bar_text(part)} of ~{int(expected) // 60}:{int(expected) % 60:02}"

    def _row(self, found: UploadDetail) -> tuple[Cell | str, ...]:
        row = found.upload
        return upload_cell(row), f"{row.source or row.changes_name} {row.version}".strip(), "", ""


def _text(cell: Cell | str) -> str:
    return cell.text if isinstance(cell, Cell) else cell


def _tell_end(desk: Desk, found: UploadDetail) -> int:
    if desk.wants_json:
        desk.tell(found)
    if found.upload.state is UploadState.REJECTED:
        if found.problem is not None and not desk.wants_json:
            cause = found.problem
            fault = Fault(
                code=cause.code,
                title=cause.title,
                expected=cause.expected,
                found=cause.found,
                hint=cause.hint,
            )
            _tell_faults([fault])
        return _REJECTED
    url = f"{desk.api.connection.server.url}{found.upload.page}"
    if not desk.wants_json and not desk.is_quiet:
        desk.screen.line(url)
    return _PUBLISHED if found.upload.source_state is SourceState.PUBLISHED else _FAILED
