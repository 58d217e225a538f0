"""The phases of a build to scale, and as the table of contents of its log.

A phase may have its time, its place in the log, or both: the log tells where it begins, the builder
how long it took.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mini_buildd.tools.sbuild_log import AFTERMATH, Phase

WIDTH = 1000
_LEAST_WIDTH = 1.5

# sbuild's Fail-Stage, or the builder's own, as the heading of the phase that it happens in.
_STAGES: Mapping[str, str] = {
    "prepare": "Prepare",
    "apt-get-update": "Update chroot",
    "apt-get-upgrade": "Update chroot",
    "fetch-src": "Fetch source files",
    "install-deps": "Install package build dependencies",
    "install-deps-env": "Install package build dependencies",
    "arch-check": "Check architectures",
    "unpack": "Build",
    "check-unpacked-version": "Build",
    "check-space": "Build",
    "build": "Build",
    "post-build": "Post Build",
}


@dataclass(frozen=True, slots=True)
class PhaseMark:
    """A phase: *x* and *width* in the drawing; *url* and *seconds* where they are known."""

    title: str
    url: str
    seconds: float | None
    has_failed: bool
    x: float
    width: float


def phase_marks(
    places: Sequence[Phase],
    times: Sequence[tuple[str, float]],
    *,
    link: Callable[[int], str],
    failed_in: str | None,
) -> tuple[PhaseMark, ...]:
    """The phases in their order: those that have times, or else those that stand in the log.

    *link* gives the URL of a line; *failed_in* is sbuild's name of the stage that failed, None when
    none did.
    """
    lines: dict[str, list[int]] = {}
    for phase in places:
        lines.setdefault(phase.title, []).append(phase.line_number)
    entries: list[tuple[str, float | None]] = list(times)
    if not entries:
        entries = [(phase.title, None) for phase in places]
    failed = None if failed_in is None else _failed([title for title, _ in entries], failed_in)
    total = sum(seconds for _, seconds in times) or 1.0
    marks, x = [], 0.0
    for place, (title, seconds) in enumerate(entries):
        url = link(lines[title].pop(0)) if lines.get(title) else ""
        width = WIDTH * (seconds or 0.0) / total
        shown = max(width, _LEAST_WIDTH) if seconds else 0.0
        marks.append(PhaseMark(title, url, seconds, place == failed, round(x, 1), round(shown, 1)))
        x += width
    return tuple(marks)


def failed_phase(titles: Sequence[str], stage: str) -> str | None:
    """The one of *titles* in which a build that failed in *stage* failed."""
    place = _failed(titles, stage)
    return None if place is None else titles[place]


def _failed(titles: Sequence[str], stage: str) -> int | None:
    """Which phase failed: the one of that stage, else the last one before sbuild cleans up."""
    wanted = _STAGES.get(stage)
    found = [place for place, title in enumerate(titles) if title == wanted]
    before = [place for place, title in enumerate(titles) if title not in AFTERMATH]
    return next(iter([*found[::-1], *before[::-1]]), None)
