"""Numbers and words of the query string."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from django.http import Http404, HttpRequest
from django.utils.translation import gettext


def before(request: HttpRequest) -> int | None:
    """The id that the page of a list ends before; None on the first page."""
    return number(request, "before")


def number(request: HttpRequest, name: str) -> int | None:
    """The natural number *name* of the query string; raises Http404 when it is none."""
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):  # noqa: PLR2004  # 64 bits
        raise Http404(gettext("“%(name)s” must be a number.") % {"name": name})
    return int(text)


def words(request: HttpRequest, name: str) -> str:
    """The text *name* of the query string, without what no name here has."""
    return request.GET.get(name, "").replace("\0", "").strip()[:200]


Word = TypeVar("Word", bound=StrEnum)


def choice(request: HttpRequest, name: str, kind: type[Word]) -> Word | None:
    """The word *name* of the query string as one of *kind*; raises Http404 when it is none."""
    text = request.GET.get(name, "")
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        raise Http404(
            gettext("“%(name)s” must be one of: %(kind)s.")
            % {"name": name, "kind": ", ".join(kind)}
        ) from None


def day(request: HttpRequest, name: str) -> datetime | None:
    """The beginning (UTC) of the day *name* of the query string; raises Http404 when it is none."""
    text = request.GET.get(name, "")
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise Http404(
            gettext("“%(name)s” must be a day, such as 2026-05-01.") % {"name": name}
        ) from None


def day_after(request: HttpRequest, name: str) -> datetime | None:
    """The end of that day."""
    found = day(request, name)
    try:
        return found + timedelta(days=1) if found is not None else None
    except OverflowError:
        return None
