"""Lines of a log as HTML: made here at once, since a template loop over thousands is slow."""

from collections.abc import Iterable

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from mini_buildd.tools.sbuild_log import Line


def lines_markup(lines: Iterable[tuple[int | None, Line]]) -> SafeString:
    """Each line with its number as a link to itself; the number is not part of what is copied."""
    return mark_safe("".join(_line(number, line) for number, line in lines))  # noqa: S308  # escaped


def _kind(line: Line) -> str:
    """How it is shown: an error, a boxed heading, its border, or just a line."""
    if line.is_error:
        return "e"
    if line.text.startswith(("+---", "+===")):
        return "b"
    return "h" if line.text.startswith("| ") and line.text.endswith(" |") else ""


def _line(number: int | None, line: Line) -> str:
    kind = _kind(line)
    shown = f' class="{kind}"' if kind else ""
    text = escape(line.text)
    if number is None:
        return f"<span{shown}>{text}\n</span>"
    return (
        f'<span id="L{number}"{shown}><a href="#L{number}" data-n="{number}" tabindex="-1"'
        f' aria-label="line {number}"></a>{text}\n</span>'
    )
