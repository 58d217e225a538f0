"""The search over all tables of the settings."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

_MOST_ROWS = 8


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was found, and where it is edited."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was found in one table; *more_url* is the list of all, where there are more."""

    name: str
    rows: tuple[Row, ...]
    more_url: str


def find(tables: Iterable[Any], request: HttpRequest, wanted: str) -> list[Group]:
    """The rows that have all words of *wanted* where *tables*, Django's ModelAdmins, search."""
    groups = (_find_in(table, request, wanted) for table in tables if table.search_fields)
    return [group for group in groups if group.rows]


def _find_in(table: Any, request: HttpRequest, wanted: str) -> Group:
    rows, may_repeat = table.get_search_results(request, table.get_queryset(request), wanted)
    rows = rows.distinct() if may_repeat else rows
    meta = table.opts
    place = f"admin:{meta.app_label}_{meta.model_name}"
    found = [
        Row(str(row), reverse(f"{place}_change", args=(row.pk,))) for row in rows[: _MOST_ROWS + 1]
    ]
    more = f"{reverse(f'{place}_changelist')}?{urlencode({'q': wanted})}"
    return Group(
        str(meta.verbose_name_plural),
        tuple(islice(found, _MOST_ROWS)),
        more if len(found) > _MOST_ROWS else "",
    )
