"""Serve the HTTP ways in alone, in a process of its own: ``http_serve.py FOLDER OPTIONS``.

OPTIONS is JSON. Every line that it prints is JSON, too: first the ports, then, whenever there may
be something new in the spool, which arrivals may still be followed by more.
"""

import json
import logging
import resource
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.python import log
from twisted.python.threadpool import ThreadPool

from mini_buildd.daemon.http import make_site
from mini_buildd.domain.problem import SignInFailed, TooManyAttempts
from mini_buildd.incoming import resumable as resumable_module
from mini_buildd.incoming import spool as spool_module
from mini_buildd.incoming.certificate import self_made
from mini_buildd.incoming.credentials import Credentials
from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.http_door import Works
from mini_buildd.incoming.http_routes import HttpDoor
from mini_buildd.incoming.rates import Rates
from mini_buildd.incoming.resumable import Resumables
from mini_buildd.incoming.sessions import Bounds, Sessions
from mini_buildd.incoming.spool import Spool
from mini_buildd.incoming.tls import TlsContext


def _django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Stands for Django."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.url_scheme"].encode()]


def _sign_in(credentials: Credentials, peer: str) -> None:
    """Two are known; "often" has tried too often, and with "broken" it fails."""
    if credentials.account == "broken":
        raise RuntimeError("the database is not to be asked")
    if credentials.account == "often":
        raise TooManyAttempts(
            expected="some patience", found=peer, hint="Wait.", retry_after_seconds=7
        )
    if credentials not in (
        *(Credentials("pat", "secret"), Credentials("pat", "secret: ä")),
        Credentials("", "a-token"),
    ):
        raise SignInFailed(expected="pat", found="somebody else", hint="Be pat.")


def _slow_down(seconds: float) -> None:
    """Let every write take as long as it does on a disk that is behind."""
    for module in (spool_module, resumable_module):

        def slowly(
            descriptor: int, pieces: Sequence[bytes], write: Any = module.write_pieces
        ) -> None:
            time.sleep(seconds)
            write(descriptor, pieces)

        vars(module)["write_pieces"] = slowly


def main() -> None:
    """Serve until killed or terminated; what goes wrong stands on the standard error."""
    logging.basicConfig(level=logging.WARNING)
    twisted_log: Any = log
    twisted_log.startLoggingWithObserver(twisted_log.PythonLoggingObserver().emit, setStdout=False)
    options = {
        "port": 0,
        "policy": "open",
        "max_file_bytes": 2 << 30,
        "max_spool_bytes": 8 << 30,
        "idle_seconds": 60,
        "keep_seconds": 3600,
        "hsts_seconds": 0,
        "max_bytes_per_second": 0,
        "max_connections_per_peer": 100,
        "slow_disk_seconds": 0,
        "largest_on_disk_bytes": -1,
        "interface": "127.0.0.1",
        **json.loads(sys.argv[2]),
    }
    home = Path(sys.argv[1])
    if options["slow_disk_seconds"]:
        _slow_down(options["slow_disk_seconds"])
    most_bytes = options["largest_on_disk_bytes"]
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    spool = Spool(
        home / "spool",
        max_file_bytes=options["max_file_bytes"],
        max_spool_bytes=options["max_spool_bytes"],
    )
    spool.drop_parts()
    resumables = Resumables(spool, home / "spool" / "resumable")
    resumables.recover()
    sessions = Sessions(Bounds(200, options["max_connections_per_peer"]))
    pool = ThreadPool(1, 4)

    def changed() -> None:
        told = {each.token: sessions.can_follow(each) for each in spool.changes()}
        print(json.dumps({"changes": told}), flush=True)

    loop: Any = reactor
    rates = Rates(loop, options["max_bytes_per_second"])
    dock = Dock(loop, pool, spool, sessions, rates, changed)
    works = Works(dock, resumables, options["policy"], _sign_in)
    site = make_site(
        reactor=loop,
        pool=pool,
        archive=home / "archive",
        static={"app/": home / "static"},
        application=_django,
        door=HttpDoor(works, keep_seconds=options["keep_seconds"]),
        hsts_seconds=options["hsts_seconds"],
    )
    site.timeOut = options["idle_seconds"]
    pool.start()
    loop.addSystemEventTrigger("during", "shutdown", pool.stop)
    plain = loop.listenTCP(options["port"], site, interface=options["interface"])
    tls = TlsContext(self_made(home / "tls", (), datetime.now(UTC)))
    secure = loop.listenSSL(0, site, tls, interface=options["interface"])
    ports = {"port": plain.getHost().port, "tls_port": secure.getHost().port}
    print(json.dumps(ports), flush=True)
    loop.run()


if __name__ == "__main__":
    main()
