"""How long the phases of a build took, as seen from beside it: sbuild's log has headings, no times.

Whoever runs the build looks at the log about once a second; so well is the beginning of a phase
known. The times that sbuild itself gives at the end (Install-Time, Build-Time) are exact, and
stand beside these.
"""

from collections.abc import Callable
from pathlib import Path

from mini_buildd.tools.sbuild_log import phases_in, unfinished_heading
from mini_buildd.wire.task import PhaseTime

_PIECE_BYTES = 256 << 10
_MOST = 64  # a package may print as many boxes as it likes
_TITLE_LENGTH = 80
_SHORTEST_START_SECONDS = 2.0

# What passes before the first heading of the log; so little that it may be the time until somebody
# looked belongs to the first phase.
START = "Start"


class PhaseTimes:
    """The phases of one growing log; *clock* gives seconds that only ever grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = [(START, clock())]
        self._offset = 0
        self._is_within_line = False

    def look(self, log: Path) -> None:
        """Read what *log* has grown by; each byte once, and never more than a piece at once."""
        moment = self._clock()
        try:
            with log.open("rb") as stream:
                size = stream.seek(0, 2)
                while self._offset < size:
                    stream.seek(self._offset)
                    if not self._take(stream.read(min(_PIECE_BYTES, size - self._offset)), moment):
                        break
        except FileNotFoundError:
            return

    def finish(self) -> tuple[PhaseTime, ...]:
        """The phases in their order, the last one until now; look once more before."""
        began = self._began
        if len(began) > 1 and began[1][1] - began[0][1] < _SHORTEST_START_SECONDS:
            began = [(began[1][0], began[0][1]), *began[2:]]
        ends = [moment for _, moment in began[1:]] + [self._clock()]
        return tuple(
            PhaseTime(title=title, seconds=round(end - begin, 2))
            for (title, begin), end in zip(began, ends, strict=True)
        )

    def _take(self, piece: bytes, moment: float) -> bool:
        """Note the headings of the whole lines of *piece*; whether that brought us on."""
        begin = piece.find(b"\n") + 1 if self._is_within_line else 0
        whole = piece[: piece.rfind(b"\n") + 1]
        whole = whole[: unfinished_heading(whole)]
        if not whole and len(piece) < _PIECE_BYTES:
            return False
        if not whole:  # a line that does not end; nothing in it is a heading
            self._is_within_line = True
            self._offset += len(piece)
            return True
        self._note(whole[begin:], moment)
        self._is_within_line = False
        self._offset += len(whole)
        return True

    def _note(self, lines: bytes, moment: float) -> None:
        for phase in phases_in(lines):
            title = "".join(letter for letter in phase.title if letter.isprintable())
            if len(self._began) <= _MOST:
                self._began.append((title[:_TITLE_LENGTH], moment))
