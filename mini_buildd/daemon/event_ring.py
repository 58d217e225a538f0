"""The newest events in memory, each encoded once for all who listen.

What is asked for by many alike (the same filter, the same rights, from the same event on) is put
together once.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mini_buildd.domain.event_filter import EventFilter
from mini_buildd.domain.event_row import EventRow

_MOST = 2000
# So much is written to somebody at a time; whether they take it is seen before the next.
PIECE_BYTES = 32 << 10


@dataclass(frozen=True, slots=True)
class View:
    """What somebody wants to hear of, and may."""

    wish: EventFilter
    account: str
    is_admin: bool
    hidden: frozenset[str]

    def has(self, row: EventRow) -> bool:
        """Whether *row* is of that."""
        return self.wish.fits(row) and row.may_be_seen(
            self.account, is_admin=self.is_admin, hidden=self.hidden
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """Some messages, and the number of the event up to which they tell."""

    text: bytes
    position: int


class EventRing:
    """Every event above the number *floor*, up to *newest*."""

    def __init__(self, begin: int, encode: Callable[[EventRow], bytes], most: int = _MOST) -> None:
        self.floor = self.newest = begin
        self._encode = encode
        self._most = most
        self._ids: list[int] = []
        self._rows: list[EventRow] = []
        self._texts: list[bytes] = []
        self._pieces: dict[tuple[View, int], Piece] = {}

    def add(self, rows: Iterable[EventRow], newest: int) -> None:
        """Take in all events after the newest one, up to the number *newest*."""
        for row in rows:
            self._ids.append(row.id)
            self._rows.append(row)
            self._texts.append(self._encode(row))
        self.newest = max(self.newest, newest)
        surplus = len(self._ids) - self._most
        if surplus > 0:
            self.floor = self._ids[surplus - 1]
            del self._ids[:surplus], self._rows[:surplus], self._texts[:surplus]
        self._pieces.clear()

    def piece(self, view: View, position: int) -> Piece:
        """What *view* has of the first events after *position*, which is not below the floor."""
        key = (view, position)
        found = self._pieces.get(key)
        if found is None:
            found = self._pieces[key] = self._make(view, position)
        return found

    def has(self, view: View, position: int) -> bool:
        """Whether there is anything for *view* after *position*."""
        return position < self.floor or bool(self.piece(view, position).text)

    def _make(self, view: View, position: int) -> Piece:
        texts, size = [], 0
        for index in range(bisect_right(self._ids, position), len(self._ids)):
            if not view.has(self._rows[index]):
                continue
            texts.append(self._texts[index])
            size += len(texts[-1])
            if size >= PIECE_BYTES:
                return Piece(b"".join(texts), self._ids[index])
        return Piece(b"".join(texts), self.newest)
