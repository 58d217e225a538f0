"""Events as a stream of server-sent events (WHATWG HTML §9.2, text/event-stream).

Each has the number of the event as its id, so a client that comes again says up to where it was
told (Last-Event-ID). An id without data tells a client only how far it is: browsers keep it.
"""

import json
from dataclasses import asdict

from django.core.serializers.json import DjangoJSONEncoder

from mini_buildd.domain.event_row import EventRow
from mini_buildd.wire.api.events import Event

MEDIA_TYPE = "text/event-stream"
# What a client that was cut off waits before it comes again.
RETRY = b"retry: 2000\n\n"


def shown(row: EventRow) -> Event:
    """*row* as the API tells of it."""
    return Event(
        id=row.id,
        kind=row.kind,
        at=row.at,
        detail=row.detail,
        upload_id=row.upload_id,
        build_id=row.job_id,
        source=row.source,
        package=row.package,
        architecture=row.architecture,
        distribution=row.distribution,
        repository=row.repository,
        person=row.person,
        version=row.version,
        snapshot=row.snapshot,
    )


def message(row: EventRow) -> bytes:
    """*row* as one message; JSON has no line ends, so its data is one line."""
    data = json.dumps(asdict(shown(row)), cls=DjangoJSONEncoder, ensure_ascii=False)
    return f"id: {row.id}\ndata: {data}\n\n".encode()


def position(event_id: int) -> bytes:
    """Nothing but how far a client is."""
    return b"id: %d\n\n" % event_id
