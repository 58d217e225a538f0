"""Serve the HTTP ways in alone, in a process of its own: ``http_serve.py FOLDER OPTIONS``.

OPTIONS is JSON. Every line that it prints is JSON, too: first the ports, then, whenever there may
be something new in the spool, which arrivals may still be followed by more.
"""

import json
import logging
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.python import log
from twisted.python.threadpool import ThreadPool

from mini_buildd.daemon.http import make_site
from mini_buildd.domain.problem import SignInFailed, TooManyAttempts
from mini_buildd.incoming.credentials import Credentials
from mini_buildd.incoming.http_door import Works
from mini_buildd.incoming.http_routes import HttpDoor
from mini_buildd.incoming.resumable import Resumables
from mini_buildd.incoming.sessions import Sessions
from mini_buildd.incoming.spool import Spool


def _django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Stands for Django."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.url_scheme"].encode()]


def _sign_in(credentials: Credentials, peer: str) -> None:
    """Two are known; "often" has tried too often."""
    if credentials.account == "often":
        raise TooManyAttempts(
            expected="some patience", found=peer, hint="Wait.", retry_after_seconds=7
        )
    if credentials not in (Credentials("pat", "secret: ä"), Credentials("", "a-token")):
        raise SignInFailed(expected="pat", found="somebody else", hint="Be pat.")


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
        **json.loads(sys.argv[2]),
    }
    home = Path(sys.argv[1])
    spool = Spool(
        home / "spool",
        max_file_bytes=options["max_file_bytes"],
        max_spool_bytes=options["max_spool_bytes"],
    )
    spool.drop_parts()
    resumables = Resumables(spool, home / "spool" / "resumable")
    resumables.recover()
    sessions, pool = Sessions(), ThreadPool(1, 4)

    def changed() -> None:
        told = {each.token: sessions.can_follow(each) for each in spool.changes()}
        print(json.dumps({"changes": told}), flush=True)

    loop: Any = reactor
    works = Works(
        reactor=loop,
        pool=pool,
        spool=spool,
        resumables=resumables,
        sessions=sessions,
        changed=changed,
        policy=options["policy"],
        sign_in=_sign_in,
    )
    site = make_site(
        reactor=loop,
        pool=pool,
        archive=home / "archive",
        static={"app/": home / "static"},
        application=_django,
        door=HttpDoor(works, keep_seconds=options["keep_seconds"]),
    )
    site.timeOut = options["idle_seconds"]
    pool.start()
    loop.addSystemEventTrigger("during", "shutdown", pool.stop)
    port = loop.listenTCP(options["port"], site, interface="127.0.0.1")
    print(json.dumps({"port": port.getHost().port}), flush=True)
    loop.run()


if __name__ == "__main__":
    main()
