"""The folders that uploads are dropped into: what is whole comes in, what is decided goes away.

Whatever a crash leaves is gone on with: an upload that was taken out of the folder is either a row,
or waits in the spool, or is brought there again.
"""

import logging
from collections.abc import Sequence
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

        What fails is tried again with the next look, and told once; it holds no other upload up.
        """
        try:
            self._folder.take()
            tokens = self._folder.taken()
        except OSError as error:
            self._tell([error])
            return False
        has_come, errors = False, []
        for token in tokens:
            try:
                has_come |= self._go_on(site, token)
            except (SpoolFull, OSError) as error:
                errors.append(error)
        self._tell(errors)
        return has_come

    def _tell(self, errors: Sequence[Exception]) -> None:
        said = "; ".join(sorted({str(error) for error in errors}))
        if said and said != self._told:
            _log.error("the folder %s is not taken from: %s", self._watch.folder, said)
        self._told = said

    def _go_on(self, site: Site, token: str) -> bool:
        """Go on with what was taken as *token*; whether it has come into the spool by that."""
        # First the spool, then the rows: it leaves the one only for the other.
        if self._folder.has_arrived(token, site.spool):
            return False
        upload = Upload.objects.filter(token=token).first()
        if upload is not None:
            self._settle(upload)
        elif self._folder.is_half_taken(token):
            self._folder.give_back(token)
        else:
            return self._bring(site, token)
        return False

    def _bring(self, site: Site, token: str) -> bool:
        try:
            self._folder.bring(token, site.spool, self._watch.suites)
        except SpoolFull as full:
            if not full.is_file:
                raise
            self._folder.settle(token, "rejected", f"{full}")  # it will not become smaller
            return False
        return True

    def _settle(self, upload: Upload) -> None:
        match upload.state:
            case UploadState.ACCEPTED:
                self._folder.settle(upload.token, "done" if self._watch.keep else "")
            case UploadState.REJECTED:
                why = f"{upload.problem_title}: expected {upload.expected}; found {upload.found}. "
                self._folder.settle(upload.token, "rejected", why + upload.hint)
