"""The daemon's object graph: its steps and doors, and in which order they start and stop."""

import logging
import sys
from typing import Any

from twisted.internet.defer import inlineCallbacks
from twisted.internet.error import CannotListenError

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.daemon import thread_guard
from mini_buildd.daemon.doors import Doors
from mini_buildd.daemon.ground import Ground, open_ground
from mini_buildd.daemon.steps import Steps
from mini_buildd.db.connect import in_thread
from mini_buildd.domain.problem import CertificateUnusable
from mini_buildd.flow import hosted
from mini_buildd.flow.first_administrator import offer_link
from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.rates import Rates
from mini_buildd.keys import gpg

_log = logging.getLogger(__name__)


class Services:
    """Everything that runs in the daemon."""

    def __init__(self, settings: Settings, places: Places, reactor: Any) -> None:
        self.reactor = reactor
        self.exit_status = 0
        self._ground = open_ground(settings, places, reactor)
        self._steps = Steps(self._ground)
        self._doors = Doors(self._ground, _dock(self._ground, self._steps))
        hosted.plug_in(self._ground.site, self._steps.wake_deciders, self._steps.wake_step)
        with in_thread():
            self._link = offer_link(places, settings.url)

    def start(self) -> None:
        """Open the doors and begin the work."""
        thread_guard.install()
        self._ground.pools.start()
        if not self._open():
            self.exit_status = 1
            self.reactor.stop()
            return
        self._ground.pulse.start()
        self._steps.start()
        settings = self._ground.settings
        ftp, sftp = settings.ftp.port, settings.sftp.port
        _log.info("serving on %s, FTP on port %s, SFTP on port %s", settings.url, ftp, sftp)
        self._greet()

    def _greet(self) -> None:
        """Say how the first administrator gets in: the link itself to a terminal only.

        More people read a log than the instance's folder, and it is kept for longer.
        """
        if not self._link:
            return
        file = self._ground.places.first_administrator
        _log.info("nobody administers this instance yet: open the link in %s", file)
        if sys.stderr.isatty():
            print(f"\n  First steps: {self._link}\n", file=sys.stderr, flush=True)  # noqa: T201

    def _open(self) -> bool:
        """Whether the doors are open now; why not stands in the log."""
        try:
            self._doors.open()
        except CertificateUnusable as problem:
            _log.error("cannot start: %s", problem)  # it says all in a line
        except CannotListenError as error:
            _log.error("cannot listen: %s; set another port in mini-buildd.toml", error)
        except Exception:  # noqa: BLE001  # the reactor would go on, with no door open
            _log.exception("cannot start")
        else:
            return True
        return False

    @inlineCallbacks
    def stop(self) -> Any:
        """Close the doors, let what runs in threads end; builds go on by themselves."""
        hosted.close()
        self._ground.pulse.stop()
        yield self._doors.close()
        yield self._steps.stop()
        self._ground.pools.stop()
        gpg.stop_agent(self._ground.places.gnupg)
        _log.info("stopped; running builds go on")


def _dock(ground: Ground, steps: Steps) -> Dock:
    incoming = ground.settings.incoming
    return Dock(
        ground.reactor,
        ground.pools.spool,
        ground.site.spool,
        ground.sessions,
        Rates(ground.reactor, incoming.max_bytes_per_second),
        steps.wake_intake,
        incoming.idle_seconds,
    )
