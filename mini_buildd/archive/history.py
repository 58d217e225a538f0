"""Which version of a suite was published when: a plain file, read without a database.

    suites/<distribution>/versions

One line a publication, ascending: the moment as in the ids of apt's time-stamped snapshots
(apt-get(8), ``--snapshot``), and the number.

    20261120T150000Z 7
"""

import re
from datetime import UTC, datetime
from pathlib import Path

from mini_buildd.archive.tree import Tree
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.kit.atomic import make_folder, write_file

MOMENT = "%Y%m%dT%H%M%SZ"

_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_LINE = re.compile(r"([0-9]{8}T[0-9]{6}Z) ([0-9]+)")


def snapshot_id(at: datetime) -> str:
    """The id of the moment *at* (aware)."""
    return at.astimezone(UTC).strftime(MOMENT)


def moment(text: str) -> datetime:
    """The moment of a snapshot id; raises ValueError when *text* is none."""
    if not _ID.fullmatch(text):
        raise ValueError(f"not a time like 20261120T150000Z: {text}")
    return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)


def append(tree: Tree, distribution: DistributionName, at: datetime, number: int) -> None:
    """Version *number* is what everybody sees since *at* (aware); told again, it changes nothing.

    The times ascend also when the clock does not: a publication counts as not earlier than the one
    before it. The numbers do, unless the rows were restored from a backup.
    """
    path = _path(tree.suite(distribution))
    lines = _read(path)
    since = snapshot_id(at)
    if lines:
        last_since, last_number = lines[-1]
        if last_number == number:
            return
        since = max(since, last_since)
    lines.append((since, number))
    make_folder(path.parent)
    write_file(path, "".join(f"{each} {count}\n" for each, count in lines).encode())


def resolve(suite: Path, at: datetime) -> int | None:
    """The version that everybody saw at the moment *at*; None before the first.

    *suite* is the folder of the suite, since who only serves files needs no more of the tree.
    """
    wanted = snapshot_id(at)
    numbers = [number for since, number in _read(_path(suite)) if since <= wanted]
    return numbers[-1] if numbers else None


def _path(suite: Path) -> Path:
    return suite / "versions"


def _read(path: Path) -> list[tuple[str, int]]:
    """The lines; what is none of ours (an editor's doing) is left out. Ids sort as text."""
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return []
    matches = map(_LINE.fullmatch, text.splitlines())
    return [(match[1], int(match[2])) for match in matches if match]
