"""In which turn uploads are accepted, where more than one of a source wait at the same moment."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cmp_to_key

from mini_buildd.db.models import Upload
from mini_buildd.deb.version import Version, compare

_BY_VERSION = cmp_to_key(compare)


def in_turn(received: Sequence[Upload]) -> Iterator[Upload]:
    """Those of *received*, oldest first, before which no other of the same source waits.

    Of one source the lower versions come first: connections that bring several at once end in any
    order, and a later version that is accepted before an earlier one shuts that out.
    """
    held: set[str] = set()
    for upload in _lower_first(received):
        if not upload.missing and upload.source_name not in held:
            yield upload  # which may begin to wait by that
        if upload.missing:
            held.add(upload.source_name)


def _lower_first(received: Sequence[Upload]) -> Iterator[Upload]:
    """All of them; each source keeps the places that its uploads have among the others."""
    sources: defaultdict[str, list[Upload]] = defaultdict(list)
    for upload in received:
        sources[upload.source_name].append(upload)
    turns = {
        source: iter(sorted(uploads, key=lambda each: _BY_VERSION(Version(each.version))))
        for source, uploads in sources.items()
    }
    return (next(turns[upload.source_name]) for upload in received)
