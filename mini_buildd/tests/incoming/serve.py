"""Serve the incoming FTP server alone, in a process of its own: ``serve.py SPOOL OPTIONS``.

OPTIONS is JSON. Every line that it prints is JSON, too: first the port, then, whenever there may be
something new in the spool, which arrivals may still be followed by more.
"""

import base64
import json
import logging
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.python import log
from twisted.python.threadpool import ThreadPool

from mini_buildd.incoming import sftp, writing
from mini_buildd.incoming.certificate import self_made
from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.ftp import FtpWire, IncomingFactory
from mini_buildd.incoming.ftp_tls import TlsUse
from mini_buildd.incoming.host_keys import host_keys
from mini_buildd.incoming.rates import Rates
from mini_buildd.incoming.sessions import Bounds, Sessions
from mini_buildd.incoming.sftp import SftpFactory
from mini_buildd.incoming.spool import Spool
from mini_buildd.incoming.tls import TlsContext
from mini_buildd.kit.clock import utc_now


def main() -> None:
    """Serve until killed or terminated; what goes wrong stands on the standard error."""
    logging.basicConfig(level=logging.WARNING)
    twisted_log: Any = log
    twisted_log.startLoggingWithObserver(twisted_log.PythonLoggingObserver().emit, setStdout=False)
    options = {
        "max_file_bytes": 1 << 30,
        "max_spool_bytes": 1 << 30,
        "idle_seconds": 600,
        "accounts": None,
        "is_slow_disk": False,
        "login_seconds": 120,
        "wire": {},
        "bounds": {},
        "rate": 0,
        "interface": "127.0.0.1",
        **json.loads(sys.argv[2]),
    }
    spool = Spool(
        Path(sys.argv[1]),
        max_file_bytes=options["max_file_bytes"],
        max_spool_bytes=options["max_spool_bytes"],
    )
    sftp._LOGIN_SECONDS = options["login_seconds"]
    if options["is_slow_disk"]:  # each write is as one that took long
        writing._SLOW_SECONDS = -1.0
    sessions, pool = Sessions(Bounds(**options["bounds"])), ThreadPool(1, 4)

    def changed() -> None:
        told = {each.token: sessions.can_follow(each) for each in spool.changes()}
        print(json.dumps({"changes": told}), flush=True)

    loop: Any = reactor
    rates = Rates(loop, options["rate"])
    dock = Dock(loop, pool, spool, sessions, rates, changed, options["idle_seconds"])
    factory = IncomingFactory(
        dock,
        _wire(**options["wire"]),
        TlsContext(self_made(Path(sys.argv[1]).parent / "tls", ["a.example"], utc_now())),
    )
    pool.start()
    loop.addSystemEventTrigger("during", "shutdown", pool.stop)
    port = loop.listenTCP(0, factory, interface=options["interface"])
    ports = {"port": port.getHost().port}
    if options["accounts"] is not None:
        keys = host_keys(Path(sys.argv[1]).parent / "ssh")
        accounts = options["accounts"]
        door = SftpFactory(dock, keys, lambda *whom, **how: _may_enter(accounts, *whom, **how))
        ports["sftp"] = loop.listenTCP(0, door, interface=options["interface"]).getHost().port
    print(json.dumps(ports), flush=True)
    loop.run()


def _may_enter(
    accounts: dict[str, list[str]],
    account: str,
    *,
    key_blob: bytes | None,
    password: str | None,
    peer: str,
) -> bool:
    """*accounts*: by name, passwords and public keys as OpenSSH writes them."""
    del peer
    shown = base64.b64encode(key_blob).decode() if key_blob is not None else password
    return shown in accounts.get(account, ())


def _wire(tls_use: str = "off", passive_ports: tuple[int, ...] = (1,), **others: Any) -> FtpWire:
    return FtpWire(tls_use=TlsUse(tls_use), passive_ports=range(*passive_ports), **others)


if __name__ == "__main__":
    main()
