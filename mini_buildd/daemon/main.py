"""``mini-buildd run``: the one process, from its settings to its clean end."""

import argparse
import fcntl
import gc
import logging
import os
import resource
import secrets
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor as any_reactor
from twisted.logger import STDLibLogObserver, globalLogBeginner

from mini_buildd.config.load import SettingsError, load
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.daemon.log_lines import start_logging
from mini_buildd.db.connect import analyze, close, connect, django_settings, migrate
from mini_buildd.kit.atomic import write_file
from mini_buildd.web.settings import web_settings

_log = logging.getLogger(__name__)

_OPEN_FILES = 16_384


def secret_key(places: Places) -> str:
    """Django's secret, made on first use and readable by its owner only."""
    if not places.secret_key.exists():
        write_file(places.secret_key, secrets.token_urlsafe(48).encode(), mode=0o600)
    return places.secret_key.read_text(encoding="ascii")


def lock(places: Places) -> int | None:
    """The lock of the instance, held until this process ends; None when another holds it."""
    descriptor = os.open(places.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def prepare(settings: Settings) -> Places:
    """Folders, secret, Django and tables of the instance."""
    places = Places(settings.home)
    places.make()
    pages = web_settings(settings, secret_key(places))
    connect(
        {**django_settings(places.database), **pages, "ROOT_URLCONF": "mini_buildd.daemon.urls"}
    )
    return places


def open_many_files() -> None:
    """Let this process have more open files than the usual 1024, if the machine allows it.

    A session of SFTP may have many files under way. Not as many as there could be: what it starts
    has the same bound, and some old programs close all they could have open, one by one.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(settings: Settings) -> int:
    """Serve until told to stop; returns the exit status."""
    gc.disable()  # nearly all that is made until it serves stays
    open_many_files()
    places = prepare(settings)
    held = lock(places)
    if held is None:
        print(f"mini-buildd: another daemon runs in {settings.home}", file=sys.stderr)  # noqa: T201
        return 1
    migrate()
    analyze()
    close()
    from mini_buildd.daemon.services import (  # noqa: PLC0415  # models need a configured Django
        Services,
    )

    services = Services(settings, places, any_reactor)
    gc.freeze()
    gc.enable()
    reactor = services.reactor
    reactor.callWhenRunning(services.start)
    reactor.addSystemEventTrigger("before", "shutdown", services.stop)
    reactor.run()
    return services.exit_status


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="mini-buildd run", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the instance's folder")
    options = parser.parse_args(arguments)
    observer: Any = STDLibLogObserver()
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)
    if os.geteuid() == 0:
        print(  # noqa: T201
            "mini-buildd: the daemon does not run as root.\n"
            "  Make a user of its own: adduser --system --group mini-buildd",
            file=sys.stderr,
        )
        return 1
    try:
        settings = load(options.home)
        start_logging(settings.log)
        return run(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2


if __name__ == "__main__":
    sys.exit(main())
