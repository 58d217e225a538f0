"""Binary packages: what a .deb or .udeb says of itself, and its paragraph in Packages."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mini_buildd.deb.container import open_tar
from mini_buildd.deb.deb822 import MalformedControl, Paragraph, parse_paragraph
from mini_buildd.deb.names import Architecture, Component, PackageName, SourceName
from mini_buildd.deb.tar import Bounds, TarReader
from mini_buildd.deb.version import Version
from mini_buildd.kit.hashing import Digests

# Of the control files: the checksums of 200,000 files are 20 MB.
_CONTROL_BOUNDS = Bounds(unpacked_bytes=64 << 20, members=1000)
_MAX_CONTROL_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class BinaryPackage:
    """The control data of one binary package, parsed into types."""

    package: PackageName
    version: Version
    architecture: Architecture
    source: SourceName
    source_version: Version
    section: str
    component: Component  # the archive area that the section names (Debian Policy 2.4)
    is_udeb: bool
    paragraph: Paragraph

    @property
    def is_debug(self) -> bool:
        """Whether it has debug symbols only, as debhelper makes such packages."""
        says_so = self.paragraph.get("Auto-Built-Package") == "debug-symbols"
        section = self.section.rpartition("/")[2]
        return says_so or (self.package.endswith("-dbgsym") and section == "debug")

    @property
    def stem(self) -> str:
        """Its file's name in an archive, without the ending."""
        return f"{self.package}_{self.version.without_epoch}_{self.architecture}"


def read_binary(path: Path) -> BinaryPackage:
    """Read the control file of the .deb or .udeb at *path*.

    Raises MalformedControl or MalformedName when it is not a well-formed package.
    """
    try:
        with path.open("rb") as deb:
            return binary_of(deb, is_udeb=path.name.endswith(".udeb"))
    except (OSError, MalformedControl) as error:
        raise MalformedControl(f"{path.name} is not a Debian package: {error}") from None


def binary_of(deb: IO[bytes], *, is_udeb: bool) -> BinaryPackage:
    """The same of an open one."""
    paragraph = parse_paragraph(_control(deb))
    package_name = PackageName(paragraph.require("Package"))
    version = Version(paragraph.require("Version"))
    source, _, source_version = (paragraph.get("Source") or package_name).partition(" ")
    section = paragraph.get("Section") or ""
    area, slash, _ = section.partition("/")
    return BinaryPackage(
        package=package_name,
        version=version,
        architecture=Architecture(paragraph.require("Architecture")),
        source=SourceName(source),
        source_version=Version(source_version.strip("() ") or version),
        section=section,
        component=Component(area if slash else "main"),
        is_udeb=is_udeb,
        paragraph=paragraph,
    )


def _control(deb: IO[bytes]) -> bytes:
    with open_tar(deb, "control") as (stream, _):
        files = TarReader(stream, _CONTROL_BOUNDS)
        for member in files:
            if member.name == b"control" and member.is_regular:
                return files.read(_MAX_CONTROL_BYTES)
    raise MalformedControl("it has no control file")


# Left out of Packages: what is the archive's to say, whatever a package says of it. The description
# comes last.
_REMADE = frozenset(
    {"filename", "size", "md5sum", "sha1", "sha256", "sha512", "description-md5", "description"}
)


def packages_paragraph(binary: BinaryPackage, digests: Digests, *, filename: str) -> str:
    """The paragraph of *binary* in a Packages index (RepositoryFormat, "Packages" indices).

    *filename* is relative to the archive's root. The text ends without an empty line.
    """
    paragraph = binary.paragraph
    lines = [paragraph.format(name) for name in paragraph.fields if name not in _REMADE]
    lines += [
        f"Filename: {filename}",
        f"Size: {digests.size_bytes}",
        f"MD5sum: {digests.md5}",
        f"SHA256: {digests.sha256}",
        *([paragraph.format("description")] if paragraph.get("Description") else []),
    ]
    return "\n".join(lines) + "\n"
