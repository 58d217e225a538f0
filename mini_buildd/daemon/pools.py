"""The threads of the daemon, in pools by what they are for: what is slow holds up only its like."""

from collections.abc import Iterator, Mapping

from twisted.python.threadpool import ThreadPool


class Pools:
    """All of them; a pool begins with one thread, and grows with its work."""

    def __init__(self) -> None:
        self.flow = ThreadPool(1, 6, "flow")
        self.suites = ThreadPool(1, 4, "suites")
        self.chroots = ThreadPool(1, 1, "chroots")
        self.origs = ThreadPool(1, 1, "origs")
        self.hashes = ThreadPool(1, 1, "hash")
        self.web = ThreadPool(1, 8, "web")
        # Many who listen to events come again at once; they keep no page waiting.
        self.events = ThreadPool(1, 2, "events")
        # Threads for those are made when there is something to do: most instances have nothing.
        self.tell = ThreadPool(0, 1, "tell")
        self.mail = ThreadPool(0, 1, "mail")
        self.couriers = ThreadPool(0, 8, "webhooks")
        self.runners = ThreadPool(0, 2, "hooks")
        self.watch = ThreadPool(1, 2, "watch")  # /healthz and /metrics, when all others are busy
        # What is received is written by threads of its own: a slow disk holds up nothing else.
        self.spool = ThreadPool(1, 4, "spool")

    def __iter__(self) -> Iterator[ThreadPool]:
        """Each of them."""
        yield from (self.flow, self.suites, self.chroots, self.origs)
        yield from (self.hashes, self.web, self.events, self.watch, self.spool)
        yield from (self.tell, self.mail, self.couriers, self.runners)

    def start(self) -> None:
        """Let them work."""
        for pool in self:
            pool.start()

    def stop(self) -> None:
        """Let what runs end, and wait for that."""
        for pool in self:
            if pool.started:
                pool.stop()

    def busy(self) -> Mapping[str, int]:
        """How many threads of each pool work at this moment, by its name."""
        return {str(pool.name): len(pool.working) for pool in self}
