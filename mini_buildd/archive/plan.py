"""What a version of a suite holds, and the text of each of its indexes.

Formats: https://wiki.debian.org/DebianRepository/Format.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mini_buildd.deb.names import Architecture, Component
from mini_buildd.domain.distribution import DistributionName


@dataclass(frozen=True, slots=True)
class BinaryText:
    """One paragraph for Packages and where it belongs."""

    component: Component
    architecture: Architecture
    is_udeb: bool
    package: str
    text: str


@dataclass(frozen=True, slots=True)
class SourceText:
    """One paragraph for Sources and where it belongs."""

    component: Component
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class SuiteContent:
    """All that version *number* of a suite says; *date* in UTC."""

    distribution: DistributionName
    number: int
    date: datetime
    origin: str
    description: str
    components: tuple[Component, ...]
    architectures: tuple[Architecture, ...]
    not_automatic: bool
    but_automatic_upgrades: bool
    binaries: tuple[BinaryText, ...]
    sources: tuple[SourceText, ...]


def plan_indexes(content: SuiteContent) -> Mapping[str, bytes]:
    """Each index by its path in the suite, uncompressed; also those that are empty.

    A package for all architectures stands in the index of each; a udeb in debian-installer's.
    """
    indexes: dict[str, bytes] = {}
    for component in content.components:
        for architecture in content.architectures:
            for is_udeb in (False, True):
                part = [
                    binary
                    for binary in content.binaries
                    if binary.component == component
                    and binary.is_udeb == is_udeb
                    and binary.architecture in (architecture, "all")
                ]
                if part or not is_udeb:
                    folder = f"{component}/debian-installer" if is_udeb else str(component)
                    indexes[f"{folder}/binary-{architecture}/Packages"] = _join(
                        (binary.package, binary.text) for binary in part
                    )
        indexes[f"{component}/source/Sources"] = _join(
            (source.source, source.text)
            for source in content.sources
            if source.component == component
        )
    return indexes


def _join(paragraphs: Iterable[tuple[str, str]]) -> bytes:
    return "\n".join(text for _, text in sorted(paragraphs)).encode()


@dataclass(frozen=True, slots=True)
class IndexFile:
    """One line of a Release file."""

    path: str
    size_bytes: int
    sha256: str


def release_text(content: SuiteContent, files: Iterable[IndexFile]) -> bytes:
    """The Release file over just these files."""
    name = str(content.distribution)
    lines = [
        f"Origin: {_one_line(content.origin)}",
        f"Label: {_one_line(content.origin)} {content.distribution.repository}",
        f"Suite: {name}",
        f"Codename: {name}",
        f"Version: {content.number}",
        f"Date: {content.date:%a, %d %b %Y %H:%M:%S} UTC",
        f"Architectures: {' '.join(content.architectures)}",
        f"Components: {' '.join(content.components)}",
        f"Description: {_one_line(content.description)}",
        "Acquire-By-Hash: yes",
    ]
    if content.not_automatic:
        lines.append("NotAutomatic: yes")
    if content.but_automatic_upgrades:
        lines.append("ButAutomaticUpgrades: yes")
    lines.append("SHA256:")
    lines += [
        f" {file.sha256} {file.size_bytes:>10} {file.path}"
        for file in sorted(files, key=lambda file: file.path)
    ]
    return ("\n".join(lines) + "\n").encode()


def _one_line(text: str) -> str:
    """*text* of a person, which must not begin another field."""
    return " ".join(text.split())


def sources_text(
    *, url: str, distribution: DistributionName, components: Iterable[Component], key: str
) -> bytes:
    """A deb822 snippet for /etc/apt/sources.list.d with the key in it (sources.list(5))."""
    key_lines = [f" {line}" if line else " ." for line in key.strip().splitlines()]
    lines = [
        "Types: deb deb-src",
        f"URIs: {url}",
        f"Suites: {distribution}",
        f"Components: {' '.join(components)}",
        "Signed-By:",
        *key_lines,
    ]
    return ("\n".join(lines) + "\n").encode()
