"""A folder of the archive as a page, for people who look around with a browser."""

import os
from collections.abc import Collection
from html import escape
from urllib.parse import quote

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<h1>{title}</h1>
<table>
{rows}
</table>
</body>
</html>
"""


def listing(descriptor: int, title: bytes, hidden: Collection[bytes] = ()) -> bytes:
    """The page on the open folder *descriptor*: no name that is being written (a dot before it).

    Nor any of those that are *hidden*.
    """
    with os.scandir(descriptor) as entries:
        rows = sorted(
            _row(entry)
            for entry in entries
            if not entry.name.startswith(".") and os.fsencode(entry.name) not in hidden
        )
    up = '<tr><td><a href="../">../</a></td><td></td></tr>'
    text = _PAGE.format(title=escape(_shown(os.fsdecode(title))), rows="\n".join([up, *rows]))
    return text.encode()


def _row(entry: os.DirEntry[str]) -> str:
    try:
        is_folder, size = entry.is_dir(), entry.stat().st_size
    except OSError:  # it has just been removed, or is a link to nothing
        is_folder, size = False, 0
    name = entry.name + "/" * is_folder
    shown = "" if is_folder else f"{size:,} bytes"
    link = escape(quote(os.fsencode(name)))
    return f'<tr><td><a href="./{link}">{escape(_shown(name))}</a></td><td>{shown}</td></tr>'


def _shown(name: str) -> str:
    """*name* with what is not UTF-8 replaced."""
    return os.fsencode(name).decode(errors="replace")
