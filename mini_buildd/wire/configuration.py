"""The file that a configuration is exported to and imported from: TOML, with comments.

The same configuration gives the same text, so that a repository of files shows what has changed.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from mini_buildd.domain.configuration import (
    Address,
    Configuration,
    FieldShape,
    Shape,
    Value,
    ValueKind,
)
from mini_buildd.domain.problem import ConfigurationMalformed

Shapes = Mapping[tuple[str, ...], Shape]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TYPES = {ValueKind.TEXT: str, ValueKind.NUMBER: int, ValueKind.TRUTH: bool}

_HEAD = """\
# The configuration of an instance of mini-buildd, as "mini-buildd config export" writes it.
#
# What is not named is at its default. No secret is in it: accounts have no passwords or tokens.
# "mini-buildd config diff FILE" tells in what an instance differs from it, and
# "mini-buildd config import FILE" brings that about.
"""


# --- writing ------------------------------------------------------------------


def write_configuration(configuration: Configuration, shapes: Shapes) -> str:
    """The text of the file."""
    return "".join([_HEAD, *_Writer(configuration, shapes).lines()])


class _Writer:
    """Writes each thing with those below it; what a value means stands at the first of its kind."""

    def __init__(self, configuration: Configuration, shapes: Shapes) -> None:
        self._configuration, self._shapes = configuration, shapes
        self._explained: set[tuple[tuple[str, ...], str]] = set()
        self._below: dict[Address, list[Address]] = {}
        for address in configuration:
            self._below.setdefault(address[:-2], []).append(address)

    def lines(self, above: Address = ()) -> Iterator[str]:
        order = list(self._shapes)
        addresses = self._below.get(above, [])
        for address in sorted(addresses, key=lambda each: order.index(each[::2])):
            yield from self._thing(address)
            yield from self.lines(address)

    def _thing(self, address: Address) -> Iterator[str]:
        shape = self._shapes[address[::2]]
        yield "\n"
        if (shape.path, "") not in self._explained:
            self._explained.add((shape.path, ""))
            yield f"# {shape.text}\n"
        keys = address[:-1] if shape.key else address
        head = ".".join(_key(each) for each in keys)
        yield f"[[{head}]]\n" if shape.key else f"[{head}]\n"
        for name in shape.fields:
            value = self._configuration[address].get(name)
            if value is not None:
                yield from self._value(shape, name, value)

    def _value(self, shape: Shape, name: str, value: Value) -> Iterator[str]:
        text = shape.fields[name].text
        if text and (shape.path, name) not in self._explained:
            self._explained.add((shape.path, name))
            yield f"# {text}\n"
        yield f"{_key(name)} = {_written(value)}\n"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_quoted, value))}]"
    text = str(value)
    return _in_lines(text) if "\n" in text else _quoted(text)


def _quoted(text: str) -> str:
    escaped = "".join(_ESCAPED.get(each, each) for each in text)
    return f'"{_CONTROL.sub(_numbered, escaped)}"'


def _in_lines(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r")
    return f'"""\n{_CONTROL.sub(_numbered, escaped)}"""'


def _numbered(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


# --- reading ------------------------------------------------------------------


def read_configuration(text: str, shapes: Shapes) -> Configuration:
    """What the file says; raises ConfigurationMalformed with all that is wrong."""
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # the latter, and numbers of any length, too
        raise _malformed([str(error)]) from None
    reader = _Reader(shapes)
    reader.things((), (), data)
    if reader.errors:
        raise _malformed(reader.errors)
    return reader.found


class _Reader:
    """Takes what is known, and collects what is wrong."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self.found: dict[Address, Mapping[str, Value]] = {}
        self.errors: list[str] = []

    def things(self, above: Address, path: tuple[str, ...], data: Mapping[str, Any]) -> None:
        """All things below one; *data* has a table for each kind of them."""
        known = self._kinds(path)
        for name in data:
            if name not in known:
                self._wrong(above, f"{name}: unknown; known are {', '.join(sorted(known))}")
        for name in known:
            if name in data:
                self._kind((*above, name), known[name], data[name])

    def _kinds(self, path: tuple[str, ...]) -> Mapping[str, Shape]:
        return {each[-1]: shape for each, shape in self._shapes.items() if each[:-1] == path}

    def _kind(self, above: Address, shape: Shape, data: Any) -> None:
        if shape.key:
            if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
                self._wrong(above, f"expected tables [[{'.'.join(above)}]]")
                return
            for each in data:
                own = {name: value for name, value in each.items() if name in shape.fields}
                self._thing((*above, shape.name_of(own)), shape, each)
            return
        if not isinstance(data, dict) or not all(isinstance(each, dict) for each in data.values()):
            self._wrong(above, f"expected tables [{'.'.join(above)}.NAME]")
            return
        for name, each in data.items():
            self._thing((*above, name), shape, each)

    def _thing(self, address: Address, shape: Shape, data: Mapping[str, Any]) -> None:
        below = self._kinds(shape.path)
        known = [*shape.fields, *below]
        values = {}
        for name, value in data.items():
            if name in shape.fields:
                values[name] = self._value(address, shape.fields[name], value)
            elif name not in below:
                self._wrong(address, f"{name}: unknown; known are {', '.join(sorted(known))}")
        if address in self.found:
            self._wrong(address, "it is there twice")
        self.found[address] = shape.told(values)
        self.things(address, shape.path, {name: data[name] for name in below if name in data})

    def _value(self, address: Address, shape: FieldShape, value: Any) -> Value:
        if shape.kind is ValueKind.TEXTS:
            if isinstance(value, list) and all(isinstance(each, str) for each in value):
                return tuple(value)
        elif type(value) is _TYPES[shape.kind]:
            return cast("Value", value)
        self._wrong(address, f"{shape.name}: expected {shape.kind}, found {value!r}")
        return None

    def _wrong(self, address: Address, text: str) -> None:
        self.errors.append(": ".join([*(".".join(address),) * bool(address), text]))


def _malformed(errors: Sequence[str]) -> ConfigurationMalformed:
    return ConfigurationMalformed(
        expected="a file as mini-buildd config export writes it",
        found="; ".join(errors),
        hint="Correct these; nothing was changed.",
    )
