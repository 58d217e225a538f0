"""Changes of state: one winner, and no way but those of the table."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils.timezone import now

from mini_buildd.db import models
from mini_buildd.db.moves import Overtaken, move_job, move_source, move_upload
from mini_buildd.domain import states
from mini_buildd.domain.states import JobState, SourceState, UploadState
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.tests.web.builder import Builder

Table = Mapping[Any, frozenset[Any]]


@pytest.fixture
def job(tmp_path: Path, db: None) -> models.Job:
    """A job that waits."""
    del db
    builder = Builder(tmp_path)
    return builder.job(builder.source("hello", "1.0~test13+1"), JobState.WAITING)


def of_job(job: models.Job) -> models.Job:
    return job


def of_source(job: models.Job) -> models.Source:
    return job.source


def of_upload(job: models.Job) -> models.Upload:
    assert job.source.upload is not None
    return job.source.upload


@pytest.mark.parametrize(
    ("kind", "table", "move", "row_of"),
    [
        (JobState, states.JOB_MOVES, move_job, of_job),
        (SourceState, states.SOURCE_MOVES, move_source, of_source),
        (UploadState, states.UPLOAD_MOVES, move_upload, of_upload),
    ],
)
def test_every_move_of_the_table_works_and_every_other_raises(
    job: models.Job,
    kind: type[StrEnum],
    table: Table,
    move: Callable[..., None],
    row_of: Callable[[models.Job], Any],
) -> None:
    row = row_of(job)
    for old in kind:
        for new in kind:
            row.__class__.objects.filter(pk=row.pk).update(state=old)
            row.refresh_from_db()
            if new in table[old]:
                move(row, new)
                assert row.state == new
            else:
                with pytest.raises(states.IllegalMove):
                    move(row, new)
            row.refresh_from_db()
            assert row.state == (new if new in table[old] else old)


def test_whoever_comes_second_is_told_and_changes_nothing(job: models.Job) -> None:
    stale = models.Job.objects.get(pk=job.pk)
    move_job(job, JobState.ASSIGNED, reason="mine")
    with pytest.raises(Overtaken):
        move_job(stale, JobState.CANCELLED, reason="no, mine")
    job.refresh_from_db()
    assert (job.state, job.reason) == ("assigned", "mine")


def test_of_many_threads_one_wins(tmp_path: Path, transactional_db: None) -> None:
    del transactional_db
    builder = Builder(tmp_path)
    job = builder.job(builder.source("hello", "1.0~test13+1"), JobState.WAITING)
    won = []

    def take(number: int) -> Callable[[], None]:
        mine = models.Job.objects.get(pk=job.pk)

        def work() -> None:
            with transaction.atomic():
                move_job(mine, JobState.ASSIGNED, reason=str(number), created_at=now())
                won.append(number)

        return work

    raised = at_once(*(take(number) for number in range(6)))
    assert [type(error) for error in raised] == [Overtaken] * 5
    job.refresh_from_db()
    assert [job.reason] == [str(number) for number in won]
