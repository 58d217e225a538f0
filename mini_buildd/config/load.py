"""Reading the settings of one instance, from <home>/mini-buildd.toml.

Every value has a default, so an instance needs no file. What is said wrongly is reported all at
once, each with the place and what would fit.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from mini_buildd.config.check import check
from mini_buildd.config.settings import Settings

FILE_NAME = "mini-buildd.toml"


class SettingsError(Exception):
    """Everything that is wrong with the settings file, one line each."""

    def __init__(self, path: Path, errors: list[str]) -> None:
        super().__init__("\n".join([f"{path}:", *(f"  {error}" for error in errors)]))
        self.errors = tuple(errors)


def load(home: Path) -> Settings:
    """The settings of the instance in *home*; raises SettingsError."""
    path = home / FILE_NAME
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        data = {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(path, [str(error)]) from None
    errors: list[str] = []
    values = _read(Settings, data, "", errors, skip={"home"})
    settings = Settings(home=home.absolute(), **values)
    errors += check(settings)
    if errors:
        raise SettingsError(path, errors)
    return settings


def _read(
    kind: type[Any],
    data: Mapping[str, Any],
    where: str,
    errors: list[str],
    skip: frozenset[str] | set[str] = frozenset(),
) -> dict[str, Any]:
    """The values of dataclass *kind* that *data* gives; what is wrong is added to *errors*."""
    known = {item.name: item for item in fields(kind) if item.name not in skip}
    errors += [
        f"{where}{name}: unknown; known are {', '.join(sorted(known))}"
        for name in data
        if name not in known
    ]
    values: dict[str, Any] = {}
    for name in known.keys() & data.keys():
        try:
            values[name] = _value(known[name].type, data[name], f"{where}{name}", errors)
        except _Misfit as misfit:
            errors.append(f"{where}{name}: expected {misfit}, found {data[name]!r}")
    return values


class _Misfit(Exception):
    """A value of another type; the text says what would fit."""


def _value(wanted: Any, value: object, where: str, errors: list[str]) -> Any:
    """*value* as a *wanted*; raises _Misfit. What is wrong inside of it is added to *errors*."""
    if is_dataclass(wanted) and isinstance(wanted, type):
        if not isinstance(value, dict):
            raise _Misfit(f"a table [{where}]")
        return wanted(**_read(wanted, value, f"{where}.", errors))
    if get_origin(wanted) is Mapping:
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            raise _Misfit("a table of texts")
        return value
    if get_args(wanted):
        return _list(get_args(wanted)[0], value, where, errors)
    if type(value) is not wanted:
        raise _Misfit(_WORDS[wanted])
    return value


def _list(wanted: Any, value: object, where: str, errors: list[str]) -> tuple[Any, ...]:
    """*value*, a list of texts or tables, as a tuple of *wanted*; as _value()."""
    is_table = is_dataclass(wanted)
    if not isinstance(value, list) or not all(
        isinstance(each, dict if is_table else str) for each in value
    ):
        raise _Misfit(f"tables [[{where}]]" if is_table else "a list of texts")
    if not is_table:
        return tuple(value)
    return tuple(
        wanted(**_read(wanted, each, f"{where}[{number}].", errors))
        for number, each in enumerate(value)
    )


_WORDS: Mapping[object, str] = {str: "a text", int: "a whole number", bool: "true or false"}
