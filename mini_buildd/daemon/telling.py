"""The daemon's one hub of events, plugged in: what wakes it, what it reads, who may listen."""

import resource
from typing import Any

from twisted.internet.defer import Deferred

from mini_buildd.api.event_stream import message
from mini_buildd.daemon.event_desk import Asking, EventDesk
from mini_buildd.daemon.event_door import EventDoor
from mini_buildd.daemon.event_hub import EventHub, News, Source
from mini_buildd.daemon.ground import Ground
from mini_buildd.db.connect import in_thread
from mini_buildd.db.events import listen
from mini_buildd.db.queries.events import list_events_after
from mini_buildd.db.queries.queue import last_event
from mini_buildd.flow.private_archives import archive_names

_MOST_LISTENERS = 4000
_NEWS_AT_ONCE = 500


class Telling:
    """Tells of events, until stopped."""

    def __init__(self, ground: Ground, application: Any) -> None:
        # Half of the files that may be open are for others.
        most = min(_MOST_LISTENERS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
        self._hub = EventHub(Source(ground.reactor, ground.pools.events, _thd_news, message))
        asking = Asking(ground.reactor, ground.pools.events, application, most)
        self._desk = EventDesk(asking, self._hub)
        self.door = EventDoor(self._desk)
        self._unlisten = listen(self._hub.wake)

    def stop(self) -> "Deferred[Any]":
        """End all streams, and answer those who wait; the answer comes when that is done."""
        self._unlisten()
        self._hub.stop()
        return self._desk.end()


def _thd_news(after: int) -> News:
    with in_thread():
        newest = last_event()  # asked first: what comes meanwhile is for the next look
        rows = list_events_after(after, count=_NEWS_AT_ONCE)
        private = frozenset(name.decode() for name in archive_names()[1])
    has_more = len(rows) == _NEWS_AT_ONCE
    last = rows[-1].id if rows else after
    return News(rows, last if has_more else max(newest, last), private, has_more)
