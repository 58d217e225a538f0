"""Changes of state as compare-and-set, so that of two actors only one can win."""

from typing import Any

from mini_buildd.db.models import Job, Source, Upload
from mini_buildd.domain.states import (
    JOB_MOVES,
    SOURCE_MOVES,
    UPLOAD_MOVES,
    JobState,
    SourceState,
    UploadState,
    check_move,
)


class Overtaken(Exception):
    """Somebody else moved the row first; what was to be done is done or void."""


def move_upload(upload: Upload, new: UploadState, **values: Any) -> None:
    """Move *upload* to *new* and set *values*; raises IllegalMove, Overtaken."""
    old = UploadState(upload.state)
    check_move(UPLOAD_MOVES, old, new)
    _swap(Upload, upload, old, new, values)


def move_source(source: Source, new: SourceState, **values: Any) -> None:
    """Move *source* to *new* and set *values*; raises IllegalMove, Overtaken."""
    old = SourceState(source.state)
    check_move(SOURCE_MOVES, old, new)
    _swap(Source, source, old, new, values)


def move_job(job: Job, new: JobState, **values: Any) -> None:
    """Move *job* to *new* and set *values*; raises IllegalMove, Overtaken."""
    old = JobState(job.state)
    check_move(JOB_MOVES, old, new)
    _swap(Job, job, old, new, values)


def _swap(
    model: type[Upload] | type[Source] | type[Job],
    row: Upload | Source | Job,
    old: str,
    new: str,
    values: dict[str, Any],
) -> None:
    rows = model._default_manager.filter(pk=row.pk, state=old)  # noqa: SLF001  # Django's public name
    if rows.update(state=new, **values) != 1:
        raise Overtaken(f"{model.__name__} {row.pk} is no longer {old}")
    row.refresh_from_db()
