"""Working on an instance for the length of one command, whether or not its daemon runs."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.flow.open_site import open_site
from mini_buildd.flow.site import Site
from mini_buildd.keys import gpg
from mini_buildd.kit.lock import is_held


@contextmanager
def beside_daemon(settings: Settings, places: Places) -> Iterator[Site]:
    """The instance, for one command.

    Signing starts a gpg-agent, which the last of several commands ends. If the daemon runs, it does
    so at its own end.
    """
    path = places.index_cache / "gpg-agent.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        try:
            yield open_site(settings, places)
        finally:
            if _is_last(descriptor) and not is_held(places.lock):
                gpg.stop_agent(places.gnupg)
    finally:
        os.close(descriptor)


def _is_last(descriptor: int) -> bool:
    """Whether nobody else has the lock; then nobody gets it until it is given back."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
