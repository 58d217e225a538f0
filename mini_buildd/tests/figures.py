"""Tables of figures for benches and campaigns, with what they were measured on."""

import os
import platform
from collections.abc import Iterable, Sequence


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print *rows* under *head*, columns as wide as they need to be; figures to the right."""
    lines = [[str(cell) for cell in row] for row in rows]
    widths = [
        max(len(line[column]) for line in [list(head), *lines]) for column in range(len(head))
    ]
    print(f"\n{title}")
    for line in [list(head), ["-" * width for width in widths], *lines]:
        cells = [
            cell.rjust(width) if _is_figure(cell) else cell.ljust(width)
            for cell, width in zip(line, widths, strict=True)
        ]
        print("  " + "  ".join(cells).rstrip())
    load = os.getloadavg()[0]
    print(f"  ({os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()})\n")


def _is_figure(cell: str) -> bool:
    return cell[:1].isdigit() or cell[:2].lstrip("-").isdigit()
