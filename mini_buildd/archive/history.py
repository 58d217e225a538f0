"""Which version of a suite was published when: a plain file, read without a database.

    suites/<distribution>/versions

One line a publication, in their order: the moment as in the names of snapshots, and the number.
"""

from datetime import UTC, datetime
from pathlib import Path

from mini_buildd.archive.tree import Tree
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.kit.atomic import write_file

MOMENT = "%Y%m%dT%H%M%SZ"


def append(tree: Tree, distribution: DistributionName, at: datetime, number: int) -> None:
    """Version *number* is what everybody sees since *at*; told again, it changes nothing."""
    path = _path(tree, distribution)
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    if lines and int(lines[-1].split()[1]) >= number:
        return
    lines.append(f"{at.astimezone(UTC):{MOMENT}} {number}")
    write_file(path, "".join(f"{line}\n" for line in lines).encode())


def _path(tree: Tree, distribution: DistributionName) -> Path:
    return tree.suite(distribution) / "versions"
