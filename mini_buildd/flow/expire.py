"""Give back what nobody will ask for any more."""

from mini_buildd.db.models import Upload
from mini_buildd.domain.states import UploadState
from mini_buildd.flow.once import expire_once
from mini_buildd.flow.site import Site


def expire(site: Site) -> None:
    """Remove files that no .changes has meant in time, and gathered uploads that are settled.

    The latter are left by a crash between a row and the tidying up that follows it.
    """
    keep_seconds = site.settings.incoming.keep_leftovers_seconds
    site.spool.expire(keep_seconds)
    expire_once(site)
    for token in site.spool.old_uploads(keep_seconds):
        if not Upload.objects.filter(token=token, state=UploadState.RECEIVED).exists():
            site.spool.drop_upload(token)
