"""Lines of a log as HTML: made here at once, since a template loop over thousands is slow."""

from collections.abc import Iterable

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from mini_buildd.tools.sbuild_log import Line


def lines_markup(lines: Iterable[tuple[int | None, Line]]) -> SafeString:
    """Each line with its number as a link to itself; the number is not part of what is copied."""
    return mark_safe("".join(_line(number, line) for number, line in lines))  # noqa: S308  # escaped


def _line(number: int | None, line: Line) -> str:
    kind = ' class="e"' if line.is_error else ""
    text = escape(line.text)
    if number is None:
        return f"<span{kind}>{text}\n</span>"
    return (
        f'<span id="L{number}"{kind}><a href="#L{number}" data-n="{number}" tabindex="-1"'
        f' aria-label="line {number}"></a>{text}\n</span>'
    )
