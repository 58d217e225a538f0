"""How much a suite had over time."""

from dataclasses import dataclass
from datetime import datetime

from mini_buildd.archive import catalogue_read
from mini_buildd.flow.asked import asking


@dataclass(frozen=True, slots=True)
class SizeRow:
    """A version of the suite with what it had."""

    number: int
    at: datetime
    sources: int
    binaries: int
    size_bytes: int


def growth(distribution_id: int, most: int) -> tuple[SizeRow, ...]:
    """The sizes of all versions of the suite, the oldest first; thinned to about so many at *most*.

    The caller has seen to it that the suite may be seen.
    """
    with asking() as asked:
        found = catalogue_read.growth(asked, distribution_id, most) if asked is not None else []
    rows = [
        SizeRow(
            each.number,
            datetime.fromisoformat(each.at),
            each.sources,
            each.binaries,
            each.size_bytes,
        )
        for each in found
    ]
    return tuple(rows)
