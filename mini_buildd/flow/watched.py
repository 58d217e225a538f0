"""The folders that uploads are dropped into: what is whole comes in, what is decided goes away.

Whatever a crash leaves is gone on with: an upload that was taken out of the folder is either a row,
or waits in the spool, or is brought there again.
"""

import logging
from pathlib import Path

from mini_buildd.config.settings import Watch
from mini_buildd.db.models import Upload
from mini_buildd.domain.states import UploadState
from mini_buildd.flow.site import Site
from mini_buildd.incoming.drop_folder import DropFolder
from mini_buildd.incoming.spool import SpoolFull

_log = logging.getLogger(__name__)


class WatchedFolder:
    """One of them, as the settings have it."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._folder = DropFolder(Path(watch.folder))
        self._told = ""

    def look(self, site: Site) -> bool:
        """Take in what is complete, and put aside what is decided on; whether anything came.

        What fails is tried again with the next look, and told once.
        """
        has_come, said = False, ""
        try:
            self._folder.take()
            for token in self._folder.taken():
                try:
                    has_come = self._go_on(site, token) or has_come
                except OSError as error:  # of this one; the others go on
                    said = str(error)
        except (SpoolFull, OSError) as error:
            said = str(error)
        if said and said != self._told:
            _log.error("the folder %s is not taken from: %s", self._watch.folder, said)
        self._told = said
        return has_come

    def _go_on(self, site: Site, token: str) -> bool:
        """Bring what was taken as *token*, or put it aside; whether something came."""
        # First the spool, then the rows: it leaves the one only for the other.
        if self._folder.has_arrived(token, site.spool):
            return False
        upload = Upload.objects.filter(token=token).first()
        if upload is not None:
            self._settle(upload)
            return False
        try:
            self._folder.bring(token, site.spool, self._watch.suites)
        except SpoolFull as full:
            if not full.is_file:
                raise
            self._folder.settle(token, "rejected", f"Too large: {full} (incoming.max_file_bytes).")
        return True

    def _settle(self, upload: Upload) -> None:
        match upload.state:
            case UploadState.ACCEPTED:
                self._folder.settle(upload.token, "done" if self._watch.keep else "")
            case UploadState.REJECTED:
                why = f"{upload.problem_title}: expected {upload.expected}; found {upload.found}. "
                self._folder.settle(upload.token, "rejected", why + upload.hint)
