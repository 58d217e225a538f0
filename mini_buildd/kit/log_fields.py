"""What each line of the log says beside its text: of which request, step, upload, build it is.

Whoever begins to work on something says so once, and every line from within has it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

Fields = Mapping[str, str | int]

_NONE: Fields = MappingProxyType({})
_fields: ContextVar[Fields] = ContextVar("log fields", default=_NONE)


@contextmanager
def logged_with(**fields: str | int) -> Iterator[None]:
    """Within, lines have these *fields*, too; those that are empty are left out."""
    before = _fields.get()
    token = _fields.set({**before, **{name: each for name, each in fields.items() if each}})
    try:
        yield
    finally:
        _fields.reset(token)


def add_field(name: str, value: str | int) -> None:
    """From now on lines have this field, too, until the surrounding logged_with() ends."""
    if value:
        _fields.set({**_fields.get(), name: value})


def log_fields() -> Fields:
    """The fields of a line that is written here and now."""
    return _fields.get()
