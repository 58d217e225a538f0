"""Serve the incoming FTP server alone, in a process of its own: ``serve.py SPOOL OPTIONS``.

OPTIONS is JSON. Every line that it prints is JSON, too: first the port, then, whenever there may be
something new in the spool, which arrivals may still be followed by more.
"""

import json
import logging
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.python import log
from twisted.python.threadpool import ThreadPool

from mini_buildd.incoming.ftp import IncomingFactory
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.incoming.spool import Spool


def main() -> None:
    """Serve until killed or terminated; what goes wrong stands on the standard error."""
    logging.basicConfig(level=logging.WARNING)
    twisted_log: Any = log
    twisted_log.startLoggingWithObserver(twisted_log.PythonLoggingObserver().emit, setStdout=False)
    options = {
        "max_file_bytes": 1 << 30,
        "max_spool_bytes": 1 << 30,
        "passive_ports": [0, 1],
        "idle_seconds": 600,
        **json.loads(sys.argv[2]),
    }
    spool = Spool(
        Path(sys.argv[1]),
        max_file_bytes=options["max_file_bytes"],
        max_spool_bytes=options["max_spool_bytes"],
    )
    sessions, pool = Sessions(), ThreadPool(1, 4)

    def changed() -> None:
        told = {each.token: sessions.can_follow(each) for each in spool.changes()}
        print(json.dumps({"changes": told}), flush=True)

    loop: Any = reactor
    factory = IncomingFactory(
        reactor=loop,
        pool=pool,
        spool=spool,
        sessions=sessions,
        changed=changed,
        passive_ports=range(*options["passive_ports"]),
    )
    factory.timeOut = options["idle_seconds"]
    pool.start()
    loop.addSystemEventTrigger("during", "shutdown", pool.stop)
    port = loop.listenTCP(0, factory, interface="127.0.0.1")
    print(json.dumps({"port": port.getHost().port}), flush=True)
    loop.run()


if __name__ == "__main__":
    main()
