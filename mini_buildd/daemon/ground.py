"""What all services of the daemon stand on: the instance, its threads, and who wakes whom."""

from dataclasses import dataclass, field
from typing import Any

from mini_buildd.bus.local import LocalBus
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.daemon.certificate import Certificate
from mini_buildd.daemon.pools import Pools
from mini_buildd.daemon.pulse import Pulse
from mini_buildd.flow.hosted import show_rounds, show_troubles
from mini_buildd.flow.open_site import open_site
from mini_buildd.flow.rounds import Rounds
from mini_buildd.flow.site import Site
from mini_buildd.flow.troubles import Troubles
from mini_buildd.incoming.resumable import Resumables
from mini_buildd.incoming.sessions import Bounds, Sessions


@dataclass(frozen=True, slots=True)
class Ground:
    """One instance in one process; *sessions* are the connections of those who upload."""

    reactor: Any
    settings: Settings
    places: Places
    site: Site
    troubles: Troubles
    rounds: Rounds
    certificate: Certificate
    sessions: Sessions
    resumables: Resumables
    pulse: Pulse
    pools: Pools = field(default_factory=Pools)
    bus: LocalBus = field(default_factory=LocalBus)


def open_ground(settings: Settings, places: Places, reactor: Any) -> Ground:
    """The instance in *places*, with what a daemon before it left half received taken up."""
    site = open_site(settings, places)
    site.spool.drop_parts()
    resumables = Resumables(site.spool, places.resumable)
    resumables.recover()
    troubles = Troubles(site.clock)
    show_troubles(troubles)
    rounds = Rounds(site.clock)
    show_rounds(rounds)
    incoming = settings.incoming
    return Ground(
        reactor=reactor,
        settings=settings,
        places=places,
        site=site,
        troubles=troubles,
        rounds=rounds,
        certificate=Certificate(settings, places, site.clock, troubles),
        sessions=Sessions(Bounds(incoming.max_connections, incoming.max_connections_per_peer)),
        resumables=resumables,
        pulse=Pulse(reactor),
    )
