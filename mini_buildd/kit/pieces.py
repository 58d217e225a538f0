"""Writing of many pieces at once, without putting them together in memory first."""

import os
from collections.abc import Sequence

# Below what writev(2) takes; of many small ones a copy costs less than the list of them.
_MOST_PIECES = 64


def write_pieces(descriptor: int, pieces: Sequence[bytes | memoryview]) -> None:
    """Append all of *pieces* to *descriptor*; raises OSError.

    A full disk takes the last bytes that fit without a fault, and tells only who goes on.
    """
    if len(pieces) > _MOST_PIECES:
        pieces = [b"".join(pieces)]
    written = os.writev(descriptor, pieces)
    if written == sum(map(len, pieces)):
        return
    rest = memoryview(b"".join(pieces))[written:]
    while rest:
        rest = rest[os.write(descriptor, rest) :]
