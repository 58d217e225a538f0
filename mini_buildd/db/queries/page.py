"""Lists page by page: newest first, the next page named by the last id seen.

A page named by an id stays the same page while new rows arrive, and costs the same however far back
it lies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

PAGE_ROWS = 50

Row = TypeVar("Row")
AnyModel = TypeVar("AnyModel", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of a list; *older* is what to give as *before* for the next page, None on the last."""

    rows: tuple[Row, ...]
    older: int | None


def page(
    rows: QuerySet[AnyModel],
    make: Callable[[AnyModel], Row],
    before: int | None,
    count: int = PAGE_ROWS,
) -> Page[Row]:
    """The *count* newest of *rows* with ids below *before*, each made a row by *make*."""
    wanted = rows if before is None else rows.filter(pk__lt=before)
    found = list(wanted.order_by("-pk")[: count + 1])
    kept = found[:count]
    older = kept[-1].pk if len(found) > count else None
    return Page(tuple(make(row) for row in kept), older)
