"""All figures of one daemon, as /metrics tells them."""

import time
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version

from mini_buildd.daemon.ground import Ground
from mini_buildd.daemon.pulse import Pulse
from mini_buildd.db.connect import in_thread
from mini_buildd.domain.metric import Family, Sample, gauge
from mini_buildd.flow.figures import figures, held
from mini_buildd.flow.tally import Tally
from mini_buildd.wire.exposition import exposition

# What reads many rows is asked as seldom as that.
_SELDOM_SECONDS = 600.0


class Figures:
    """Finds them, in a thread."""

    def __init__(self, ground: Ground, pulse: Pulse) -> None:
        self._ground, self._pulse = ground, pulse
        self._tally = Tally()
        self._held: tuple[float, Sequence[Family]] | None = None

    def thd_text(self) -> str:
        """The whole page."""
        with in_thread():
            return exposition(self._families())

    def _families(self) -> Iterator[Family]:
        yield gauge(
            "mini_buildd_info",
            "Which instance this is.",
            [Sample(1, {"identity": self._ground.settings.identity, "version": _version()})],
        )
        yield from self._tally.families()
        yield from figures(self._ground.site)
        yield from self._seldom()
        yield from self._pulse.families(self._ground.pools, self._ground.sessions.count())

    def _seldom(self) -> Sequence[Family]:
        now = time.monotonic()
        if self._held is None or now - self._held[0] > _SELDOM_SECONDS:
            self._held = (now, list(held(self._ground.site)))
        return self._held[1]


def _version() -> str:
    try:
        return version("mini-buildd")
    except PackageNotFoundError:  # run from a checkout
        return ""
