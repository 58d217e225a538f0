"""Filters of a list: a plain GET form, so that what is looked for stands in the URL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from mini_buildd.web.views.query_string import words


@dataclass(frozen=True, slots=True)
class Field:
    """One field: a select where there are *options* (value, word), else what *kind* of input."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    kind: str = "text"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """All fields of a list; *is_any* when one of them narrows it down.

    Those in *more* are shown when asked for, or when *is_open*: one of them is used.
    """

    fields: tuple[Field, ...]
    is_any: bool
    more: tuple[Field, ...] = ()
    is_open: bool = False


def select(
    request: HttpRequest, name: str, label: str, options: Iterable[tuple[str, str]], none: str
) -> Field:
    """A choice; *none* is the word for no choice. What the URL asks for can always be chosen."""
    value = words(request, name)
    found = [("", none), *options]
    if value and value not in {each for each, _word in found}:
        found.append((value, value))
    return Field(name, label, value, tuple(found))


def text(request: HttpRequest, name: str, label: str, hint: str = "") -> Field:
    """A text."""
    return Field(name, label, words(request, name), kind="search", hint=hint)


def days(request: HttpRequest) -> tuple[Field, Field]:
    """From which day on, and to which."""
    return (
        Field("since", _("From"), words(request, "since"), kind="date"),
        Field("until", _("To"), words(request, "until"), kind="date"),
    )


def order(request: HttpRequest, options: Sequence[tuple[str, str]]) -> Field:
    """What comes first; the first of *options* when nothing else is asked for."""
    chosen = words(request, "order")
    (_first, first), *others = options
    return Field("order", _("Sort"), chosen, (("", first), *others))


def filters(*fields: Field, shown: int = 4) -> Filters:
    """All of them together; the first so many are always *shown*."""
    more = fields[shown:]
    return Filters(
        fields[:shown],
        any(field.value and field.name != "order" for field in fields),
        more,
        any(field.value for field in more),
    )
