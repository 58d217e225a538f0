"""Choices for columns that hold one of the domain's enums."""

from enum import StrEnum


def choices(kind: type[StrEnum]) -> list[tuple[str, str]]:
    """Django's form of the members of *kind*."""
    return [(member.value, member.value.replace("_", "-")) for member in kind]
