"""Where the lines and phases of a log are, found piece by piece and kept while the process lives.

A log may have 100 MB, so a request reads at most a bounded part that no request read before; the
next one goes on there. Of a growing log each byte is read once.
"""

from bisect import bisect_right
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from mini_buildd.tools.log_file import open_log
from mini_buildd.tools.sbuild_log import Phase, phases_in, unfinished_heading

_PIECE_BYTES = 256 << 10
REQUEST_BYTES = 32 << 20
_KEPT = 64


class LogIndex:
    """The index of one log, up to *scanned* bytes; in it every 256 KiB a line's place is known."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._offsets = [0]
        self._lines = [1]
        self._phases: list[Phase] = []
        self.scanned = 0

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases found so far."""
        return tuple(self._phases)

    def extend(self, path: Path, limit: int = REQUEST_BYTES) -> None:
        """Read on in *path*, at most *limit* bytes."""
        with self._lock, open_log(path) as stream:
            stream.seek(self.scanned)
            end = self.scanned + limit
            while self.scanned < end and self._take(stream.read(_PIECE_BYTES)):
                stream.seek(self.scanned)

    def _take(self, piece: bytes) -> bool:
        """Count the whole lines of *piece*; whether there is more to come from the file."""
        whole = piece[: piece.rfind(b"\n") + 1]
        whole = whole[: unfinished_heading(whole)]
        if len(piece) == _PIECE_BYTES and not whole:
            whole = piece  # one endless line
        if not whole:
            return False
        self._phases += phases_in(whole, self._lines[-1])
        self._offsets.append(self._offsets[-1] + len(whole))
        self._lines.append(self._lines[-1] + whole.count(b"\n"))
        self.scanned = self._offsets[-1]
        return len(piece) == _PIECE_BYTES

    def before_offset(self, offset: int) -> tuple[int, int] | None:
        """The last known (offset, line) at or before *offset*; None when it was not read yet."""
        if offset > self.scanned:
            return None
        place = bisect_right(self._offsets, offset) - 1
        return self._offsets[place], self._lines[place]

    def before_line(self, line: int) -> tuple[int, int]:
        """The last known (offset, line) at or before *line*."""
        place = max(bisect_right(self._lines, line) - 1, 0)
        return self._offsets[place], self._lines[place]


_indexes: OrderedDict[Path, LogIndex] = OrderedDict()
_indexes_lock = Lock()


def index_of(path: Path) -> LogIndex:
    """The index of the log *path*, read on as far as one request may."""
    with open_log(path) as stream:
        size = stream.seek(0, 2)
    with _indexes_lock:
        index = _indexes.pop(path, None)
        if index is None or index.scanned > size:
            index = LogIndex()
        _indexes[path] = index
        while len(_indexes) > _KEPT:
            _indexes.popitem(last=False)
    index.extend(path)
    return index
