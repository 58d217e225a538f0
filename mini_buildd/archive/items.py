"""What a package brings to each index: items with their keys and texts."""

import hashlib
from collections.abc import Iterable

from mini_buildd.archive.chunks import Item
from mini_buildd.archive.plan import BinaryText, SourceText


def packages_item(binary: BinaryText, *, is_short: bool) -> Item:
    """The paragraph for Packages; *is_short* where the long description is in Translation-en."""
    text = binary.paragraph
    if is_short:
        head, _, description = text.partition("\nDescription: ")
        short = description.partition("\n")[0]
        if description:
            digest = _description_md5(description)
            text = f"{head}\nDescription: {short}\nDescription-md5: {digest}\n"
    key = f"{binary.package}\0{binary.version}\0{binary.architecture}"
    return Item(key.encode(), text.encode() + b"\n")


def translation_items(binaries: Iterable[BinaryText]) -> list[Item]:
    """The descriptions of one or more packages for Translation-en, each once."""
    found: dict[bytes, Item] = {}
    for binary in binaries:
        description = binary.paragraph.partition("\nDescription: ")[2]
        if description:
            digest = _description_md5(description)
            key = f"{binary.package}\0{digest}".encode()
            text = (
                f"Package: {binary.package}\nDescription-md5: {digest}\n"
                f"Description-en: {description}\n"
            )
            found[key] = Item(key, text.encode())
    return [found[key] for key in sorted(found)]


def _description_md5(description: str) -> str:
    """RepositoryFormat, "Description-md5": over the field as it stands, with its last line feed.

    The description is the last field of our paragraphs (deb.binary.packages_paragraph).
    """
    return hashlib.md5(description.encode(), usedforsecurity=False).hexdigest()


def sources_item(source: SourceText) -> Item:
    """The paragraph for Sources."""
    return Item(f"{source.source}\0{source.version}".encode(), source.paragraph.encode() + b"\n")
