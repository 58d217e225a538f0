"""How kinds of things of the configuration lie in tables: by columns, each a value of a row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.db.models import BooleanField, IntegerField, Model, QuerySet
from django.utils import translation

from mini_buildd.domain.configuration import (
    FieldShape,
    Shape,
    Value,
    ValueKind,
    Values,
)


class Missing(Exception):
    """What a value refers to is not there; the text names it."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is known besides the values when rows are written: when, by whom, ends of keys.

    *make_secret* is for what signs by one.
    """

    at: datetime
    by: str
    make_secret: Callable[[], str]
    ends: Mapping[str, datetime | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """A value of a row; one that *follows* is put once the row is saved.

    It is on a row that *joins* names, or on the rows that *fetches* names: those are read at once
    for all rows.
    """

    shape: FieldShape
    get: Callable[[Any], Value]
    put: Callable[[Any, Any, Given], None]
    follows: bool = False
    joins: str = ""
    fetches: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """The rows of one *shape*; *parent* is the field that names what they are below.

    *called_by* is the one that their name is made with, if it is made with another row.
    """

    shape: Shape
    model: type[Model]
    columns: Sequence[Column]
    name: Callable[[Any], str] = lambda _: ""
    begin: Callable[[Any, str], None] = lambda _row, _name: None
    parent: str = ""
    called_by: str = ""
    rows: Callable[[], QuerySet[Any]] | None = None
    order: tuple[str, ...] = ("pk",)

    def all_rows(self) -> Iterable[Any]:
        """All there are, in an order that stays."""
        found = self.rows() if self.rows is not None else self.model._default_manager.all()  # noqa: SLF001  # Django's public name
        joins = {self.parent, self.called_by, *(each.joins for each in self.columns)} - {""}
        # Without names, select_related() would follow all there are.
        found = found.select_related(*sorted(joins)) if joins else found
        fetches = [each.fetches for each in self.columns if each.fetches]
        return found.prefetch_related(*fetches).order_by(*self.order)

    def values(self, row: Any) -> Values:
        """What is told of *row*."""
        found = {each.shape.name: each.get(row) for each in self.columns}
        return self.shape.told({name: value for name, value in found.items() if value is not None})

    def write(self, row: Any, values: Values, given: Given) -> None:
        """Bring *row*, new or not, to *values*. Raises Missing, ValidationError."""
        for column in self.columns:
            if not column.follows:
                column.put(row, values.get(column.shape.name, column.shape.default), given)
        row.full_clean(exclude=_left_out(row), validate_unique=False)
        row.save()
        for column in self.columns:
            if column.follows:
                column.put(row, values.get(column.shape.name, column.shape.default), given)


def _left_out(row: Any) -> set[str]:
    """What may be left out of *row*, and is: not each such field says so of its forms."""
    fields = row._meta.concrete_fields  # noqa: SLF001  # Django's public name
    return {each.name for each in fields if each.null and getattr(row, each.attname) is None}


# --- columns ------------------------------------------------------------------


def help_of(model: type[Model], name: str) -> str:
    """What a field of *model* means."""
    with translation.override("en"):
        return str(model._meta.get_field(name).help_text)  # type: ignore[union-attr]  # noqa: SLF001  # Django's public name


def plain(model: type[Model], *names: str) -> list[Column]:
    """A column for each of these fields."""
    return [_plain_column(model, name) for name in names]


def _plain_column(model: type[Model], name: str) -> Column:
    found: Any = model._meta.get_field(name)  # noqa: SLF001  # the same
    kind = ValueKind.TEXT
    if isinstance(found, BooleanField):
        kind = ValueKind.TRUTH
    elif isinstance(found, IntegerField):
        kind = ValueKind.NUMBER
    default = found.get_default()
    if default == "" and not found.blank:
        default = None  # it has to be told

    def put(row: Any, value: Value, _: Given) -> None:
        setattr(row, name, "" if value is None and not found.null else value)

    shape = FieldShape(name, kind, default, help_of(model, name))
    return Column(shape, lambda row: cast("Value", getattr(row, name)), put)


def reference(
    name: str,
    field_name: str,
    find: Callable[[Any, str], Model | None],
    show: Callable[[Any], str] = str,
    text: str = "",
) -> Column:
    """A column that refers to another row; what is not there is Missing."""

    def get(row: Any) -> Value:
        other = getattr(row, field_name)
        return None if other is None else show(other)

    def put(row: Any, value: str | None, _: Given) -> None:
        other = None if value is None else find(row, value)
        if value is not None and other is None:
            raise Missing(f"{name}: {value}")
        setattr(row, field_name, other)

    return Column(FieldShape(name, ValueKind.TEXT, None, text), get, put, joins=field_name)


def by(model: type[Model], name: str) -> Callable[[Any, str], Model | None]:
    """How a row of *model* is found by the field *name*."""
    return lambda _, value: model._default_manager.filter(**{name: value}).first()  # noqa: SLF001  # the same


def _named(attribute: str) -> Callable[[Any, str], None]:
    return lambda row, name: setattr(row, attribute, name)


def kind_of(
    path: str,
    text: str,
    model: type[Model],
    columns: Sequence[Column],
    key: tuple[str, ...] = (),
    *,
    name: str = "",
    called: Callable[[Any], str] | None = None,
    **more: Any,
) -> Kind:
    """A kind of things that is called *path* in the file; *key* tells those without names apart."""
    fields = {column.shape.name: column.shape for column in columns}
    shape = Shape(tuple(path.split(".")), text, fields, key)
    if called is not None:
        more["name"] = called
    elif key:
        more["name"] = lambda row: shape.name_of(
            {column.shape.name: column.get(row) for column in columns}
        )
    elif name:
        begun = {"begin": _named(name), "order": (name,)}
        more = {"name": lambda row: str(getattr(row, name)), **begun, **more}
    return Kind(shape, model, columns, **more)
