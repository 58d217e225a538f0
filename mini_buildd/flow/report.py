"""Step 7, report: what a builder says of an attempt enters exactly once.

Results are verified like an upload: nothing counts that is not what was asked for, and a builder's
word on sizes and digests is checked against the bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from mini_buildd.archive import pool
from mini_buildd.archive.tree import pool_path
from mini_buildd.db.events import record
from mini_buildd.db.models import Attempt, Binary, Job, Publication
from mini_buildd.db.moves import move_job
from mini_buildd.deb.binary import BinaryPackage, packages_paragraph, read_binary
from mini_buildd.deb.changes import Changes, parse_changes
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import Component, MalformedName, PlainFilename, SourceName
from mini_buildd.deb.version import Version
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.problem import ResultRefused
from mini_buildd.domain.states import JobState, Outcome
from mini_buildd.domain.verdict import after_loss
from mini_buildd.flow.accept import pool_row
from mini_buildd.flow.site import Site
from mini_buildd.kit.hashing import Digests, hash_file
from mini_buildd.wire.task import BuildStatus, Result

_OUTCOMES: Mapping[BuildStatus, Outcome] = {
    BuildStatus.SUCCEEDED: Outcome.SUCCEEDED,
    BuildStatus.FAILED: Outcome.FAILED,
    BuildStatus.DEP_WAIT: Outcome.DEP_WAIT,
    BuildStatus.INFRASTRUCTURE: Outcome.LOST,
}
_EVENTS: Mapping[Outcome, EventKind] = {
    Outcome.SUCCEEDED: EventKind.JOB_SUCCEEDED,
    Outcome.FAILED: EventKind.JOB_FAILED,
    Outcome.DEP_WAIT: EventKind.JOB_DEP_WAIT,
    Outcome.LOST: EventKind.JOB_LOST,
}


@dataclass(frozen=True, slots=True)
class _Made:
    """A file that the build made, now in the pool; *binary* is None for the .buildinfo."""

    path: str
    digests: Digests
    binary: BinaryPackage | None


def note_started(site: Site, attempt: Attempt, started_at: str) -> list[EventKind]:
    """The builder has begun; told again, it changes nothing."""
    if attempt.started_at is not None or attempt.outcome:
        return []
    with transaction.atomic():
        job = Job.objects.get(pk=attempt.job_id)
        move_job(job, JobState.RUNNING)
        attempt.started_at = datetime.fromisoformat(started_at)
        attempt.save(update_fields=["started_at"])
        return [record(EventKind.JOB_STARTED, site.clock(), job=job, detail=attempt.builder)]


def report(site: Site, attempt: Attempt, result: Result, folder: Path) -> list[EventKind]:
    """Take in the *result* of *attempt*, whose files lie in *folder*.

    A result for another attempt or with an old fence is refused: ResultRefused.
    """
    if attempt.outcome:
        return []
    if (result.attempt, result.fence) != (attempt.token, attempt.number):
        raise ResultRefused(
            expected=f"the result of attempt {attempt.token}, fence {attempt.number}",
            found=f"{result.attempt}, fence {result.fence}",
            hint="The builder answers for something else; its answer is not used.",
        )
    outcome, reason = _OUTCOMES[result.status], result.reason
    made: list[_Made] = []
    if outcome is Outcome.SUCCEEDED:
        try:
            made = _take_files(site, attempt, result, folder)
        except ResultRefused as refusal:
            outcome = Outcome.FAILED
            reason = f"{refusal.title}: expected {refusal.expected}; found {refusal.found}"
    return _save(site, attempt, outcome, result, reason=reason, made=made)


def note_lost(site: Site, attempt: Attempt, reason: str) -> list[EventKind]:
    """The attempt has vanished without a result: its builder died, or the machine did."""
    result = Result(
        attempt=attempt.token,
        fence=attempt.number,
        status=BuildStatus.INFRASTRUCTURE,
        reason=reason,
        stage="",
        finished_at=site.clock().isoformat(),
        changes="",
        files=(),
    )
    return report(site, attempt, result, Path("/nonexistent"))


# --- files ---------------------------------------------------------------------


def _refuse(expected: str, found: str) -> ResultRefused:
    return ResultRefused(
        expected=expected, found=found, hint="Look at the build's log; retry when it was a slip."
    )


def _take_files(site: Site, attempt: Attempt, result: Result, folder: Path) -> list[_Made]:
    """Check every file of the build's .changes and put it into the pool."""
    job = attempt.job
    changes = _read_changes(result, folder)
    if (changes.source, changes.version) != (job.source.name, job.source.version):
        raise _refuse(f"{job.source}", f"{changes.source} {changes.version}")
    return [
        _take_file(site, job, folder / file.name, file.size_bytes, file.sha256)
        for file in changes.files
    ]


def _read_changes(result: Result, folder: Path) -> Changes:
    try:
        return parse_changes((folder / PlainFilename(result.changes)).read_bytes())
    except (MalformedControl, MalformedName, OSError) as error:
        raise _refuse("a well-formed .changes", str(error)) from None


def _take_file(site: Site, job: Job, path: Path, size_bytes: int, sha256: str) -> _Made:
    if path.is_symlink() or not path.is_file():
        raise _refuse(f"the file {path.name} that the .changes names", "none")
    digests = hash_file(path)
    if (digests.size_bytes, digests.sha256) != (size_bytes, sha256):
        raise _refuse(f"{path.name} with SHA-256 {sha256}", digests.sha256)
    component, binary = Component(job.source.component), None
    if path.suffix in (".deb", ".udeb"):
        binary = _check_binary(job, path)
        component = binary.component if "/" in binary.section else component
    elif path.suffix != ".buildinfo":
        raise _refuse("only .deb, .udeb and .buildinfo", path.name)
    source = job.source
    target = pool_path(component, SourceName(source.name), PlainFilename(path.name))
    try:
        tree = site.tree(source.distribution.repository.name)
        pool.add(tree, target, path, sha256=digests.sha256)
    except pool.PoolConflict as conflict:
        raise _refuse(f"a new {path.name}", f"another one in the pool, {conflict}") from None
    return _Made(target, digests, binary)


def _check_binary(job: Job, path: Path) -> BinaryPackage:
    """The package is of this source, for this job's architectures, and named as it should be."""
    try:
        binary = read_binary(path)
    except (MalformedControl, MalformedName) as error:
        raise _refuse("a well-formed package", str(error)) from None
    source = (job.source.name, job.source.version)
    if (binary.source, binary.source_version) != source:
        raise _refuse(f"{path.name} made from {job.source}", f"{binary.source}")
    allowed = [job.architecture] * job.builds_any + ["all"] * job.builds_all
    if binary.architecture not in allowed:
        raise _refuse(f"{path.name} for {' or '.join(allowed)}", binary.architecture)
    stem = f"{binary.package}_{Version(binary.version).without_epoch}_{binary.architecture}"
    if path.stem != stem:
        raise _refuse(f"the file name {stem}{path.suffix}", path.name)
    return binary


# --- rows -----------------------------------------------------------------------


def _save(
    site: Site,
    attempt: Attempt,
    outcome: Outcome,
    result: Result,
    *,
    reason: str,
    made: list[_Made],
) -> list[EventKind]:
    """The one transaction: the attempt's outcome, its packages, the job's move."""
    with transaction.atomic():
        fresh = Attempt.objects.select_related("job__source__distribution").get(pk=attempt.pk)
        if fresh.outcome:
            return []
        job = fresh.job
        for file in made:
            _save_file(fresh, file)
        fresh.outcome, fresh.stage, fresh.reason = outcome, result.stage, reason
        fresh.finished_at = datetime.fromisoformat(result.finished_at)
        fresh.save()
        if job.state == JobState.ASSIGNED and outcome is not Outcome.LOST:
            move_job(job, JobState.RUNNING)
        move_job(job, JobState(outcome.value), reason=reason)
        if outcome is Outcome.LOST:
            lost = job.attempts.filter(outcome=Outcome.LOST).count()
            move_job(job, after_loss(lost), reason=reason)
        kinds = [record(_EVENTS[outcome], site.clock(), job=job, detail=reason)]
        if outcome is Outcome.DEP_WAIT and _published_since(fresh):
            # What it waits for may have come while it looked; nobody will wake it for that again.
            move_job(job, JobState.WAITING)
            kinds.append(record(EventKind.JOB_RELEASED, site.clock(), job=job))
        if job.state == JobState.FAILED and outcome is Outcome.LOST:
            kinds.append(record(EventKind.JOB_FAILED, site.clock(), job=job, detail=reason))
        return kinds


def _published_since(attempt: Attempt) -> bool:
    """Whether a suite of the same repository was published while *attempt* ran."""
    distribution = attempt.job.source.distribution
    return Publication.objects.filter(
        distribution__repository=distribution.repository_id,
        published_at__gte=attempt.assigned_at,
    ).exists()


def _save_file(attempt: Attempt, file: _Made) -> None:
    source = attempt.job.source
    row = pool_row(source.distribution.repository_id, file.path, file.digests)
    binary = file.binary
    if binary is None:
        attempt.buildinfo = row
        return
    Binary.objects.create(
        source=source,
        attempt=attempt,
        file=row,
        package=binary.package,
        version=binary.version,
        architecture=binary.architecture,
        component=file.path.split("/")[1],
        is_udeb=binary.is_udeb,
        paragraph=packages_paragraph(binary, file.digests, filename=file.path),
    )
