"""Control data: one paragraph of fields, read strictly (deb822(5)).

Strictly, since a lenient reader lets two programs see two different things in one signed text:
exactly one paragraph, no field twice, no comment, no byte that is not UTF-8.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_FIELD = re.compile(r"([!\"$-,.-9;-~][!-9;-~]*):[ \t]*(.*)")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f]")
_MAX_BYTES = 4 << 20


class MalformedControl(ValueError):
    """Control data breaks the grammar; the text says where."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Fields by lower-case name; a value keeps its line breaks without the leading blank.

    ``written`` gives each name as it stood, for writing the field again.
    """

    fields: Mapping[str, str]
    written: Mapping[str, str]

    def get(self, name: str) -> str | None:
        """The value of field *name* in any case, or None."""
        return self.fields.get(name.lower())

    def format(self, name: str) -> str:
        """The field *name* as deb822 text, under the name it had."""
        return format_field(self.written[name.lower()], self.fields[name.lower()])

    def require(self, name: str) -> str:
        """The same, but its absence (or emptiness) is a MalformedControl."""
        value = self.get(name)
        if not value:
            raise MalformedControl(f"field {name} is missing")
        return value

    def lines(self, name: str) -> list[str]:
        r"""The non-empty lines of a multi-line field, stripped; empty when it is absent.

        A line ends at \n only: Python knows more ends, which dpkg and apt do not.
        """
        lines = [line.strip(" \t") for line in (self.get(name) or "").split("\n")]
        return [line for line in lines if line]


def parse_paragraph(data: bytes) -> Paragraph:
    """Parse *data* as exactly one paragraph; raises MalformedControl."""
    fields: dict[str, list[str]] = {}
    written: dict[str, str] = {}
    ended = False
    for number, line in enumerate(_lines(data), start=1):
        if not line.strip(" \t"):
            ended = bool(fields)
        elif ended:
            raise MalformedControl(f"a second paragraph begins at line {number}")
        elif line[0] in " \t":
            _continue_field(fields, line, number)
        else:
            _begin_field(fields, written, line, number)
    if not fields:
        raise MalformedControl("no paragraph at all")
    values = {name: "\n".join(lines).rstrip() for name, lines in fields.items()}
    return Paragraph(values, written)


def _continue_field(fields: dict[str, list[str]], line: str, number: int) -> None:
    if not fields:
        raise MalformedControl(f"line {number} continues a field, but none has begun")
    fields[next(reversed(fields))].append(line[1:])


def _begin_field(
    fields: dict[str, list[str]], written: dict[str, str], line: str, number: int
) -> None:
    match = _FIELD.fullmatch(line)
    if match is None:
        raise MalformedControl(f"line {number} is not a field: {line[:60]!r}")
    name = match[1].lower()
    if name in fields:
        raise MalformedControl(f"field {match[1]} stands twice, again at line {number}")
    written[name] = match[1]
    fields[name] = [match[2].rstrip()]


def format_field(name: str, value: str) -> str:
    """One field in deb822 text; further lines of *value* are indented, empty ones dotted."""
    first, *rest = value.split("\n")
    head = f"{name}: {first}" if first else f"{name}:"
    return "\n".join([head, *(f" {line}" if line.strip() else " ." for line in rest)])


def _lines(data: bytes) -> list[str]:
    r"""The lines of *data*; they end at \n only, perhaps after \r.

    Every other control character is refused, and so is what is not UTF-8 or too long.
    """
    if len(data) > _MAX_BYTES:
        raise MalformedControl(f"control data of more than {_MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedControl(f"not UTF-8 at byte {error.start}") from None
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    for number, line in enumerate(lines, start=1):
        if _CONTROL.search(line):
            raise MalformedControl(f"a control character in line {number}")
    return lines
