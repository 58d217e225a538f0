"""Binary packages: what a .deb or .udeb says of itself, and its paragraph in Packages."""

from dataclasses import dataclass
from pathlib import Path

from debian.debfile import DebFile

from mini_buildd.deb.deb822 import MalformedControl, Paragraph, parse_paragraph
from mini_buildd.deb.names import Architecture, Component, PackageName, SourceName
from mini_buildd.deb.version import Version
from mini_buildd.kit.hashing import Digests


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


def read_binary(path: Path) -> BinaryPackage:
    """Read the control file of the .deb or .udeb at *path*.

    Raises MalformedControl or MalformedName when it is not a well-formed package.
    """
    try:
        with DebFile(str(path)) as package:
            control = package.control.get_content("control")
    except Exception as error:  # noqa: BLE001  # ar, tar and every decompressor raise their own
        raise MalformedControl(f"{path.name} is not a Debian package: {error}") from None
    if control is None:
        raise MalformedControl(f"{path.name} has no control file")
    paragraph = parse_paragraph(control)
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
        is_udeb=path.name.endswith(".udeb"),
        paragraph=paragraph,
    )


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
