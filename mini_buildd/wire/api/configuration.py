"""The configuration of the instance, as the JSON API tells of it."""

from dataclasses import dataclass
from typing import ClassVar

from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class ConfigurationText:
    """All of it, without secrets."""

    __pydantic_config__: ClassVar = DESCRIBED

    text: str
    """TOML, with comments; what is at its default is left out."""


@dataclass(frozen=True, slots=True)
class ConfigurationChange:
    """What an import does, or would do, to one thing."""

    __pydantic_config__: ClassVar = DESCRIBED

    fate: str
    """+ it is new, ~ it is changed, - it is removed, or is here and not in the text."""
    name: str
    """The thing: "layout default, suite unstable"."""
    lines: tuple[str, ...]
    """What changes in it, a line each."""


@dataclass(frozen=True, slots=True)
class ConfigurationChanges:
    """All of them, in the order in which they are made."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[ConfigurationChange, ...]
