"""What every verb works with: the instance's settings, clock, spool and key."""

import time
from dataclasses import dataclass, field

from mini_buildd.archive.sign import Signer
from mini_buildd.archive.tree import Tree
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.domain.throttle import Throttle
from mini_buildd.flow.queue import Queue
from mini_buildd.incoming.spool import Spool
from mini_buildd.kit.clock import Clock
from mini_buildd.kit.digest_cache import DigestCache


@dataclass(frozen=True, slots=True)
class Site:
    """One instance, as the verbs see it."""

    settings: Settings
    places: Places
    spool: Spool
    signer: Signer
    clock: Clock
    queue: Queue = field(default_factory=Queue, compare=False)
    digests: DigestCache = field(default_factory=DigestCache, compare=False)
    # One for all doors, so that nobody goes on guessing at the next one.
    throttle: Throttle = field(default_factory=lambda: Throttle(time.monotonic), compare=False)

    def tree(self, repository: str) -> Tree:
        """The published tree of *repository*, a name that the database holds."""
        return Tree(self.places.archive / repository, self.places.index_cache / repository)

    def archive_url(self, repository: str) -> str:
        """Where that tree is served."""
        return f"{self.settings.url}/archive/{repository}"
