"""``python -m mini_buildd.tests.daemon.serve HOME``: the server alone; prints its port.

In a process of its own, since Twisted's file transfers need the one reactor of their process.
"""

import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor as any_reactor
from twisted.python.threadpool import ThreadPool

from mini_buildd.daemon.http import make_site


def _django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Stands for Django: it says which path it was asked for."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode("latin-1")]


def main(home: Path) -> None:
    """Serve until killed."""
    reactor: Any = any_reactor
    pool = ThreadPool(1, 2)
    site = make_site(
        reactor=reactor,
        pool=pool,
        archive=home / "archive",
        static={"app/": home / "static"},
        application=_django,
    )
    port = reactor.listenTCP(0, site, interface="127.0.0.1")
    reactor.callWhenRunning(pool.start)
    reactor.addSystemEventTrigger("after", "shutdown", pool.stop)
    print(port.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
