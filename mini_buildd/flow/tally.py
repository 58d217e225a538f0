"""What has happened since the daemon began, counted for those who watch it.

The events are the record, also of what the command line does beside the daemon; so they are read on
from where they were last read.
"""

import threading
from collections.abc import Sequence

from mini_buildd.db.queries.figures import Happening, happenings, newest_event
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.metric import MINUTES, SECONDS, Counter, Family, Histogram

_RESULTS = {
    EventKind.JOB_SUCCEEDED: "succeeded",
    EventKind.JOB_FAILED: "failed",
    EventKind.JOB_LOST: "lost",
    EventKind.JOB_CANCELLED: "cancelled",
    EventKind.JOB_DEP_WAIT: "dep_wait",
}
_UPLOADS = {EventKind.SOURCE_ACCEPTED: "accepted", EventKind.UPLOAD_REJECTED: "rejected"}
_PUBLISH_SECONDS = (*SECONDS, 60.0, 600.0)


class Tally:
    """Counts events from those on that come after it was made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_to = newest_event()
        self._events = Counter("mini_buildd_events_total", "Events.", "kind")
        self._builds = Counter(
            "mini_buildd_builds_total", "Builds that ended.", "result", "suite", "architecture"
        )
        self._uploads = Counter(
            "mini_buildd_uploads_total", "Uploads that were decided on.", "result"
        )
        self._build_seconds = Histogram(
            "mini_buildd_build_duration_seconds",
            "From the start of a build to its end.",
            MINUTES,
            "result",
            "architecture",
        )
        self._publish_seconds = Histogram(
            "mini_buildd_publish_duration_seconds",
            "From the decision of a suite's version until apt can see it.",
            _PUBLISH_SECONDS,
        )

    def families(self) -> Sequence[Family]:
        """The figures now."""
        with self._lock:
            self._read_on()
        counted = (self._events, self._builds, self._uploads)
        return [each.family() for each in (*counted, self._build_seconds, self._publish_seconds)]

    def _read_on(self) -> None:
        while found := list(happenings(self._read_to)):
            for each in found:
                self._count(each)
            self._read_to = found[-1].id

    def _count(self, event: Happening) -> None:
        self._events.add(event.kind)
        if event.kind in _UPLOADS:
            self._uploads.add(_UPLOADS[event.kind])
        if event.kind is EventKind.SUITE_PUBLISHED and event.seconds is not None:
            self._publish_seconds.observe(event.seconds)
        result = _RESULTS.get(event.kind)
        if result is None:
            return
        self._builds.add(result, event.suite, event.architecture)
        if event.seconds is not None:
            self._build_seconds.observe(event.seconds, result, event.architecture)
