"""The instance that the pages and the API serve, as the daemon gave it to Django.

Django makes its views by itself, so they cannot be handed a Site; they ask here.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.utils.timezone import now

from mini_buildd.archive.tree import Tree
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db.queries.builds import visible_jobs
from mini_buildd.db.visibility import hidden, is_hidden
from mini_buildd.domain.throttle import Throttle
from mini_buildd.flow.outlook import Outlook, look_ahead
from mini_buildd.flow.queue import Queue
from mini_buildd.flow.rounds import Round, Rounds
from mini_buildd.flow.site import Site
from mini_buildd.flow.troubles import Trouble, Troubles


def instance() -> Settings:
    """The settings of this instance."""
    found: Settings = settings.MINI_BUILDD
    return found


def places() -> Places:
    """The folders of this instance."""
    return Places(instance().home)


def archive_url(repository: str) -> str:
    """Where apt finds *repository*; without a slash at the end."""
    return f"{instance().url}/archive/{repository}"


def tree(repository: str) -> Tree:
    """The published tree of *repository*, a name that the database holds."""
    return Tree(places().archive / repository, places().index_cache / repository)


@dataclass(slots=True)
class _Daemon:
    site: Site | None = None
    wake: Callable[[], None] = lambda: None
    wake_step: Callable[[str], bool] = lambda _: False
    troubles: Troubles | None = None
    rounds: Rounds | None = None
    closing: threading.Event = field(default_factory=threading.Event)


_daemon = _Daemon()
alone = Throttle(time.monotonic)  # of pages that are served without a daemon


def plug_in(
    site: Site | None,
    wake: Callable[[], None],
    wake_step: Callable[[str], bool] = lambda _: False,
) -> None:
    """Let the doors call verbs on *site*, and *wake* whoever publishes; the daemon does this.

    *wake_step* lets the step of a name look now, and says whether there is one.
    """
    _daemon.site, _daemon.wake, _daemon.wake_step = site, wake, wake_step
    _daemon.closing.clear()


def show_troubles(troubles: Troubles) -> None:
    """Let the doors tell of the daemon's *troubles*; the daemon does this."""
    _daemon.troubles = troubles


def show_rounds(rounds: Rounds) -> None:
    """Let the doors tell what the daemon's steps did last; the daemon does this."""
    _daemon.rounds = rounds


def close() -> None:
    """The daemon is to end: who waits for something to happen waits no longer."""
    _daemon.closing.set()


def troubles() -> Sequence[Trouble]:
    """The suites that cannot be published at present."""
    found = _daemon.troubles.listing() if _daemon.troubles is not None else ()
    return [each for each in found if not is_hidden(each.name)]


def rounds() -> Sequence[Round]:
    """What the daemon's steps did last."""
    return _daemon.rounds.listing() if _daemon.rounds is not None else ()


def site() -> Site:
    """What verbs work with."""
    if _daemon.site is None:
        raise RuntimeError("the pages are served without a daemon, so they can only be read")
    return _daemon.site


def throttle() -> Throttle:
    """Who has to wait before they may try to sign in; one for all doors."""
    return _daemon.site.throttle if _daemon.site is not None else alone


def outlook() -> Outlook:
    """What the waiting jobs are to expect."""
    # Without a daemon nobody keeps a queue, and it is made anew for each page.
    queue = _daemon.site.queue if _daemon.site is not None else Queue()
    found = look_ahead(queue, instance().builder.backend, now())
    if not hidden():
        return found
    shown = visible_jobs(found.order)
    order = [job_id for job_id in found.order if job_id in shown]
    waiting = sum(job_id in shown for job_id in found.order[: found.waiting_count])
    return replace(found, order=order, waiting_count=waiting)


def wake() -> None:
    """Something was decided: let it be published now, instead of with the next sweep."""
    _daemon.wake()


def wake_step(name: str) -> bool:
    """Let the daemon's step of that name look now; whether there is one."""
    return _daemon.wake_step(name)


def pause(seconds: float) -> bool:
    """Let so much time pass, less when the daemon is to end; whether it is."""
    return _daemon.closing.wait(seconds)
