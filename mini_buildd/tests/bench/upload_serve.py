"""``python -m mini_buildd.tests.bench.upload_serve HOME``: every way in, to be measured.

All in one process, as in the daemon. It prints its ports as JSON. What stands for Django answers at
once: what is measured is how long a request waits for those who upload.
"""

import json
import logging
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.python.threadpool import ThreadPool

from mini_buildd.daemon.http import make_site
from mini_buildd.incoming.certificate import self_made
from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.ftp import FtpWire, IncomingFactory
from mini_buildd.incoming.ftp_tls import TlsUse
from mini_buildd.incoming.host_keys import host_keys
from mini_buildd.incoming.http_door import Works
from mini_buildd.incoming.http_routes import HttpDoor
from mini_buildd.incoming.rates import Rates
from mini_buildd.incoming.resumable import Resumables
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.incoming.sftp import SftpFactory
from mini_buildd.incoming.spool import Spool
from mini_buildd.incoming.tls import TlsContext
from mini_buildd.kit.clock import utc_now

_MOST_BYTES = 1 << 40
_HERE = "127.0.0.1"


def _django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    del environ
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"here\n"]


def _anybody(account: str, *, key_blob: bytes | None, password: str | None, peer: str) -> bool:
    del account, key_blob, password, peer
    return True


def main(home: Path) -> None:
    """Serve until terminated."""
    logging.basicConfig(level=logging.WARNING)
    loop: Any = reactor
    pool, web_pool = ThreadPool(1, 4), ThreadPool(1, 4)
    spool = Spool(home / "spool", max_file_bytes=_MOST_BYTES, max_spool_bytes=_MOST_BYTES)
    dock = Dock(loop, pool, spool, Sessions(), Rates(loop, 0), lambda: None)
    works = Works(dock, Resumables(spool, home / "spool" / "resumable"))
    site = make_site(
        reactor=loop,
        pool=web_pool,
        archive=home / "archive",
        static={},
        application=_django,
        door=HttpDoor(works, keep_seconds=3600),
    )
    files = self_made(home / "tls", (), utc_now())
    wire = FtpWire(passive_ports=range(1), tls_use=TlsUse("offered"))
    ftp = IncomingFactory(dock, wire, TlsContext(files))
    sftp = SftpFactory(dock, host_keys(home / "ssh"), _anybody)
    ports = {
        "http": loop.listenTCP(0, site, interface=_HERE),
        "https": loop.listenSSL(0, site, TlsContext(files), interface=_HERE),
        "ftp": loop.listenTCP(0, ftp, interface=_HERE),
        "sftp": loop.listenTCP(0, sftp, interface=_HERE),
    }
    for each in (pool, web_pool):
        loop.callWhenRunning(each.start)
        loop.addSystemEventTrigger("during", "shutdown", each.stop)
    print(json.dumps({name: port.getHost().port for name, port in ports.items()}), flush=True)
    loop.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
