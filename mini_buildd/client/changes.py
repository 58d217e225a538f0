"""A .changes and its files on disk, as they are to be sent."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.deb.changes import Changes, parse_changes
from mini_buildd.deb.clearsigned import text_of
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import MalformedName


class ChangesUnusable(Exception):
    """This cannot be sent; the text says why."""


@dataclass(frozen=True, slots=True)
class LocalUpload:
    """The .changes at *path*; nothing of it is verified here, the instance does that."""

    path: Path
    data: bytes
    changes: Changes

    @classmethod
    def read(cls, path: Path) -> "LocalUpload":
        """Raises ChangesUnusable."""
        try:
            data = path.read_bytes()
            return cls(path, data, parse_changes(text_of(data)))
        except OSError as error:
            raise ChangesUnusable(str(error)) from None
        except (MalformedControl, MalformedName, UnicodeDecodeError) as error:
            raise ChangesUnusable(f"{path} is not a .changes: {error}") from None

    @property
    def sha256(self) -> str:
        """By which the instance knows it."""
        return hashlib.sha256(self.data).hexdigest()

    def text(self) -> str:
        """What the .changes says."""
        return _text(self.path, self.data)

    def dsc_text(self) -> str | None:
        """What its .dsc says; None when there is not one beside it."""
        listed = self.changes.only(".dsc")
        if listed is None:
            return None
        path = self.path.parent / listed.name
        try:
            return _text(path, path.read_bytes())
        except FileNotFoundError:
            return None

    def to_send(self, there_already: Iterable[str] = ()) -> list[Path]:
        """The files to send, the .changes last; raises ChangesUnusable when one is not here."""
        known = set(there_already)
        files = [self.path.parent / file.name for file in self.changes.files]
        wanted = [path for path in files if path.name not in known]
        for path in wanted:
            if not path.is_file():
                raise ChangesUnusable(f"{path} is not there, and the .changes names it")
        return [*wanted, self.path]


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ChangesUnusable(f"{path} is not written in UTF-8") from None
