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
        try:
            return self._look(site)
        except (SpoolFull, OSError) as error:
            if (said := str(error)) != self._told:
                _log.error("the folder %s is not taken from: %s", self._watch.folder, said)
                self._told = said
            return False

    def _look(self, site: Site) -> bool:
        self._folder.take()
        has_come = False
        for token in self._folder.taken():
            # First the spool, then the rows: it leaves the one only for the other.
            if self._folder.has_arrived(token, site.spool):
                continue
            upload = Upload.objects.filter(token=token).first()
            if upload is None:
                self._folder.bring(token, site.spool, self._watch.suites)
                has_come = True
            else:
                self._settle(upload)
        self._told = ""
        return has_come

    def _settle(self, upload: Upload) -> None:
        match upload.state:
            case UploadState.ACCEPTED:
                self._folder.settle(upload.token, "done" if self._watch.keep else "")
            case UploadState.REJECTED:
                why = f"{upload.problem_title}: expected {upload.expected}; found {upload.found}. "
                self._folder.settle(upload.token, "rejected", why + upload.hint)
