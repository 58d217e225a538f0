"""What an upload asks for in its top changelog entry: ``* MINI_BUILDD_OPTION: key=value``.

``key[trixie-test-unstable]=value`` is for that distribution only, and goes before one without. A
value may go on in the next lines of its item; the line breaks count as blanks.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from mini_buildd.deb.build_options import BuildOption, BuildProfile
from mini_buildd.deb.names import Architecture, MalformedName
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.problem import OptionMalformed, OptionUnknown

_HEADING = re.compile(r"^ ?[a-z0-9][a-z0-9+.-]* \([^()\s]+\)[^;\n]*;", re.IGNORECASE)
_ITEM = re.compile(r"^\s+[*+-]\s+(.*)$")
_PERSON = re.compile(r"^\s*\[ .* \]\s*$")  # whose items follow
_OURS = re.compile(r"MINI[_-]BUILDD?[_-]OPTIONS?\b", re.IGNORECASE)
_OPTION = re.compile(
    r"MINI_BUILDD_OPTION:\s*(?P<key>[a-z][a-z0-9-]*)(?:\[(?P<where>[^\[\]]*)\])?\s*=\s*(?P<value>.*)",
    re.DOTALL,
)
MAX_PRIORITY = 10
_MAX_VALUE = 200  # as there is room for in a job
_SYNTAX = "MINI_BUILDD_OPTION: key=value, or key[codename-repository-suite]=value"


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """All that an upload may ask for, for the distribution that it is for.

    Of *only_architectures* nothing means all.
    """

    profiles: tuple[BuildProfile, ...] = ()
    build_options: tuple[BuildOption, ...] = ()
    only_architectures: tuple[Architecture, ...] = ()
    ignored_architectures: tuple[Architecture, ...] = ()
    priority: int = 0

    def wants(self, architecture: Architecture) -> bool:
        """Whether it is to be built for *architecture*."""
        is_named = not self.only_architectures or architecture in self.only_architectures
        return is_named and architecture not in self.ignored_architectures


@dataclass(slots=True)
class _Option:
    """One option as it is written; *where* is empty for all distributions."""

    text: str
    key: str
    where: tuple[str, ...]
    value: str


def read_options(changes: str, distribution: str) -> UploadOptions:
    """The options for *distribution* of an upload whose .changes says *changes* is new.

    Options for other distributions are checked too. Raises OptionUnknown, OptionMalformed.
    """
    found = _Found()
    for item in _items(changes):
        if _OURS.match(item):
            found.add(_parse(item), distribution)
    return found.merged()


def _items(changes: str) -> Iterator[str]:
    """The items of the top entry, each with the lines that it goes on in."""
    item: list[str] = []
    is_inside = False
    for line in changes.split("\n"):
        if _HEADING.match(line):
            if is_inside:
                break
            is_inside = True
            continue
        begins = _ITEM.match(line)
        ends = not line.strip() or _PERSON.match(line)
        if begins or ends:
            yield from [" ".join(item)] * bool(item)
            item = []
        if begins:
            item = [begins[1].strip()]
        elif item and not ends:
            item.append(line.strip())
    yield from [" ".join(item)] * bool(item)


def _parse(text: str) -> _Option:
    match = _OPTION.fullmatch(text)
    if match is None:
        raise _malformed(_SYNTAX, text)
    key, where, value = match["key"], match["where"], " ".join(match["value"].split())
    if key not in _KEYS:
        raise OptionUnknown(
            expected=f"one of the options {', '.join(sorted(_KEYS))}",
            found=text[:_MAX_VALUE],
            hint="Correct it in the top entry of debian/changelog, build and upload again.",
        )
    if len(value) > _MAX_VALUE:
        raise _malformed(f"a value of {_MAX_VALUE} characters at most", text)
    return _Option(text, key, _names(text, where), value)


def _names(text: str, where: str | None) -> tuple[str, ...]:
    names = tuple(where.split()) if where is not None else ()
    try:
        parsed = tuple(str(DistributionName.parse(name)) for name in names)
    except MalformedName as error:
        raise _malformed(_SYNTAX, f"{text}: {error}") from None
    if where is not None and not parsed:
        raise _malformed(_SYNTAX, text)
    return parsed


def _malformed(expected: str, found: str) -> OptionMalformed:
    return OptionMalformed(
        expected=expected,
        found=found[:_MAX_VALUE],
        hint="Correct it in the top entry of debian/changelog, build and upload again.",
    )


# --- values ---------------------------------------------------------------------------


@dataclass(slots=True)
class _Found:
    """The options that count, by key: those for all distributions, and those for just this."""

    general: dict[str, _Option] = field(default_factory=dict)
    special: dict[str, _Option] = field(default_factory=dict)

    def add(self, option: _Option, distribution: str) -> None:
        """Check *option*, and keep it if it is for *distribution*; each may be there once."""
        _apply(UploadOptions(), option)
        if option.where and distribution not in option.where:
            return
        place = self.special if option.where else self.general
        if option.key in place:
            raise _malformed(f"{option.key} once", f"also {option.text}")
        place[option.key] = option

    def merged(self) -> UploadOptions:
        """What counts in the end."""
        options = UploadOptions()
        for option in {**self.general, **self.special}.values():
            options = _apply(options, option)
        return options


def _apply(options: UploadOptions, option: _Option) -> UploadOptions:
    try:
        return _KEYS[option.key](options, option.value)
    except ValueError as error:
        raise _malformed(f"a value that fits {option.key}", f"{option.text}: {error}") from None


def _words(value: str) -> list[str]:
    if not value:
        raise ValueError("it has no value")
    return value.split()


def _priority(value: str) -> int:
    number = int(value) if re.fullmatch(r"[+-]?[0-9]{1,3}", value) else None
    if number is None or abs(number) > MAX_PRIORITY:
        raise ValueError(f"it is no number from -{MAX_PRIORITY} to {MAX_PRIORITY}")
    return number


_KEYS: Mapping[str, Callable[[UploadOptions, str], UploadOptions]] = {
    "build-profiles": lambda options, value: replace(
        options, profiles=tuple(BuildProfile(word) for word in _words(value))
    ),
    "build-options": lambda options, value: replace(
        options, build_options=tuple(BuildOption(word) for word in _words(value))
    ),
    "only-architectures": lambda options, value: replace(
        options, only_architectures=tuple(Architecture(word) for word in _words(value))
    ),
    "ignore-architectures": lambda options, value: replace(
        options, ignored_architectures=tuple(Architecture(word) for word in _words(value))
    ),
    "priority": lambda options, value: replace(options, priority=_priority(value)),
}
