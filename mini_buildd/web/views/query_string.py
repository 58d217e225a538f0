"""Numbers and words of the query string."""

from django.http import Http404, HttpRequest


def before(request: HttpRequest) -> int | None:
    """The id that the page of a list ends before; None on the first page."""
    return number(request, "before")


def number(request: HttpRequest, name: str) -> int | None:
    """The natural number *name* of the query string; raises Http404 when it is none."""
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):  # noqa: PLR2004  # 64 bits
        raise Http404(f"“{name}” must be a number.")
    return int(text)


def words(request: HttpRequest, name: str) -> str:
    """The text *name* of the query string, without what no name here has."""
    return request.GET.get(name, "").replace("\0", "").strip()[:200]
