"""Files that come in several goes, kept over restarts of the servers.

    resumable/<token>        what has come so far; gone once the file has arrived
    resumable/<token>.json   its name and length

The place to go on from is the size of the file. Nobody relies on it for what the bytes are: that is
for the digest in the signed .changes to say.
"""

import contextlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.deb.names import MalformedName, PlainFilename
from mini_buildd.domain import transfer
from mini_buildd.incoming.spool import ENTRY_BYTES, Arrival, Spool
from mini_buildd.kit.pieces import write_pieces

_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Resumable:
    """A file that is to have *length_bytes*; *path* is where it grows."""

    token: str
    name: PlainFilename
    length_bytes: int
    path: Path

    @property
    def record(self) -> Path:
        """What is known of it."""
        return self.path.with_name(f"{self.token}.json")

    def offset_bytes(self) -> int:
        """How much of it is there."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return self.length_bytes  # it has arrived


class ResumablePart:
    """A go at *resumable*, from where it stands."""

    def __init__(self, spool: Spool, resumable: Resumable) -> None:
        self._spool = spool
        self._resumable = resumable
        self._stream = resumable.path.open("ab", buffering=0)
        self.begin_bytes = self.size_bytes = os.fstat(self._stream.fileno()).st_size

    def claim(self, more_bytes: int) -> None:
        """Count what is to come; raises SpoolFull, RequestMalformed (Sink)."""
        if self.size_bytes + more_bytes > self._resumable.length_bytes:
            raise transfer.RequestMalformed(
                expected=f"the {self._resumable.length_bytes} bytes that were announced",
                found="more",
                hint="Begin anew with the length that the file has.",
            )
        self._spool.claim(more_bytes, self.size_bytes + more_bytes)
        self.size_bytes += more_bytes

    def append(self, pieces: Sequence[bytes | memoryview]) -> None:
        """Write, in whatever thread; raises OSError (Sink)."""
        write_pieces(self._stream.fileno(), pieces)

    def close(self) -> int:
        """Make durable what has come; gives how much is there."""
        if self._stream.closed:
            return self.size_bytes
        try:
            os.fsync(self._stream.fileno())
        finally:
            self._settle()
        return self.size_bytes

    def close_undone(self) -> None:
        """Forget this go."""
        if not self._stream.closed:
            self._stream.truncate(self.begin_bytes)
            self._settle()

    def _settle(self) -> None:
        """Count what is there, which after a fault is less than what was claimed."""
        there = os.fstat(self._stream.fileno()).st_size
        self._stream.close()
        self._spool.release(self.size_bytes - there)
        self.size_bytes = there


class Resumables:
    """Those in the folder *root*, whose bytes count as the *spool*'s."""

    def __init__(self, spool: Spool, root: Path) -> None:
        self._spool = spool
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def recover(self) -> list[Arrival]:
        """Count what a former process has left, and let arrive what it had received wholly.

        For whoever runs the servers, before they run.
        """
        arrivals = []
        for each in self._all():
            if not each.path.exists():
                continue
            self._spool.count(ENTRY_BYTES + each.offset_bytes())
            if each.offset_bytes() == each.length_bytes:
                arrivals.append(self.finish(each))
        return arrivals

    def begin(self, name: PlainFilename, length_bytes: int) -> Resumable:
        """A new one, of which nothing is there; raises SpoolFull, OSError."""
        self._spool.claim(ENTRY_BYTES, length_bytes)
        token = secrets.token_hex(16)
        resumable = Resumable(token, name, length_bytes, self._root / token)
        # Not synced: whoever finds it gone after a power failure begins anew.
        try:
            resumable.record.write_text(json.dumps([name, length_bytes]), encoding="ascii")
            resumable.path.touch(exist_ok=False)
        except OSError:
            self._spool.release(ENTRY_BYTES)
            raise
        return resumable

    def find(self, token: str) -> Resumable:
        """The one called *token*; raises TransferUnknown."""
        if _TOKEN.fullmatch(token):
            with contextlib.suppress(OSError, ValueError, TypeError):
                path = self._root / token
                record = path.with_name(f"{token}.json").read_text(encoding="ascii")
                name, length_bytes = json.loads(record)
                return Resumable(token, PlainFilename(name), int(length_bytes), path)
        raise transfer.TransferUnknown(
            expected="a transfer that is under way",
            found="none of that name; it may have expired",
            hint="Begin anew: POST to /api/v1/incoming/.",
        )

    def open(self, resumable: Resumable) -> ResumablePart:
        """Go on with it."""
        return ResumablePart(self._spool, resumable)

    def finish(self, resumable: Resumable) -> Arrival:
        """Let it arrive; its record stays for a client that has not heard of it."""
        return self._spool.take(resumable.path, resumable.name)

    def remove(self, resumable: Resumable) -> None:
        """Forget it."""
        with contextlib.suppress(FileNotFoundError):
            size_bytes = resumable.path.stat().st_size
            resumable.path.unlink()
            self._spool.release(ENTRY_BYTES + size_bytes)
        resumable.record.unlink(missing_ok=True)

    def expire(self, keep_seconds: int) -> int:
        """Forget those into which nothing has come for so long; returns how many."""
        before = time.time() - keep_seconds
        old = [each for each in self._all() if _touched(each) < before]
        for each in old:
            self.remove(each)
        return len(old)

    def _all(self) -> Iterator[Resumable]:
        for record in sorted(self._root.glob("*.json")):
            with contextlib.suppress(transfer.TransferUnknown, MalformedName):
                yield self.find(record.stem)


def _touched(resumable: Resumable) -> float:
    """When something came of it last, in seconds since the epoch."""
    for path in (resumable.path, resumable.record):
        with contextlib.suppress(FileNotFoundError):
            return path.stat().st_mtime
    return time.time()
