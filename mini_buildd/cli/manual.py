"""Manual pages of the commands, made from their parsers, so that neither knows more than the other.

The marks are those of man(7).
"""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_PROJECT = "mini-buildd"


@dataclass(frozen=True, slots=True)
class Page:
    """What a manual page has beside what the parser knows: sections by their names."""

    name: str
    section: int
    what: str
    before: Mapping[str, str]
    after: Mapping[str, str]


def of_parser(page: Page, parser: argparse.ArgumentParser) -> str:
    """The manual page of a command with its commands."""
    lines = [*_head(page), ".SH SYNOPSIS", *_synopsis(parser), *_sections(page.before)]
    own = [*_arguments(parser)]
    if own:
        lines += [".SH OPTIONS", *own]
    commands = [*_commands(parser)]
    if commands:
        lines += [".SH COMMANDS", *commands]
    return "\n".join([*lines, *_sections(page.after)]) + "\n"


def of_terms(page: Page, title: str, terms: Sequence[tuple[str, str]]) -> str:
    """The manual page of a file, whose *terms* are told under *title*."""
    lines = [*_head(page), *_sections(page.before), f".SH {title}"]
    for term, text in terms:
        lines += [".TP", f".B {_text(term)}", *_paragraph(text)]
    return "\n".join([*lines, *_sections(page.after)]) + "\n"


def _head(page: Page) -> Iterator[str]:
    yield '.\\" Made from the program; do not change it here.'
    yield f'.TH {page.name.upper()} {page.section} "" "{_PROJECT}"'
    yield ".SH NAME"
    yield f"{_text(page.name)} \\- {_text(page.what)}"


def _sections(sections: Mapping[str, str]) -> Iterator[str]:
    for title, text in sections.items():
        yield f".SH {title}"
        for number, paragraph in enumerate(text.strip().split("\n\n")):
            if number:
                yield ".PP"
            yield from _block(paragraph)


def _block(paragraph: str) -> Iterator[str]:
    """A paragraph; one that is indented is shown as it is, and "term | text" lines are a list."""
    lines = paragraph.split("\n")
    if all(line.startswith("    ") for line in lines):
        yield ".nf"
        yield ".RS 4"
        yield from (_line(line[4:]) for line in lines)
        yield ".RE"
        yield ".fi"
        return
    if all(" | " in line for line in lines):
        for line in lines:
            term, _, text = line.partition(" | ")
            yield ".TP"
            yield f".B {_text(term)}"
            yield _line(text)
        return
    yield from _paragraph(paragraph)


# --- parsers ----------------------------------------------------------------------


def _commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:  # noqa: SLF001  # there is no public way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # it has no public name
            helps = {each.dest: each.help or "" for each in action._choices_actions}  # noqa: SLF001
            for name, inner in action.choices.items():
                yield from _command(inner, inner.description or helps.get(name, ""))


def _command(parser: argparse.ArgumentParser, text: str) -> Iterator[str]:
    name = parser.prog.partition(" ")[2]
    yield f".SS {_text(name)}"
    yield from _synopsis(parser)
    if text:
        yield ".PP"
        yield from _paragraph(f"{text[:1].upper()}{text[1:]}.")
    yield from _arguments(parser)
    yield from _commands(parser)


def _synopsis(parser: argparse.ArgumentParser) -> Iterator[str]:
    words = [*map(_given, _own(parser))]
    yield f".B {_text(parser.prog)}"
    if words:
        yield _line(" ".join(words))


def _own(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """What belongs to this parser; what all commands take is told once, with the first."""
    common = {
        id(action)
        for group in parser._action_groups  # noqa: SLF001  # there is no public way
        if group.title == "all commands"
        for action in group._group_actions  # noqa: SLF001  # the same
    }
    is_root = " " not in parser.prog
    for action in parser._actions:  # noqa: SLF001  # the same
        if not isinstance(action, argparse._HelpAction) and (is_root or id(action) not in common):  # noqa: SLF001
            yield action


def _given(action: argparse.Action) -> str:
    name = _name(action)
    if action.option_strings:
        word = next(each for each in action.option_strings if each.startswith("--"))
        said = f"{word} {name}" if action.nargs != 0 else word
        return said if action.required else f"[{said}]"
    several = {"+": f"{name}...", "*": f"[{name}...]", "?": f"[{name}]"}
    return several.get(str(action.nargs), name)


def _name(action: argparse.Action) -> str:
    if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # it has no public name
        return str(action.metavar or "COMMAND")
    if action.metavar is not None:
        return str(action.metavar)
    if action.choices is not None:
        return "|".join(map(str, action.choices))
    return action.dest.upper()


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in _own(parser):
        if isinstance(action, argparse._SubParsersAction) or not action.help:  # noqa: SLF001
            continue
        words = ", ".join(action.option_strings)
        name = _name(action) if action.nargs != 0 else ""
        yield ".TP"
        yield f".B {_text(f'{words} {name}'.strip())}"
        yield from _paragraph(action.help % {**vars(action), "prog": parser.prog})


# --- text -------------------------------------------------------------------------


def _paragraph(text: str) -> Iterator[str]:
    yield _line(" ".join(text.split()))


def _text(text: str) -> str:
    """*text* for man(7): a hyphen of an option is one, and a backslash is one."""
    return text.replace("\\", "\\e").replace("-", "\\-")


def _line(text: str) -> str:
    """*text* as a line, which must not begin as a request does."""
    return re.sub(r"^([.'])", r"\\&\1", _text(text))
