"""``python -m mini_buildd.tests.daemon.serve_events HOME``: a daemon that is told what happens.

Each line on its standard input is a number, and perhaps names: so many events are recorded, on a
package and in a repository of those names, each in a transaction of its own; with a "!" behind the
number, in one for all. It answers with the number of the last one. It looks after who listens more
often than others do.
"""

import logging
import sys
import threading
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twisted.internet import reactor as any_reactor

from mini_buildd.config.load import load
from mini_buildd.daemon.event_desk import EventDesk
from mini_buildd.daemon.event_hub import EventHub
from mini_buildd.daemon.main import open_many_files, prepare
from mini_buildd.db.connect import in_thread, migrate
from mini_buildd.domain.event import EventKind

_CHECK_SECONDS = 0.5
_BEAT_SECONDS = 0.3


def _record(count: int, *, together: bool, package: str = "", repository: str = "") -> int:
    from django.db import transaction  # noqa: PLC0415

    from mini_buildd.db import models  # noqa: PLC0415  # models need a configured Django
    from mini_buildd.db.events import record  # noqa: PLC0415
    from mini_buildd.db.queries.queue import last_event  # noqa: PLC0415

    with in_thread():
        upload = models.Upload(source_name=package) if package else None
        if upload is not None:
            upload.token = f"{last_event():032}"
            upload.state = "rejected"
            upload.received_at = datetime.now(UTC)
            upload.distribution_name = f"trixie-{repository}-unstable" if repository else "none"
            upload.save()
        of = models.Repository.objects.filter(name=repository).first()
        kind = EventKind.UPLOAD_ARRIVED if package else EventKind.KEY_ROTATED
        with transaction.atomic() if together else nullcontext():
            for number in range(count):
                text = f"{number} " + "é" * 20
                record(kind, datetime.now(UTC), upload=upload, repository=of, detail=text)
        return last_event()


def _listen_to_stdin() -> None:
    for line in sys.stdin:
        count, *names = line.split()
        package, repository = [*names, "", ""][:2]
        last = _record(
            int(count.rstrip("!")),
            together=count.endswith("!"),
            package=package,
            repository=repository,
        )
        print(last, flush=True)


def main(home: Path) -> None:
    """Serve until killed."""
    logging.basicConfig(level=logging.WARNING)
    EventHub.beat_seconds = _BEAT_SECONDS
    EventDesk.check_seconds = _CHECK_SECONDS
    open_many_files()
    settings = load(home)
    places = prepare(settings)
    migrate()
    from mini_buildd.daemon.services import Services  # noqa: PLC0415

    reactor: Any = any_reactor
    services = Services(settings, places, reactor)
    reactor.callWhenRunning(services.start)
    reactor.addSystemEventTrigger("before", "shutdown", services.stop)
    threading.Thread(target=_listen_to_stdin, daemon=True).start()
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
