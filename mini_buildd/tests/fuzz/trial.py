"""One target under watch: each input is taken, and whatever must not happen is noted."""

import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mini_buildd.tests.fuzz.guard import Guard
from mini_buildd.tests.fuzz.target import Take, Target, Wrong

MOST_SECONDS = 1.0
_MOST_FAULTS = 30
_SHOWN = 120
_TREE = str(Path(__file__).parents[2])


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, in a line; the first input that it was seen with, and how."""

    what: str
    data: bytes
    trace: str


@dataclass(slots=True)
class Trial:
    """A target that is being tried in *folder*."""

    target: Target
    folder: Path
    answers: Counter[str] = field(default_factory=Counter)
    faults: dict[str, Fault] = field(default_factory=dict)
    slowest_seconds: float = 0
    slowest: bytes = b""
    _take: Take = field(init=False)
    _guard: Guard = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take = self.target.prepare(self.folder)
        self._guard = Guard(self.folder)

    @property
    def count(self) -> int:
        """How many inputs there were."""
        return self.answers.total()

    def take(self, data: bytes) -> None:
        """Give *data* to the target."""
        seconds, answer = self._timed(data)
        if seconds > MOST_SECONDS:  # perhaps the machine had something else to do
            seconds = min(seconds, self._timed(data)[0])
            if seconds > MOST_SECONDS:
                self._note(f"it took more than {MOST_SECONDS:.0f} s", data, "")
        if seconds > self.slowest_seconds:
            self.slowest_seconds, self.slowest = seconds, data
        self.answers[answer] += 1

    def _timed(self, data: bytes) -> tuple[float, str]:
        started = time.perf_counter()
        answer = self._watched(lambda: self._take(data), data)
        return time.perf_counter() - started, answer

    def _watched(self, take: Callable[[], str], data: bytes) -> str:
        try:
            with self._guard.watching():
                answer = take()
        except Exception as error:  # noqa: BLE001  # whatever is not declared is a fault
            answer = "FAULT"
            self._note(_what(error), data, _trace(error))
        for what in self._guard.seen:
            answer = "FAULT"
            self._note(f"outside of its folder: {what.partition(' ')[0]}", data, what)
        return answer

    def _note(self, what: str, data: bytes, trace: str) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.setdefault(what, Fault(what, data, trace))


def _what(error: Exception) -> str:
    """By what one fault is told from another."""
    if isinstance(error, Wrong):
        return str(error).partition("\n")[0][:_SHOWN]
    return f"{type(error).__name__} at {_place(error)}"


def _place(error: BaseException) -> str:
    """The innermost line of ours, by which one fault is told from another."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if each.filename.startswith(_TREE)]
    last = (ours or frames)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
