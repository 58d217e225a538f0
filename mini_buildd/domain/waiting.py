"""Why a job waits and for about how long, in words; nothing of it is ever kept."""

import heapq
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mini_buildd.domain.builder import Capacity, Demand, Place
from mini_buildd.domain.needs import Needs
from mini_buildd.domain.scheduling import Line, WaitingJob

_MB = 1024
_MINUTE_SECONDS, _HOUR_SECONDS = 60, 3600


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many go before a job to the builders that could take it, and when its turn comes.

    *seconds* is None where nobody knows how long anything takes.
    """

    ahead: int
    seconds: float | None


def foresee(line: Line, builders: Sequence[Capacity], now: datetime) -> Mapping[int, Forecast]:
    """What is to be expected for each job in *line* that some builder can take.

    Builders that can take the same jobs are seen as one; those of other jobs are left aside, which
    makes it a rough guess on purpose: all of it has to be quick for a page.
    """
    usual = _usual_seconds(line)
    groups: dict[frozenset[str], _Group] = {}
    able: dict[Demand, frozenset[str]] = {}
    found: dict[int, Forecast] = {}
    for job in line.in_order():
        if job.demand not in able:
            able[job.demand] = frozenset(
                each.name for each in builders if each.slots_at(now) and each.could_take(job.demand)
            )
        names = able[job.demand]
        if not names:
            continue
        if names not in groups:
            groups[names] = _Group(line, [b for b in builders if b.name in names], now, usual)
        found[job.id] = groups[names].add(job, usual)
    return found


def _usual_seconds(line: Line) -> float | None:
    """What is taken for a job that nobody knows."""
    known = [j.expected_seconds for j in line.waiting.values() if j.expected_seconds is not None]
    return sum(known) / len(known) if known else None


class _Group:
    """Builders that can take the same jobs: when each of their slots becomes free."""

    def __init__(
        self, line: Line, builders: Sequence[Capacity], now: datetime, usual: float | None
    ) -> None:
        names = {each.name for each in builders}
        running = [each for each in line.running.values() if each.builder in names]
        unknown = usual / 2 if usual is not None else 0.0
        self._free_in = [
            max(0.0, (each.ends_at - now).total_seconds()) if each.ends_at else unknown
            for each in running
        ]
        slots = sum(each.slots_at(now) for each in builders)
        self._free_in += [0.0] * max(0, slots - len(self._free_in))
        heapq.heapify(self._free_in)
        self._count = 0

    def add(self, job: WaitingJob, usual: float | None) -> Forecast:
        taken = job.expected_seconds if job.expected_seconds is not None else usual
        start = heapq.heappop(self._free_in)
        heapq.heappush(self._free_in, start + (taken or 0.0))
        self._count += 1
        return Forecast(self._count - 1, start if usual is not None else None)


class Hold(StrEnum):
    """What keeps a job from being built, in a word."""

    CHROOT = "chroot"
    LATER = "later"
    BUILDER = "builder"
    SLOT = "slot"


def hold_of(
    job: WaitingJob, forecast: Forecast | None, places: Collection[Place], now: datetime
) -> Hold:
    """What why() says in a sentence, for figures."""
    if job.demand.place not in places:
        return Hold.CHROOT
    if job.not_before_at is not None and job.not_before_at > now:
        return Hold.LATER
    return Hold.BUILDER if forecast is None else Hold.SLOT


# --- in words -----------------------------------------------------------------


def no_chroot(place: Place) -> str:
    """What is said of a job whose chroot is not there."""
    codename, architecture = place
    return (
        f"no chroot for {codename} {architecture}; make it with "
        f"mini-buildd chroot create {codename} {architecture}"
    )


def never(demand: Demand, builders: Sequence[Capacity]) -> str:
    """Why none of *builders* can ever take such a job; empty when one can."""
    if not builders or any(each.could_take(demand) for each in builders):
        return ""
    needs, architecture = demand.needs, demand.place[1]
    able = [b for b in builders if not b.architectures or architecture in b.architectures]
    if not able:
        return f"no builder builds on {architecture}"
    untagged = [tag for tag in sorted(needs.tags) if not any(tag in b.tags for b in able)]
    if untagged:
        return f"no builder is tagged {untagged[0]}"
    return _too_much(needs, able) or f"no builder has all of: {_in_words(needs)}"


def _too_much(needs: Needs, builders: Sequence[Capacity]) -> str:
    """The first thing of which no builder has enough."""
    memory = max(each.memory_mb for each in builders)
    disk = max(each.disk_mb for each in builders)
    cores = max(each.cores for each in builders)
    if needs.memory_mb > memory and all(each.memory_mb for each in builders):
        return f"needs {_size(needs.memory_mb)} of memory: no builder has more than {_size(memory)}"
    if needs.disk_mb > disk and all(each.disk_mb for each in builders):
        return f"needs {_size(needs.disk_mb)} of disk: no builder has more than {_size(disk)}"
    if needs.cores > cores and all(each.cores for each in builders):
        return f"needs {needs.cores} cores: no builder has more than {cores}"
    return ""


def _in_words(needs: Needs) -> str:
    parts = [
        *[f"{_size(needs.memory_mb)} of memory"] * bool(needs.memory_mb),
        *[f"{_size(needs.disk_mb)} of disk"] * bool(needs.disk_mb),
        *[f"{needs.cores} cores"] * bool(needs.cores),
        *[f"the tag {tag}" for tag in sorted(needs.tags)],
    ]
    return ", ".join(parts)


def why(
    job: WaitingJob,
    forecast: Forecast | None,
    builders: Sequence[Capacity],
    places: Collection[Place],
    now: datetime,
) -> str:
    """Why *job* waits, in a sentence; *places* are what there are chroots for."""
    if job.demand.place not in places:
        return no_chroot(job.demand.place)
    impossible = never(job.demand, builders)
    if impossible:
        return impossible
    if job.not_before_at is not None and job.not_before_at > now:
        after = f" after: {job.reason}" if job.reason else ""
        return f"waits until {job.not_before_at:%H:%M} UTC{after}"
    if forecast is None:
        return _nobody(job.demand, builders, now)
    about = _about(forecast.seconds)
    ahead = f"{forecast.ahead} ahead" if forecast.ahead else "next"
    return f"waits for a slot: {ahead}{f', {about}' if about else ''}"


def _nobody(demand: Demand, builders: Sequence[Capacity], now: datetime) -> str:
    """No builder that could take it is given jobs at present."""
    able = [each for each in builders if each.could_take(demand)]
    names = ", ".join(each.name for each in able[:3]) + ", …" * (len(able) > 3)  # noqa: PLR2004
    if not able:
        return "waits for a builder: none is there yet"
    if not any(each.is_enabled for each in able):
        return f"waits for {names}: disabled in the settings"
    until = min(
        (each.set_aside_until for each in able if each.is_enabled and each.set_aside_until),
        default=None,
    )
    if until is not None and until > now:
        return f"waits for {names}: set aside after faults until {until:%H:%M} UTC"
    return f"waits for {names}: no slots, or set aside after faults"


def _about(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < _MINUTE_SECONDS:
        return "less than a minute"
    if seconds < 2 * _HOUR_SECONDS:
        return f"about {seconds / _MINUTE_SECONDS:.0f} min"
    return f"about {seconds / _HOUR_SECONDS:.0f} h"


def _size(megabytes: int) -> str:
    if megabytes < _MB:
        return f"{megabytes} MB"
    return f"{megabytes / _MB:.1f} GB".replace(".0 ", " ")
