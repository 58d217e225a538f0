"""``mini-buildd doctor``: what this machine lacks for building, in words and as JSON."""

import argparse
import sys
from collections.abc import Iterable, Mapping

import msgspec

from mini_buildd.cli.screen import Cell, Screen
from mini_buildd.config.settings import Settings
from mini_buildd.domain.diagnosis import Diagnosis, Mark, Part, can_build
from mini_buildd.flow.doctor.examine import examine
from mini_buildd.kit.clock import utc_now

_GREEN, _RED, _YELLOW, _FAINT = "32", "31", "33", "2"
_SHAPES: Mapping[Mark, tuple[str, str]] = {
    Mark.OK: ("●", _GREEN),
    Mark.NOTE: ("◈", _YELLOW),
    Mark.LACKS: ("✕", _RED),
}


def run_doctor(options: argparse.Namespace, settings: Settings) -> int:
    """Print what is found as it is found; 0 when this machine can build, else 1."""
    found = examine(settings, utc_now, machine_only=options.machine)
    if options.json:
        return _print_json(list(found))
    return _print(found, Screen.of(sys.stdout))


def _print_json(found: list[Diagnosis]) -> int:
    status = can_build(found)
    told = msgspec.json.encode({"can_build": status, "diagnoses": found})
    print(msgspec.json.format(told, indent=2).decode())
    return 0 if status else 1


def _print(found: Iterable[Diagnosis], screen: Screen) -> int:
    part: Part | None = None
    seen = []
    for diagnosis in found:
        if diagnosis.part is not part:
            part = diagnosis.part
            screen.line(part.capitalize())
        _line(diagnosis, screen)
        seen.append(diagnosis)
        screen.stream.flush()
    lacking = sum(each.mark is Mark.LACKS for each in seen)
    notes = sum(each.mark is Mark.NOTE for each in seen)
    screen.line(_summary(lacking, notes))
    return 0 if can_build(seen) else 1


def _line(diagnosis: Diagnosis, screen: Screen) -> None:
    shape, colour = _SHAPES[diagnosis.mark]
    word = f"{shape} {diagnosis.mark:<5}" if screen.stream.isatty() else f"{diagnosis.mark:<5}"
    screen.line(Cell(word, colour), f"{diagnosis.subject}: {diagnosis.found}", indent=2)
    if diagnosis.mark is Mark.LACKS:
        screen.line(Cell("expected", _FAINT), diagnosis.expected, indent=10)
    if diagnosis.mend:
        screen.line(Cell("mend    ", _FAINT), diagnosis.mend, indent=10)


def _summary(lacking: int, notes: int) -> str:
    noted = f" ({notes} {'note' if notes == 1 else 'notes'})" if notes else ""
    if not lacking:
        return f"This machine can build{noted}."
    things = "1 thing is" if lacking == 1 else f"{lacking} things are"
    return f"This machine cannot build yet: {things} lacking{noted}."
