"""A part of a log, small enough for a page."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mini_buildd.tools.log_excerpt import excerpt
from mini_buildd.tools.log_file import open_log
from mini_buildd.tools.log_plain import plain
from mini_buildd.tools.sbuild_log import Line, Phase, is_error, summary
from mini_buildd.web.log.index import LogIndex, index_of

WINDOW_BYTES = 256 << 10
_REASON_BYTES = 1 << 20
_LINES_ABOVE = 20


@dataclass(frozen=True, slots=True)
class Window:
    """Lines from byte *start* to byte *end* of a log of *size* bytes.

    The numbers of lines are None in a log so large that its lines were not counted that far yet.
    *raw* are the same lines with what only a terminal understands.
    """

    lines: tuple[tuple[int | None, Line], ...]
    raw: tuple[str, ...]
    start: int
    end: int
    size: int
    phases: tuple[Phase, ...]
    is_indexed: bool

    @property
    def first_line(self) -> int | None:
        """The number of the first line shown."""
        return self.lines[0][0] if self.lines else 1

    @property
    def next_line(self) -> int | None:
        """The number of the line after the last one shown."""
        if not self.lines:
            return 1
        last = self.lines[-1][0]
        return None if last is None else last + 1

    @property
    def earlier_line(self) -> int | None:
        """A line before this window to look at; None when there is none."""
        first = self.first_line
        return max(1, first - len(self.lines)) if self.start and first else None

    @property
    def later_line(self) -> int | None:
        """The line after this window; None when it is the last one."""
        return self.next_line if self.end < self.size else None

    def holds(self, line: int) -> bool:
        """Whether *line* is shown."""
        first, following = self.first_line, self.next_line
        return first is not None and following is not None and first <= line < following


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a build failed, out of the end of its log."""

    lines: tuple[Line, ...]
    has_numbers: bool


def read_window(path: Path, line: int | None = None, *, is_growing: bool) -> Window:
    """The window about *line*, or the last one. Raises FileNotFoundError.

    The last window of a growing log ends with a whole line, so that whoever follows goes on there.
    """
    index = index_of(path)
    with open_log(path) as stream:
        size = stream.seek(0, 2)
        start = _start(stream, size) if line is None else _place(stream, index, line)
        stream.seek(start)
        data = stream.read(min(WINDOW_BYTES, size - start))
        end = start + len(data)
        if end < size or is_growing:
            end -= len(data) - (data.rfind(b"\n") + 1)
            data = data[: end - start]
        first = _line_at(stream, index, start)
    raw = tuple(_raw(data))
    lines = tuple(_numbered(map(plain, raw), first))
    return Window(lines, raw, start, end, size, index.phases, index.scanned >= size - WINDOW_BYTES)


def read_reason(path: Path) -> Reason:
    """The failing part of the log *path*, as far as its last bytes hold it."""
    index = index_of(path)
    with open_log(path) as stream:
        start = _start(stream, stream.seek(0, 2), _REASON_BYTES)
        first = _line_at(stream, index, start)
        stream.seek(start)
        texts = [plain(text) for text in _raw(stream.read(_REASON_BYTES))]
    return Reason(excerpt(texts, first or 1), first is not None)


def read_summary(path: Path) -> dict[str, str]:
    """The summary that sbuild itself writes at the end of the log."""
    with open_log(path) as stream:
        stream.seek(max(0, stream.seek(0, 2) - (8 << 10)))
        return dict(summary(stream.read(8 << 10).decode(errors="replace")))


def _start(stream: BinaryIO, size: int, count: int = WINDOW_BYTES) -> int:
    """Where the last *count* bytes begin: at the beginning of a line."""
    if size <= count:
        return 0
    stream.seek(size - count)
    skipped = stream.readline(count)
    return size - count + len(skipped)


def _place(stream: BinaryIO, index: LogIndex, line: int) -> int:
    """Where a window begins that shows *line* with some lines above it."""
    wanted = max(1, line - _LINES_ABOVE)
    offset, number = index.before_line(wanted)
    stream.seek(offset)
    while number < wanted and (text := stream.readline(WINDOW_BYTES)):
        offset += len(text)
        number += text.endswith(b"\n")
    return offset


def _line_at(stream: BinaryIO, index: LogIndex, offset: int) -> int | None:
    """The number of the line that begins at *offset*; None when it was not counted yet."""
    known = index.before_offset(offset)
    if known is None:
        return None
    stream.seek(known[0])
    return known[1] + stream.read(offset - known[0]).count(b"\n")


def _raw(data: bytes) -> list[str]:
    texts = data.decode(errors="replace").split("\n")
    if texts[-1] == "":
        texts.pop()
    return texts


def _numbered(texts: Iterable[str], first: int | None) -> Iterable[tuple[int | None, Line]]:
    for place, text in enumerate(texts):
        number = None if first is None else first + place
        yield number, Line(number or 0, text, is_error(text))
