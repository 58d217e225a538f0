"""The .dsc of a source package (dsc(5), Debian Policy 5.4) and its paragraph in Sources."""

from dataclasses import dataclass

from mini_buildd.deb.deb822 import Paragraph, parse_paragraph
from mini_buildd.deb.files import ListedFile, parse_files
from mini_buildd.deb.names import ArchitectureWildcard, PackageName, SourceName
from mini_buildd.deb.version import Version
from mini_buildd.kit.hashing import Digests

_KNOWN_FORMATS = ("1.0", "3.0 (quilt)", "3.0 (native)", "3.0 (git)")


@dataclass(frozen=True, slots=True)
class Dsc:
    """What a .dsc says, parsed into types, and its fields as they stood."""

    format: str
    source: SourceName
    version: Version
    architectures: tuple[ArchitectureWildcard, ...]
    binaries: tuple[PackageName, ...]
    files: tuple[ListedFile, ...]
    paragraph: Paragraph

    @property
    def is_known_format(self) -> bool:
        """Whether dpkg-source of every supported release unpacks it."""
        return self.format in _KNOWN_FORMATS


def parse_dsc(data: bytes) -> Dsc:
    """Parse the (signed) text of a .dsc; raises MalformedControl, MalformedName."""
    paragraph = parse_paragraph(data)
    return Dsc(
        format=paragraph.get("Format") or "1.0",
        source=SourceName(paragraph.require("Source")),
        version=Version(paragraph.require("Version")),
        architectures=tuple(
            ArchitectureWildcard(word) for word in paragraph.require("Architecture").split()
        ),
        binaries=tuple(
            PackageName(word.strip()) for word in (paragraph.get("Binary") or "").split(",") if word
        ),
        files=parse_files(paragraph),
        paragraph=paragraph,
    )


# Left out of Sources: Source is renamed to Package, the file lists are made anew, and the rest is
# the archive's to say, whatever a .dsc says of it.
_REMADE = frozenset(
    {"source", "package", "directory", "priority", "section", "files"}
    | {f"checksums-{digest}" for digest in ("md5", "sha1", "sha256", "sha512")}
)


def sources_paragraph(
    dsc: Dsc, files: dict[str, Digests], *, directory: str, section: str, priority: str
) -> str:
    """The paragraph of *dsc* in a Sources index (RepositoryFormat, "Sources" indices).

    *files* holds every file of the source package, the .dsc itself too, by name; *directory* is
    relative to the archive's root. The text ends without an empty line.
    """
    lines = [f"Package: {dsc.source}"]
    lines += [dsc.paragraph.format(name) for name in dsc.paragraph.fields if name not in _REMADE]
    lines.append(f"Directory: {directory}")
    lines += [f"Priority: {priority or 'optional'}", f"Section: {section or 'misc'}"]
    for field, digest in (("Files", "md5"), ("Checksums-Sha256", "sha256")):
        lines.append(f"{field}:")
        lines += [
            f" {getattr(digests, digest)} {digests.size_bytes} {name}"
            for name, digests in sorted(files.items())
        ]
    return "\n".join(lines) + "\n"
