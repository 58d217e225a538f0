"""The .changes file of an upload or a build (deb-changes(5), Debian Policy 5.5)."""

import re
from dataclasses import dataclass

from mini_buildd.deb.deb822 import MalformedControl, parse_paragraph
from mini_buildd.deb.files import ListedFile, parse_files
from mini_buildd.deb.names import ArchitectureWildcard, SourceName
from mini_buildd.deb.version import Version

_BINARY_ONLY = re.compile(r"\+b[0-9]+\Z")


@dataclass(frozen=True, slots=True)
class Changes:
    """What a .changes says, parsed into types.

    The *source_version* differs from the *version* in a binNMU only. What says nothing on files
    is as it was written, and may be anything: domain.upload_fields has the rules.
    """

    source: SourceName
    version: Version
    source_version: Version
    is_binary_only: bool
    distribution: str
    architectures: tuple[ArchitectureWildcard, ...]
    urgency: str
    changed_by: str
    changes: str
    files: tuple[ListedFile, ...]
    format: str = ""
    date: str = ""
    maintainer: str = ""
    binaries: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()

    def only(self, suffix: str) -> ListedFile | None:
        """The one file that ends in *suffix*; None when there is none or more than one."""
        found = [file for file in self.files if file.name.endswith(suffix)]
        return found[0] if len(found) == 1 else None


def parse_changes(data: bytes) -> Changes:
    """Parse the signed text of a .changes; raises MalformedControl, MalformedName."""
    paragraph = parse_paragraph(data)
    source, _, in_parentheses = paragraph.require("Source").partition(" ")
    version = Version(paragraph.require("Version"))
    if in_parentheses and in_parentheses != f"({version})" and not _is_binary_only(version):
        # "Source: hello (1.0)" differs from Version in a binNMU only (deb-changes(5)).
        raise MalformedControl(f"Source says {in_parentheses}, Version says {version}")
    distributions = paragraph.require("Distribution").split()
    if len(distributions) != 1:
        raise MalformedControl("field Distribution does not hold exactly one name")
    return Changes(
        source=SourceName(source),
        version=version,
        source_version=Version(in_parentheses.strip("()") or version),
        is_binary_only=(paragraph.get("Binary-Only") or "").strip() == "yes",
        distribution=distributions[0],
        architectures=tuple(
            ArchitectureWildcard(word) for word in paragraph.require("Architecture").split()
        ),
        urgency=paragraph.get("Urgency") or "medium",
        changed_by=paragraph.get("Changed-By") or paragraph.get("Maintainer") or "",
        changes=_without_dots(paragraph.get("Changes") or ""),
        files=parse_files(paragraph),
        format=paragraph.get("Format") or "",
        date=paragraph.get("Date") or "",
        maintainer=paragraph.get("Maintainer") or "",
        binaries=tuple((paragraph.get("Binary") or "").split()),
        descriptions=tuple(paragraph.lines("Description")),
        closes=tuple((paragraph.get("Closes") or "").split()),
    )


def _is_binary_only(version: Version) -> bool:
    return _BINARY_ONLY.search(version) is not None


def _without_dots(text: str) -> str:
    """A line of one full stop stands for an empty line (Debian Policy 5.6.19)."""
    return "\n".join("" if line.strip() == "." else line for line in text.split("\n"))
