"""Lines of a log as HTML: made here at once, since a template loop over thousands is slow."""

from collections.abc import Iterable

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from mini_buildd.tools.sbuild_log import Line
from mini_buildd.web.log.colour import coloured


def lines_markup(lines: Iterable[tuple[int | None, Line]], raw: Iterable[str]) -> SafeString:
    """Each line with its number as a link to itself; the number is not part of what is copied.

    *raw* are the same lines as the log has them, with their colours.
    """
    made = (_line(number, line, text) for (number, line), text in zip(lines, raw, strict=True))
    return mark_safe("".join(made))  # noqa: S308  # escaped


def _kind(line: Line) -> str:
    """How it is shown: an error, a boxed heading, its border, or just a line."""
    if line.is_error:
        return "e"
    if line.text.startswith(("+---", "+===")):
        return "b"
    return "h" if line.text.startswith("| ") and line.text.endswith(" |") else ""


def _text(line: Line, raw: str) -> str:
    if "\x1b[" not in raw:
        return escape(line.text)
    return "".join(
        f'<span class="{look}">{escape(text)}</span>' if look else escape(text)
        for text, look in coloured(raw)
    )


def _line(number: int | None, line: Line, raw: str) -> str:
    kind = _kind(line)
    shown = f' class="{kind}"' if kind else ""
    text = _text(line, raw)
    if number is None:
        return f"<span{shown}>{text}\n</span>"
    spoken = gettext("line %(number)s") % {"number": number}
    return (
        f'<span id="L{number}"{shown}><a href="#L{number}" data-n="{number}" tabindex="-1"'
        f' aria-label="{spoken}"></a>{text}\n</span>'
    )
