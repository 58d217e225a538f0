"""What a client of FTP sees: one empty folder, and a way to drop files into it."""

from collections.abc import Sequence
from typing import Any

from twisted.cred.portal import IRealm
from twisted.internet import defer
from twisted.protocols import ftp
from twisted.python.failure import Failure
from zope.interface import implementer

from mini_buildd.deb.names import MalformedName, PlainFilename
from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.ftp_data import NoRoom, SpoolConsumer
from mini_buildd.incoming.spool import Arrival, SpoolFull


class NameRefused(ftp.FTPCmdError):
    """A name that no file of an upload can have."""

    errorCode = ftp.FILENAME_NOT_ALLOWED


# Twisted's own text says nothing of the cause.
ftp.RESPONSE[ftp.FILENAME_NOT_ALLOWED] = "553 Not a plain file name: %s"


@implementer(ftp.IWriteFile)
class IncomingFile:
    """One STOR, from its first byte to the arrival in the spool."""

    def __init__(self, shell: "IncomingShell", name: PlainFilename) -> None:
        self._shell = shell
        self._name = name
        self._consumer = SpoolConsumer(shell.dock.spool.open_part(), shell.dock)
        self._has_arrived = False

    def receive(self) -> defer.Deferred[SpoolConsumer]:
        """Where the data goes (IWriteFile)."""
        return defer.succeed(self._consumer)

    def close(self) -> defer.Deferred[None]:
        """Make it durable before the client is told that it is done (IWriteFile)."""
        if self._consumer.failure is not None:
            return defer.succeed(None)
        done: Any = self._consumer.land(self._name, self._shell.peer)
        landed: defer.Deferred[None] = done.addCallbacks(self._arrived, self._not_stored)
        return landed

    def finish(self) -> Exception | None:
        """Why it did not arrive, or None; what was received is forgotten then."""
        if self._has_arrived:
            return None
        if self._consumer.failure is None:
            self._consumer.fail(ConnectionAbortedError("the transfer never began"))
        return self._consumer.failure

    def _arrived(self, arrival: Arrival) -> None:
        del arrival
        self._has_arrived = True

    def _not_stored(self, failure: Failure) -> None:
        failure.trap(OSError)
        self._consumer.fail(NoRoom(str(failure.value)))


def _refused(*_: object, **__: object) -> defer.Deferred[Any]:
    return defer.fail(ftp.PermissionDeniedError("this is a drop box"))


@implementer(ftp.IFTPShell)
class IncomingShell:
    """What a client sees: one empty folder that files can be dropped into."""

    def __init__(self, dock: Dock) -> None:
        self.dock = dock
        self.peer = ""
        self.file: IncomingFile | None = None

    makeDirectory = removeDirectory = removeFile = rename = openForReading = stat = staticmethod(
        _refused
    )

    def access(self, path: Sequence[str]) -> defer.Deferred[None]:
        """Any folder may be entered: they are all the same one."""
        del path
        return defer.succeed(None)

    def list(self, path: Sequence[str], keys: Sequence[str] = ()) -> defer.Deferred[list[Any]]:
        """Nobody sees what others sent."""
        del path, keys
        return defer.succeed([])

    def openForWriting(self, path: Sequence[str]) -> defer.Deferred[IncomingFile]:
        """Begin to receive; folders in *path* do not matter, the name must be a plain one."""
        try:
            self.file = IncomingFile(self, PlainFilename(path[-1] if path else ""))
            return defer.succeed(self.file)
        except MalformedName as fault:
            return defer.fail(NameRefused(fault.text))
        except (SpoolFull, OSError) as fault:
            return defer.fail(NoRoom(str(fault)))


@implementer(IRealm)
class IncomingRealm:
    """Everybody is anonymous here: trust comes from the signature on the .changes."""

    def __init__(self, dock: Dock) -> None:
        self._dock = dock

    def requestAvatar(self, avatarId: object, mind: object, *interfaces: object) -> Any:
        """A shell for the session (IRealm)."""
        del avatarId, mind, interfaces
        return ftp.IFTPShell, IncomingShell(self._dock), lambda: None
