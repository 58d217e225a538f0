"""A progress bar on a terminal; elsewhere a line when it is done."""

import shutil
import sys
import time

from mini_buildd.cli.plain import plain

_STEP_SECONDS = 0.1
_BAR = 24
_UNITS = ("B", "kB", "MB", "GB", "TB")
_THOUSAND = 1000


class Bar:
    """How far a file has come."""

    def __init__(self, name: str, size: int, *, is_quiet: bool = False) -> None:
        self._name = plain(name)
        self._size = size
        self._is_quiet = is_quiet
        self._is_live = sys.stderr.isatty() and not is_quiet
        self._begin = self._shown_at = time.monotonic()
        self._first: int | None = None

    def show(self, done: int) -> None:
        """So many bytes have gone."""
        if self._first is None:
            self._first = done  # a transfer that goes on where it was cut
        now = time.monotonic()
        if self._is_live and (now - self._shown_at > _STEP_SECONDS or done == self._size):
            self._shown_at = now
            self._draw(done, now)

    def close(self) -> None:
        """It is done."""
        if self._is_live:
            print(file=sys.stderr)
        elif not self._is_quiet:
            print(f"{self._name} {size_text(self._size)}", file=sys.stderr)

    def _draw(self, done: int, now: float) -> None:
        part = done / self._size if self._size else 1.0
        sent, seconds = done - (self._first or 0), now - self._begin
        rate = f" {size_text(sent / seconds)}/s" if sent and seconds > _STEP_SECONDS else ""
        figures = f"{part:4.0%} {size_text(done)}{rate}"
        bar = bar_text(part)
        room = max(10, shutil.get_terminal_size().columns - len(bar) - len(figures) - 4)
        line = f"\r{self._name[:room]:{min(room, 40)}} {bar} {figures}\x1b[K"
        print(line, end="", file=sys.stderr, flush=True)


def bar_text(part: float, length: int = _BAR) -> str:
    """*part* of one, as a bar."""
    full = round(min(part, 1.0) * length)
    return "▓" * full + "░" * (length - full)


def size_text(size: float) -> str:
    """*size* bytes as people read it: 1.2 MB."""
    for unit in _UNITS:
        if size < _THOUSAND or unit == _UNITS[-1]:
            break
        size /= _THOUSAND
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
