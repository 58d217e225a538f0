"""What every verb works with: the instance's settings, clock, spool and key."""

from dataclasses import dataclass

from mini_buildd.archive.sign import Signer
from mini_buildd.archive.tree import Tree
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.incoming.spool import Spool
from mini_buildd.keys.archive_key import ensure_archive_key
from mini_buildd.kit.clock import Clock, utc_now


@dataclass(frozen=True, slots=True)
class Site:
    """One instance, as the verbs see it."""

    settings: Settings
    places: Places
    spool: Spool
    signer: Signer
    clock: Clock

    def tree(self, repository: str) -> Tree:
        """The published tree of *repository*, a name that the database holds."""
        return Tree(self.places.archive / repository, self.places.index_cache / repository)

    def archive_url(self, repository: str) -> str:
        """Where that tree is served."""
        return f"{self.settings.url}/archive/{repository}"


def open_site(settings: Settings, places: Places) -> Site:
    """The instance of these *settings*, with its archive key, made now when there is none."""
    key = ensure_archive_key(places.gnupg, settings.identity)
    return Site(
        settings=settings,
        places=places,
        spool=Spool(
            places.spool,
            max_file_bytes=settings.incoming.max_file_bytes,
            max_spool_bytes=settings.incoming.max_spool_bytes,
        ),
        signer=Signer(key.clearsign, key.sign_detached, key.public_key),
        clock=utc_now,
    )
