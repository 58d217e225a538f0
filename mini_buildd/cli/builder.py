"""``mini-buildd builder``: the builders, and which of them are given jobs."""

import argparse
import sys

from mini_buildd.cli.owner import owner
from mini_buildd.cli.screen import Cell, Screen, heading, moment
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db.queries.builders import BuilderRow, list_builders
from mini_buildd.flow.beside import beside_daemon
from mini_buildd.flow.set_aside import set_aside, take_back
from mini_buildd.kit.clock import utc_now

_GREEN, _YELLOW, _FAINT = "32", "33", "2"


def run_builder(options: argparse.Namespace, settings: Settings, places: Places) -> int:
    """Do what is asked for, and list them in any case; returns the exit status."""
    if options.action != "list":
        with beside_daemon(settings, places) as site:
            if options.action == "aside":
                set_aside(site, owner(), options.name, options.reason)
            else:
                take_back(site, owner(), options.name)
    screen, rows = Screen.of(sys.stdout), list_builders(utc_now(), settings.builder.lease_seconds)
    if not rows:
        screen.line("no builder has run yet")
        return 0
    head = heading("", "name", "running", "faults", "seen (UTC)", "why")
    screen.table([head, *([*_row(row)] for row in rows)])
    return 0


def _row(row: BuilderRow) -> list[Cell | str]:
    return [
        _state(row),
        row.name,
        f"{row.running} of {row.slots}",
        str(row.faults),
        moment(row.seen_at) if row.seen_at else "",
        row.set_aside_reason,
    ]


def _state(row: BuilderRow) -> Cell:
    if row.set_aside_until is not None:
        return Cell(f"◈ aside until {moment(row.set_aside_until)}", _YELLOW)
    if row.set_aside_at is not None:
        return Cell("◈ set aside", _YELLOW)
    return Cell("● given jobs", _GREEN) if row.is_enabled else Cell("– switched off", _FAINT)
