"""Rejecting an upload: why, in words that its page, its mail and its event share."""

from collections.abc import Sequence

from django.db import transaction

from mini_buildd.db.events import record
from mini_buildd.db.models import Upload
from mini_buildd.db.moves import move_upload
from mini_buildd.domain import problem
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import UploadState
from mini_buildd.flow.site import Site

_WORDS = ("code", "title", "expected", "found", "hint")
_NOTED = ("problem_code", "problem_title", "expected", "found", "hint", "more_problems")


def note_problems(upload: Upload, faults: Sequence[problem.Rejection]) -> None:
    """Fill in why *upload* is rejected: the first of *faults*, and what else is wrong."""
    first, *others = faults
    upload.problem_code = first.code
    upload.problem_title = first.title
    upload.expected = first.expected
    upload.found = first.found
    upload.hint = first.hint
    upload.more_problems = [{word: getattr(each, word) for word in _WORDS} for each in others]


def reject(site: Site, upload: Upload, faults: Sequence[problem.Rejection]) -> EventKind:
    """Move the received *upload* to its end; raises Overtaken."""
    note_problems(upload, faults)
    values = {name: getattr(upload, name) for name in _NOTED}
    with transaction.atomic():
        move_upload(upload, UploadState.REJECTED, missing="", try_after=None, **values)
        return record(
            EventKind.UPLOAD_REJECTED, site.clock(), upload=upload, detail=upload.problem_code
        )
