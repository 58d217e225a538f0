"""The configuration of an instance as a whole: what it is made of, and how two of them differ.

It is a map from addresses to values. An address names a thing below another: ("layout", "default",
"suite", "unstable"). Of values only those are told that are not at their default.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Address = tuple[str, ...]
Value = str | int | bool | tuple[str, ...] | None
Values = Mapping[str, Value]
Configuration = Mapping[Address, Values]


class ValueKind(StrEnum):
    """What a value is, in words for people."""

    TEXT = "a text"
    NUMBER = "a whole number"
    TRUTH = "true or false"
    TEXTS = "a list of texts"


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One value of a thing; *text* says what it means."""

    name: str
    kind: ValueKind
    default: Value = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of things: ("layout", "suite") are the suites of layouts.

    Those with a *key* have no name of their own; these fields tell one from another.
    """

    path: tuple[str, ...]
    text: str
    fields: Mapping[str, FieldShape] = field(default_factory=dict)
    key: tuple[str, ...] = ()

    def name_of(self, values: Values) -> str:
        """How one is called that has no name: by what it is known by."""
        return ", ".join(
            str(values[name]) if name == self.key[0] else f"{name} {values[name]}"
            for name in self.key
            if values.get(name)
        )

    def told(self, values: Values) -> Values:
        """Those of *values* that are not at their default."""
        return {name: value for name, value in values.items() if value != self.fields[name].default}


class Fate(StrEnum):
    """What becomes of a thing."""

    NEW = "+"
    CHANGED = "~"
    GONE = "-"


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """What an import does, or would do, to the thing at an address."""

    fate: Fate
    address: Address
    before: Values = field(default_factory=dict)
    after: Values = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The thing: "layout default, suite unstable"."""
        pairs = zip(self.address[::2], self.address[1::2], strict=True)
        return ", ".join(f"{kind} {name}" for kind, name in pairs)

    def lines(self) -> Iterator[str]:
        """The change as people read it."""
        yield f"{self.fate} {self.name}"
        for name in sorted({*self.before, *self.after} if self.fate is not Fate.GONE else ()):
            old, new = self.before.get(name), self.after.get(name)
            if old != new:
                yield f"    {name}: {_short(old)} → {_short(new)}"


def _short(value: Value) -> str:
    if value is None:
        return "default"
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    first = text.splitlines()[0] if text else '""'
    return first if first == text or not text else f"{first} … ({len(text.splitlines())} lines)"


def compare(old: Configuration, new: Configuration) -> Sequence[ConfigChange]:
    """What is to be done for *old* to become *new*: first what is new or changed, in its order."""
    found = []
    for address, values in new.items():
        if address not in old:
            found.append(ConfigChange(Fate.NEW, address, {}, values))
        elif dict(old[address]) != dict(values):
            found.append(ConfigChange(Fate.CHANGED, address, old[address], values))
    gone = [address for address in old if address not in new]
    found += [ConfigChange(Fate.GONE, each, old[each]) for each in reversed(gone)]
    return found
