"""Opening an instance for the verbs: for the daemon, or for one command."""

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.flow.keys import signer_of
from mini_buildd.flow.site import Site
from mini_buildd.incoming.spool import Spool
from mini_buildd.keys.archive_keys import ensure_archive_keys
from mini_buildd.kit.clock import utc_now


def open_site(settings: Settings, places: Places) -> Site:
    """The instance in *places*, with its key, which is made now when there is none."""
    ensure_archive_keys(places.gnupg, settings.identity)
    return Site(
        settings=settings,
        places=places,
        spool=Spool(
            places.spool,
            max_file_bytes=settings.incoming.max_file_bytes,
            max_spool_bytes=settings.incoming.max_spool_bytes,
        ),
        signer=signer_of(places.gnupg),
        clock=utc_now,
    )
