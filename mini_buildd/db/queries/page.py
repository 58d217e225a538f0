"""Lists page by page: newest first, the next page named by the last id seen.

A page named by an id stays the same page while new rows arrive, and costs the same however far back
it lies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

PAGE_ROWS = 50

Row = TypeVar("Row")
AnyModel = TypeVar("AnyModel", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of a list; *older* is what to give as *before* for the next page, None on the last."""

    rows: tuple[Row, ...]
    older: int | None


class Order(StrEnum):
    """What comes first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LONGEST = "longest"
    """Of builds that have come to an end: what took longest."""


def page(
    rows: QuerySet[AnyModel],
    make: Callable[[AnyModel], Row],
    before: int | None,
    count: int = PAGE_ROWS,
    order: Order = Order.NEWEST,
    *,
    key: str = "pk",
) -> Page[Row]:
    """The first *count* of *rows* in their *order* behind the one with the id *before*.

    Each is made a row by *make*. Only rows with a field took_seconds have a longest. *key* is
    another column that holds the id: one of a table whose index finds the rows in that order.
    """
    ordered = _in_order(rows, before, order, key)
    if order is Order.LONGEST:
        # By numbers first: beside all that a row is joined to, the index in that order is not seen.
        ids = list(ordered.values_list("pk", flat=True)[: count + 1])
        known = rows.in_bulk(ids)
        found = [known[pk] for pk in ids]
    else:
        found = list(ordered[: count + 1])
    kept = found[:count]
    older = kept[-1].pk if len(found) > count else None
    return Page(tuple(make(row) for row in kept), older)


def _in_order(
    rows: QuerySet[AnyModel], before: int | None, order: Order, key: str
) -> QuerySet[AnyModel]:
    """All of them behind that one, in order."""
    if order is Order.OLDEST:
        return (rows if before is None else rows.filter(**{f"{key}__gt": before})).order_by(key)
    if order is Order.NEWEST:
        older = rows if before is None else rows.filter(**{f"{key}__lt": before})
        return older.order_by(f"-{key}")
    rows = rows.filter(took_seconds__isnull=False)
    if before is not None:
        model = rows.model._default_manager  # noqa: SLF001  # Django's public name
        taken = model.filter(pk=before).values_list("took_seconds", flat=True).first() or 0.0
        rows = rows.filter(Q(took_seconds=taken, pk__lt=before) | Q(took_seconds__lt=taken))
    return rows.order_by("-took_seconds", "-pk")
