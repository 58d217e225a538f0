"""Changing suites from elsewhere: what would change is shown, then asked about, then done so.

What was shown is said again with the order, so a suite that has moved on meanwhile is left alone.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from mini_buildd.cli.remote_desk import Desk
from mini_buildd.cli.remote_show import GREEN, RED, YELLOW
from mini_buildd.cli.remote_suites import difference_row
from mini_buildd.cli.screen import Cell, Row, heading, moment
from mini_buildd.client.watch import TooLong
from mini_buildd.wire.api.changes import PlannedRebuilds, SuiteChange, SuiteChanges

_LOOK_SECONDS = 0.5
_PUBLISHED_SECONDS = 120.0
_HAPPENS = {
    "migrate": "Migrate",
    "remove": "Remove",
    "copy": "Copy",
    "rollback": "Roll back",
}


def change(desk: Desk) -> int:
    """Migrate, remove, copy or roll back; 0 done, 1 refused."""
    options = desk.options
    name, what = desk.suite(options.suite), options.command
    wish = _wish(desk)
    shown = desk.api.change_suite(name, what, {**wish, "dry_run": True})
    is_broken = any(each.broken for each in shown.items)
    if options.dry_run:
        _tell(desk, shown)
        return int(is_broken)
    if not desk.wants_json and not desk.is_quiet:
        _tell(desk, shown)
    if not is_broken or options.force:
        desk.confirm(f"{_HAPPENS[what]}?")
    announced = [{"distribution": each.distribution, "number": each.number} for each in shown.items]
    done = desk.api.change_suite(name, what, {**wish, "expected": announced})
    if not options.no_wait:
        _wait(desk, done.items)
    if desk.wants_json:
        desk.tell(done)
    elif not desk.is_quiet:
        for each in done.items:
            word = "○ decided" if options.no_wait else "● published"
            colour = YELLOW if options.no_wait else GREEN
            desk.screen.line(Cell(word, colour), f"as version {each.number} of {each.distribution}")
    return 0


def _wish(desk: Desk) -> dict[str, Any]:
    options = desk.options
    wish: dict[str, Any] = {"reason": options.reason}
    if options.command == "rollback":
        return {**wish, "number": options.number}
    wish |= {"packages": options.package, "force": options.force}
    if options.command == "migrate":
        wish["whole_way"] = options.whole_way
    if options.command == "copy":
        wish["to"] = desk.suite(options.target)
    return wish


def _tell(desk: Desk, shown: SuiteChanges) -> None:
    if desk.wants_json:
        desk.tell(shown)
        return
    for each in shown.items:
        desk.screen.line(
            Cell("○ would be", YELLOW), f"version {each.number} of {each.distribution}"
        )
        desk.screen.table([difference_row(item) for item in each.differences], indent=2)
        broken: list[Row] = [
            [
                Cell("✕ breaks", RED),
                f"{item.package} {item.version}",
                item.architecture,
                item.reason,
            ]
            for item in each.broken
        ]
        desk.screen.table(broken, indent=2)
        if each.is_checked and not each.broken:
            desk.screen.line("nothing would become uninstallable", indent=2)


def _wait(desk: Desk, changes: Sequence[SuiteChange]) -> None:
    """Until apt finds what was decided; raises TooLong."""
    end = time.monotonic() + _PUBLISHED_SECONDS
    for each in changes:
        while desk.api.version(each.distribution, each.number).presence == "pending":
            if time.monotonic() > end:
                raise TooLong(f"version {each.number} of {each.distribution} is not published yet")
            time.sleep(_LOOK_SECONDS)


def rebuild(desk: Desk) -> int:
    """Build packages again."""
    options = desk.options
    name = desk.suite(options.suite)
    wish: Mapping[str, object] = {
        "packages": options.package,
        "reason": options.reason,
        "architectures": options.architecture or [],
    }
    found = desk.api.rebuild(name, {**wish, "dry_run": True})
    if not options.dry_run:
        if not desk.wants_json and not desk.is_quiet:
            _tell_rebuilds(desk, found)
        desk.confirm(f"Build {len(found.items)} times?")
        found = desk.api.rebuild(name, dict(wish))
    if desk.wants_json:
        desk.tell(found)
    elif options.dry_run or desk.is_quiet:
        _tell_rebuilds(desk, found)
    else:
        numbers = " ".join(str(each.build_id) for each in found.items)
        desk.screen.line(Cell("○ waiting", YELLOW), f"builds {numbers}")
    return 0


def _tell_rebuilds(desk: Desk, found: PlannedRebuilds) -> None:
    rows: list[Row] = [heading("nr", "source", "version", "on", "as")]
    rows += [
        [str(each.build_id or ""), each.source, each.version, each.architecture, f"…{each.ending}"]
        for each in found.items
    ]
    desk.listing(found, rows, (each.build_id or each.source for each in found.items), "nothing")


def freeze(desk: Desk) -> int:
    """Let nothing come in or go out."""
    name = desk.suite(desk.options.suite)
    desk.confirm(f"Let nothing come into {name} or go out?")
    found = desk.api.freeze(name, desk.options.reason)
    return desk.done(found, f"{name} is frozen; what is built for it waits")


def thaw(desk: Desk) -> int:
    """Let packages come and go again."""
    name = desk.suite(desk.options.suite)
    return desk.done(desk.api.thaw(name), f"{name} is open; what has waited comes in")


def snapshot(desk: Desk) -> int:
    """List, take or drop."""
    options = desk.options
    if options.action == "take":
        made = desk.api.take_snapshot(options.repository, options.name, options.reason)
        return desk.done(made, f"snapshot {made.name} of {made.repository}: {made.archive_url}")
    if options.action == "drop":
        desk.confirm(f"Drop {options.name}, with all versions that nothing else keeps?")
        desk.api.drop_snapshot(options.repository, options.name)
        return desk.done(None, f"snapshot {options.name} of {options.repository} is dropped")
    found = desk.api.snapshots(options.repository)
    rows: list[Row] = [heading("name", "kind", "taken (UTC)", "by", "suites", "why")]
    rows += [
        [
            each.name,
            each.kind,
            moment(each.taken_at),
            each.taken_by,
            str(len(each.versions)),
            each.reason,
        ]
        for each in found.items
    ]
    return desk.listing(found, rows, (each.name for each in found.items), "no snapshots")
