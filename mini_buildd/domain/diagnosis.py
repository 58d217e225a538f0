"""What the doctor finds: one diagnosis a subject, with the command that mends."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"  # builds work, but something is slower or guarded less than it could be
    LACKS = "lacks"  # builds cannot work


class Part(StrEnum):
    """What a subject belongs to; the order is that in which a person mends them."""

    USER = "user and namespaces"
    PROGRAMS = "programs"
    ROOM = "room"
    ARCHIVE = "base archive"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One of them; *mend* is a command for a shell, or empty where only a person can tell."""

    part: Part
    subject: str
    mark: Mark
    expected: str
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at, and what is expected of it."""

    part: Part
    name: str
    expected: str

    def ok(self, found: str) -> Diagnosis:
        """It is as expected."""
        return Diagnosis(self.part, self.name, Mark.OK, self.expected, found)

    def note(self, found: str, mend: str = "") -> Diagnosis:
        """It could be better."""
        return Diagnosis(self.part, self.name, Mark.NOTE, self.expected, found, mend)

    def lacks(self, found: str, mend: str = "") -> Diagnosis:
        """Builds cannot work like that."""
        return Diagnosis(self.part, self.name, Mark.LACKS, self.expected, found, mend)


def can_build(diagnoses: Iterable[Diagnosis]) -> bool:
    """Whether nothing is lacking."""
    return all(each.mark is not Mark.LACKS for each in diagnoses)
