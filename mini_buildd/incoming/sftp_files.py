"""What a client of SFTP sees: a drop box with what it has dropped itself in this session."""

import posixpath
from dataclasses import dataclass, field

from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from mini_buildd.deb.names import MalformedName, PlainFilename
from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.spool import Arrival, Part, SpoolFull
from mini_buildd.incoming.writing import Sender

# What may wait for the bytes before it; clients send in order, so hardly anything does.
_MAX_EARLY_BYTES = 4 << 20
# Each takes more memory than its bytes, and is counted with every one that comes.
_MAX_EARLY_PIECES = 512


class Refused(Exception):
    """What is asked for is not done here; the text is for the person."""


class Failed(Exception):
    """It could be done, were there room; the text is for the person."""


class IncomingFile:
    """One file from its opening to its arrival in the spool."""

    def __init__(self, dock: Dock, name: PlainFilename, peer: str, sender: Sender) -> None:
        self.name = name
        self._dock = dock
        self._peer = peer
        self._early: dict[int, bytes] = {}
        self._fault = ""
        self.size_bytes = 0
        self._part = _opened(dock)
        self._writing = dock.writing(self._part, sender, self._broken)

    def write(self, offset: int, data: bytes | memoryview) -> None:
        """Take *data*; what comes too early waits. Raises Refused, Failed."""
        if self._fault:
            raise Failed(self._fault)
        if offset == self.size_bytes:
            self._append(data)
            while (found := self._early.pop(self.size_bytes, None)) is not None:
                self._append(found)
        elif offset < self.size_bytes or offset in self._early:
            raise Refused("what was written once stays: begin anew, under the same name")
        else:
            self._keep(offset, data)

    def _append(self, data: bytes | memoryview) -> None:
        try:
            self._writing.write(data)
        except (SpoolFull, OSError) as error:
            self._fail(str(error))
        self.size_bytes += len(data)

    def _keep(self, offset: int, data: bytes | memoryview) -> None:
        is_much = sum(map(len, self._early.values())) + len(data) > _MAX_EARLY_BYTES
        if len(self._early) >= _MAX_EARLY_PIECES or is_much or not data:
            self._fail("this is not how the file begins: send it from its first byte on")
        self._early[offset] = bytes(data)

    def _fail(self, fault: str) -> None:
        self._fault = fault
        self.drop()
        raise Failed(fault)

    def close(self) -> Deferred[Arrival]:
        """All is there: make it durable. Fails with Failed."""
        if not self._fault and self._early:
            self._fault = "a part of the file is missing"
            self.drop()
        if self._fault:
            return fail(Failed(self._fault))
        done = self._dock.land(self._writing, self._part, self.name, self._peer)
        return done.addErrback(self._not_stored)

    def _not_stored(self, failure: Failure) -> Arrival:
        self.drop()
        raise Failed(str(failure.value))

    def drop(self) -> None:
        """It will not come to its end."""
        self._early.clear()
        self._writing.drop(self._part.abort)

    def _broken(self, failure: Failure) -> None:
        self._fault = str(failure.value)
        self.drop()


class Unstoppable:
    """A sender that nobody can slow."""

    def pause(self) -> None:
        """It goes on (Sender)."""

    def resume(self) -> None:
        """It has gone on (Sender)."""


def _opened(dock: Dock) -> Part:
    try:
        return dock.spool.open_part()
    except (SpoolFull, OSError) as error:
        raise Failed(str(error)) from None


@dataclass(slots=True)
class DropBox:
    """The files of one session; folders do not matter, and every one is the same."""

    dock: Dock
    peer: str
    sender: Sender = field(default_factory=Unstoppable)
    arrived: dict[str, int] = field(default_factory=dict)  # size by name
    coming: list[IncomingFile] = field(default_factory=list)

    def open(self, path: str) -> IncomingFile:
        """Begin to receive; raises Refused, Failed."""
        name = posixpath.basename(path)
        try:
            file = IncomingFile(self.dock, PlainFilename(name), self.peer, self.sender)
        except MalformedName:
            raise Refused(f"not a plain file name: {name[:80]!r}") from None
        self.coming.append(file)
        return file

    def close(self, file: IncomingFile) -> Deferred[None]:
        """It is complete, or was never to be."""
        self.coming.remove(file)
        return file.close().addCallback(self._landed, file)

    def _landed(self, arrival: Arrival, file: IncomingFile) -> None:
        self.arrived[arrival.name] = file.size_bytes

    def size_of(self, path: str) -> int | None:
        """The size of a file of this session; None when there is no such file."""
        name = posixpath.basename(path)
        for file in self.coming:
            if file.name == name:
                return file.size_bytes
        return self.arrived.get(name)

    def is_folder(self, path: str) -> bool:
        """Whether *path* is a folder: one that has no full stop, since the files here all do."""
        return "." not in posixpath.basename(absolute(path))

    def end(self) -> None:
        """The session is over: forget what is half received."""
        for file in self.coming:
            file.drop()
        self.coming.clear()


def absolute(path: str) -> str:
    """*path* from the root on, without detours."""
    return posixpath.normpath(posixpath.join("/", path)).replace("//", "/", 1)
