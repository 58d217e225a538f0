"""What the fields of a .changes must hold that say nothing on files (deb-changes(5), Policy 5.6).

Each rule raises a Rejection of its own. dpkg-genchanges writes all of them well; what does not was
written by something else, or edited.
"""

import re
from collections.abc import Callable, Collection
from email.utils import parsedate_to_datetime

from mini_buildd.deb.changes import Changes
from mini_buildd.deb.names import MalformedName, PackageName
from mini_buildd.domain import problem

_FORMAT = "1.8"
# Policy 5.6.17; a remark may follow: "high (HIGH for users of diversions)".
_URGENCIES = ("low", "medium", "high", "emergency", "critical")
_URGENCY = re.compile(r"([A-Za-z]+)(?:[ \t(].*)?", re.DOTALL)
_MAX_NAME = 250
_PERSON = re.compile(r"[^<>\n]{1,250} <[^<>@\s]+@[^<>@\s]+>")
_BUG = re.compile(r"[0-9]{1,9}")
_MAX_BUGS = 1000
_DESCRIPTION = re.compile(r"(\S+)\s+-(?:\s.*)?")
_OF_PACKAGE = re.compile(r"[^_]+_[^_]+_([^_.]+)\.(?:deb|udeb|ddeb)")


def check_format(changes: Changes) -> None:
    """It is written in the one format of today."""
    if changes.format.strip() != _FORMAT:
        raise problem.ChangesFormatUnknown(
            expected=f"Format: {_FORMAT}",
            found=_shown(changes.format),
            hint=problem.ChangesFormatUnknown.next_step,
        )


def check_date(changes: Changes) -> None:
    """Date is one as in mails (RFC 5322)."""
    try:
        parsedate_to_datetime(changes.date)
    except (ValueError, OverflowError):
        raise problem.DateMalformed(
            expected="Date: as date -R writes it, such as Fri, 20 Nov 2026 12:00:00 +0000",
            found=_shown(changes.date),
            hint=problem.DateMalformed.next_step,
        ) from None


def check_people(changes: Changes) -> None:
    """Maintainer and Changed-By can be told and reached."""
    for field, value in (("Maintainer", changes.maintainer), ("Changed-By", changes.changed_by)):
        if not _PERSON.fullmatch(value.strip()):
            raise problem.PersonMalformed(
                expected=f"{field}: a name and a mail address, such as Pat <pat@example.org>",
                found=_shown(value),
                hint=problem.PersonMalformed.next_step,
            )


def urgency_of(changes: Changes) -> str:
    """The urgency, in lower case and without a remark; raises UrgencyUnknown."""
    match = _URGENCY.fullmatch(changes.urgency.strip())
    word = match[1].lower() if match is not None else ""
    if word not in _URGENCIES:
        raise problem.UrgencyUnknown(
            expected=f"Urgency: one of {', '.join(_URGENCIES)}",
            found=_shown(changes.urgency),
            hint=problem.UrgencyUnknown.next_step,
        )
    return word


def bugs_of(changes: Changes) -> tuple[int, ...]:
    """The bugs that it closes, each once; raises ClosesMalformed."""
    odd = [word for word in changes.closes if not _BUG.fullmatch(word)]
    if odd or len(changes.closes) > _MAX_BUGS:
        raise problem.ClosesMalformed(
            expected=f"Closes: numbers of bugs, with blanks between, at most {_MAX_BUGS}",
            found=_shown(" ".join(odd)) if odd else f"{len(changes.closes)} of them",
            hint=problem.ClosesMalformed.next_step,
        )
    return tuple(dict.fromkeys(int(word) for word in changes.closes))


def check_descriptions(changes: Changes) -> None:
    """Each line of Description is a binary package with its short description."""
    for line in changes.descriptions:
        match = _DESCRIPTION.fullmatch(line)
        if match is None or not _is_package(match[1]):
            raise problem.DescriptionMalformed(
                expected="lines such as: hello - example package",
                found=_shown(line),
                hint=problem.DescriptionMalformed.next_step,
            )


def _is_package(text: str) -> bool:
    try:
        PackageName(text)
    except MalformedName:
        return False
    return True


def check_architectures(changes: Changes) -> None:
    """The files are for the architectures that the field Architecture names."""
    matches = (_OF_PACKAGE.fullmatch(file.name) for file in changes.files)
    needed = {match[1] for match in matches if match is not None}
    if any(file.name.endswith(".dsc") for file in changes.files):
        needed.add("source")
    absent = sorted(needed - set(changes.architectures))
    if absent:
        raise problem.ArchitectureDiffers(
            expected=f"Architecture: with {' and '.join(absent)}, as there are files for it",
            found=f"Architecture: {' '.join(changes.architectures)}",
            hint=problem.ArchitectureDiffers.next_step,
        )


def check_binaries(changes: Changes, of_source: Collection[str]) -> None:
    """Binary names no packages but those *of_source*, and their debug symbols."""
    odd = [name for name in changes.binaries if name.removesuffix("-dbgsym") not in of_source]
    if odd:
        raise problem.BinaryDiffers(
            expected=f"Binary: of {_shown(' '.join(of_source))}, which the .dsc names",
            found=_shown(" ".join(odd)),
            hint=problem.BinaryDiffers.next_step,
        )


RULES: tuple[Callable[[Changes], object], ...] = (
    check_format,
    check_date,
    check_people,
    urgency_of,
    bugs_of,
    check_descriptions,
    check_architectures,
)
"""Those on the .changes alone, in the order in which they are asked."""


def _shown(text: str) -> str:
    """*text* for a person, within bounds; that there is none is said."""
    line = " ".join(text.split())
    return (line if len(line) <= _MAX_NAME else f"{line[:_MAX_NAME]}…") or "nothing"
