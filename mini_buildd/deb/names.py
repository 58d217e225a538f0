"""Names that can only be made by parsing, so that holding one is proof that it is well formed.

A name from outside becomes one of these types or is refused with MalformedName; nothing else is
ever joined to a path.
"""

import re
from typing import ClassVar, Self


class MalformedName(ValueError):
    """A text is not what its place demands."""

    def __init__(self, kind: str, text: str) -> None:
        shown = text if len(text) <= 80 else text[:80] + "…"  # noqa: PLR2004  # one line's worth
        super().__init__(f"{shown!r} is not a {kind}")
        self.kind = kind
        self.text = shown


class Name(str):
    """A str whose making is the check; subclasses give the grammar."""

    __slots__ = ()
    kind: ClassVar[str] = "name"
    grammar: ClassVar[re.Pattern[str]] = re.compile("")

    def __new__(cls, text: str) -> Self:
        """Parse *text*; raises MalformedName."""
        if not cls.grammar.fullmatch(text):
            raise MalformedName(cls.kind, text)
        return super().__new__(cls, text)


class SourceName(Name):
    """Debian Policy 5.6.1: lower case letters, digits, plus, minus, full stop; at least two."""

    __slots__ = ()
    kind = "source package name"
    grammar = re.compile(r"[a-z0-9][a-z0-9+.-]{1,127}")


class PackageName(Name):
    """Debian Policy 5.6.7: as a source package name."""

    __slots__ = ()
    kind = "binary package name"
    grammar = SourceName.grammar


class Architecture(Name):
    """A concrete Debian architecture (amd64), or all."""

    __slots__ = ()
    kind = "architecture"
    grammar = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class ArchitectureWildcard(Name):
    """What an Architecture field may hold: a concrete one, any, all, or like linux-any."""

    __slots__ = ()
    kind = "architecture or wildcard"
    grammar = Architecture.grammar


class Component(Name):
    """An archive area (Debian Policy 2.2) such as main, contrib, non-free-firmware."""

    __slots__ = ()
    kind = "component"
    grammar = re.compile(r"[a-z][a-z0-9-]{0,31}")


class Codename(Name):
    """A release's codename; without a minus, since that separates a distribution's parts."""

    __slots__ = ()
    kind = "codename"
    grammar = re.compile(r"[a-z][a-z0-9]{0,31}")


class PlainFilename(Name):
    """A file name of one part that no shell, path or index can misread.

    The characters are those that Debian's package, version and compression names can have
    (deb-version(7), dpkg-source(1)); it never starts with a dot or a minus.
    """

    __slots__ = ()
    kind = "plain file name"
    grammar = re.compile(r"[A-Za-z0-9+][A-Za-z0-9+.~_:-]{0,199}")


class ArchivePath(Name):
    """A path inside of an archive, as its indexes name files; no part leads up or is hidden."""

    __slots__ = ()
    kind = "path in an archive"
    grammar = re.compile(
        r"(?!.{501})[A-Za-z0-9+_~%][A-Za-z0-9+.~_:%=-]*(?:/[A-Za-z0-9+_~%][A-Za-z0-9+.~_:%=-]*)*"
    )


class Sha256(Name):
    """A SHA-256 digest in lower-case hex."""

    __slots__ = ()
    kind = "SHA-256 digest"
    grammar = re.compile(r"[0-9a-f]{64}")


class Fingerprint(Name):
    """An OpenPGP version 4 or 6 fingerprint in upper-case hex."""

    __slots__ = ()
    kind = "OpenPGP fingerprint"
    grammar = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")


def pool_prefix(source: SourceName) -> str:
    """The folder that shards a pool: "h" for hello, "libz" for libzip (RepositoryFormat)."""
    return source[:4] if source.startswith("lib") and len(source) > len("lib") else source[:1]
