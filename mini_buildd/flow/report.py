"""Step 7, report: what a builder says of an attempt enters exactly once.

Results are verified like an upload: nothing counts that is not what was asked for, and a builder's
word on sizes and digests is checked against the bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from mini_buildd.archive.contents import pack_listing
from mini_buildd.archive.pool import PoolConflict
from mini_buildd.archive.tree import pool_path
from mini_buildd.db.events import record
from mini_buildd.db.models import Attempt, Binary, Job, Listing, PoolFile
from mini_buildd.db.moves import move_job
from mini_buildd.deb.binary import BinaryPackage, packages_paragraph, read_binary
from mini_buildd.deb.changes import Changes, parse_changes
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.files import ListedFile
from mini_buildd.deb.names import Component, MalformedName, PlainFilename, SourceName
from mini_buildd.deb.payload import Payload, read_payload
from mini_buildd.deb.version import Version
from mini_buildd.domain.binnmu import binnmu_number, binnmu_version
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.keyring import keyring_name
from mini_buildd.domain.losses import VANISHED
from mini_buildd.domain.problem import ResultRefused
from mini_buildd.domain.states import JobState, Outcome
from mini_buildd.flow.accept import pool_row
from mini_buildd.flow.came_meanwhile import came_meanwhile
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.keep_changelog import keep_changelog
from mini_buildd.flow.locks import pool_lock
from mini_buildd.flow.lose import lose
from mini_buildd.flow.publish import publish_again
from mini_buildd.flow.received import MAX_CONTROL_BYTES
from mini_buildd.flow.set_aside import note_fault, note_health
from mini_buildd.flow.site import Site
from mini_buildd.flow.store import store
from mini_buildd.kit.hashing import Digests, hash_file
from mini_buildd.wire.task import BuildStatus, Result

# A builder's words go into pages and events; the log has the rest.
_MAX_REASON = 2000
_MAX_STAGE = 60
_MAX_TITLE = 80
_MAX_PHASES = 100

_OUTCOMES: Mapping[BuildStatus, Outcome] = {
    BuildStatus.SUCCEEDED: Outcome.SUCCEEDED,
    BuildStatus.FAILED: Outcome.FAILED,
    BuildStatus.DEP_WAIT: Outcome.DEP_WAIT,
    BuildStatus.INFRASTRUCTURE: Outcome.LOST,
    BuildStatus.CANCELLED: Outcome.LOST,  # unless somebody here has asked for it
}
_EVENTS: Mapping[Outcome, EventKind] = {
    Outcome.SUCCEEDED: EventKind.JOB_SUCCEEDED,
    Outcome.FAILED: EventKind.JOB_FAILED,
    Outcome.DEP_WAIT: EventKind.JOB_DEP_WAIT,
    Outcome.CANCELLED: EventKind.JOB_CANCELLED,
}


@dataclass(frozen=True, slots=True)
class _Made:
    """A file that the build made and its *path* in the pool; the last two are for packages."""

    file: Path
    path: str
    digests: Digests
    binary: BinaryPackage | None = None
    payload: Payload | None = None

    @property
    def component(self) -> Component:
        """The archive area it goes to."""
        return Component(self.path.split("/")[1])


def note_started(site: Site, attempt: Attempt, started_at: str) -> list[EventKind]:
    """The builder has begun; told again, it changes nothing. Raises ResultRefused."""
    if attempt.started_at is not None or attempt.outcome:
        return []
    moment = _moment(started_at)
    with transaction.atomic():
        fresh = Attempt.objects.select_related("job__source__upload").get(pk=attempt.pk)
        if fresh.started_at is not None or fresh.outcome:
            return []
        move_job(fresh.job, JobState.RUNNING)
        fresh.started_at = moment
        fresh.save(update_fields=["started_at"])
        return [record(EventKind.JOB_STARTED, site.clock(), job=fresh.job, detail=fresh.builder)]


@tells_full_disk
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
    _moment(result.finished_at)
    outcome, reason = _OUTCOMES[result.status], result.reason[:_MAX_REASON]
    made: list[_Made] = []
    with pool_lock(site, attempt.job.source.distribution.repository.name):
        if outcome is Outcome.SUCCEEDED:
            try:
                made = _take_files(site, attempt, result, folder)
            except ResultRefused as refusal:
                outcome = Outcome.FAILED
                reason = f"{refusal.title}: expected {refusal.expected}; found {refusal.found}"
                reason = reason[:_MAX_REASON]
        return _save(site, attempt, outcome, result, reason=reason, made=made)


def note_lost(site: Site, attempt: Attempt, reason: str, stage: str = VANISHED) -> list[EventKind]:
    """There is no result of the attempt that counts: its builder died, or the machine did."""
    result = Result(
        attempt=attempt.token,
        fence=attempt.number,
        status=BuildStatus.INFRASTRUCTURE,
        reason=reason,
        stage=stage,
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


def _moment(text: str) -> datetime:
    """A builder's word on when something happened."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _refuse("a moment with its zone, as in ISO 8601", repr(text[:40]))
    return moment


def _take_files(site: Site, attempt: Attempt, result: Result, folder: Path) -> list[_Made]:
    """Check every file of the build's .changes, then put them into the pool."""
    job = attempt.job
    changes = _read_changes(result, folder)
    _check_changes(job, changes)
    made = [_check_file(job, folder / file.name, file) for file in changes.files]
    reserved = keyring_name(site.settings.identity)
    for each in made:
        # A .dsc need not have named all that its build makes.
        is_reserved = each.binary is not None and str(each.binary.package) == reserved
        if is_reserved and job.source.name != reserved:
            raise _refuse(f"another name than {reserved}, the archive's own", each.file.name)
    for each in made:
        _store(site, job, each)
    _keep_changelogs(site, job, made)
    return made


def _check_changes(job: Job, changes: Changes) -> None:
    """It is of this source and, when that is built again, of just this rebuild (+bN)."""
    version = Version(job.source.version)
    wanted = (job.source.name, version, binnmu_version(version, job.binnmu), job.binnmu > 0)
    found = (changes.source, changes.source_version, changes.version, changes.is_binary_only)
    if found != wanted:
        raise _refuse(_build_of(*wanted), _build_of(*found))


def _build_of(source: str, source_version: str, version: str, is_binary_only: bool) -> str:  # noqa: FBT001  # as they stand in the tuples
    """A build in words."""
    rebuilt = f", built again as {version}" if version != source_version else ""
    return f"{source} {source_version}{rebuilt}{', binary-only' if is_binary_only else ''}"


def _is_plain(path: Path) -> bool:
    """Whether *path* is a file itself: a link may lead to our secrets, a pipe never ends."""
    return path.is_file() and not path.is_symlink()


def _read_changes(result: Result, folder: Path) -> Changes:
    try:
        path = folder / PlainFilename(result.changes)
        if not _is_plain(path):
            raise _refuse(f"the file {path.name}", "none")
        with path.open("rb") as stream:
            return parse_changes(stream.read(MAX_CONTROL_BYTES + 1))
    except (MalformedControl, MalformedName, OSError) as error:
        raise _refuse("a well-formed .changes", str(error)) from None


def _check_file(job: Job, path: Path, listed: ListedFile) -> _Made:
    if not _is_plain(path):
        raise _refuse(f"the file {path.name} that the .changes names", "none")
    size_bytes, sha256 = listed.size_bytes, listed.sha256
    digests = hash_file(path)
    if (digests.size_bytes, digests.sha256) != (size_bytes, sha256):
        raise _refuse(f"{path.name} with SHA-256 {sha256}", digests.sha256)
    component, binary, payload = Component(job.source.component), None, None
    if path.suffix in (".deb", ".udeb"):
        binary, payload = _check_binary(job, path)
        component = binary.component if "/" in binary.section else component
    elif path.suffix != ".buildinfo":
        raise _refuse("only .deb, .udeb and .buildinfo", path.name)
    source = job.source
    target = pool_path(component, SourceName(source.name), PlainFilename(path.name))
    repository = source.distribution.repository
    if PoolFile.objects.filter(repository=repository, path=target, removed_at=None).exists():
        raise _refuse(f"a new {path.name}", f"that the archive has {target}")
    return _Made(path, target, digests, binary, payload)


def _store(site: Site, job: Job, made: _Made) -> None:
    repository = job.source.distribution.repository
    try:
        store(site, repository, made.path, made.file, sha256=made.digests.sha256)
    except PoolConflict as conflict:
        raise _refuse(f"a new {made.file.name}", str(conflict)) from None


def _keep_changelogs(site: Site, job: Job, made: list[_Made]) -> None:
    """One for each archive area: apt asks for it in that of the package.

    A rebuild has nothing to add to that of its source.
    """
    if job.binnmu:
        return
    source, repository = job.source, job.source.distribution.repository.name
    name, version = SourceName(source.name), Version(source.version)
    for each in made:
        if each.payload is not None and each.payload.changelog is not None:
            tree, text = site.tree(repository), each.payload.changelog
            keep_changelog(tree, each.component, name, version, text)


def _check_binary(job: Job, path: Path) -> tuple[BinaryPackage, Payload]:
    """The package is of this source, for this job's architectures, and named as it should be."""
    try:
        binary = read_binary(path)
        payload = read_payload(path, binary.package)
    except (MalformedControl, MalformedName) as error:
        raise _refuse("a well-formed package", str(error)) from None
    source = (job.source.name, job.source.version)
    if (binary.source, binary.source_version) != source:
        made_from = f"{binary.source} {binary.source_version}"
        raise _refuse(f"{path.name} made from {job.source}", made_from)
    _check_rebuild(job, binary, path.name)
    allowed = [job.architecture] * job.builds_any + ["all"] * job.builds_all
    if binary.architecture not in allowed:
        raise _refuse(f"{path.name} for {' or '.join(allowed)}", binary.architecture)
    if Binary.objects.filter(
        source__distribution__repository=job.source.distribution.repository,
        package=binary.package,
        version=binary.version,
        architecture=binary.architecture,
    ).exists():
        # apt could not tell them apart.
        raise _refuse(f"a new {path.name}", "that another build has made one")
    if path.stem != binary.stem:
        raise _refuse(f"the file name {binary.stem}{path.suffix}", path.name)
    return binary, payload


def _check_rebuild(job: Job, binary: BinaryPackage, name: str) -> None:
    """A rebuild's packages have its number; others are not called as if they came from one."""
    number = binnmu_number(binary.version)
    if job.binnmu and number != job.binnmu:
        raise _refuse(f"{name} with a version that ends in +b{job.binnmu}", binary.version)
    if not job.binnmu and number and binary.version == f"{job.source.version}+b{number}":
        raise _refuse(f"{name} with the version {job.source.version}", binary.version)


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
        rows = Attempt.objects.select_for_update(of=("self",))
        fresh = rows.select_related("job__source__distribution").get(pk=attempt.pk)
        if fresh.outcome:
            return []
        if fresh.cancel_requested_at is not None:  # see flow.cancel
            outcome, reason, made = Outcome.CANCELLED, fresh.cancel_reason, []
        for file in made:
            _save_file(fresh, file)
        fresh.outcome, fresh.stage, fresh.reason = outcome, result.stage[:_MAX_STAGE], reason
        fresh.finished_at = _moment(result.finished_at)
        _note_use(fresh, result)
        fresh.save()
        _note_time(fresh)
        if outcome is Outcome.LOST:
            return [*lose(site, fresh), *note_fault(site, fresh)]
        kinds = _move_on(site, fresh, outcome, waits_for="\n".join(result.unmet))
        if outcome is not Outcome.CANCELLED:
            kinds += note_health(site, fresh)
        return kinds


def _move_on(site: Site, attempt: Attempt, outcome: Outcome, *, waits_for: str) -> list[EventKind]:
    """The job of *attempt* has come to that *outcome*, by its builder's honest word."""
    job, reason = attempt.job, attempt.reason
    if job.state == JobState.ASSIGNED:
        move_job(job, JobState.RUNNING)
    move_job(job, JobState(outcome.value), reason=reason, waits_for=waits_for)
    kinds = [record(_EVENTS[outcome], site.clock(), job=job, detail=reason)]
    if outcome is Outcome.DEP_WAIT and came_meanwhile(attempt, waits_for):
        move_job(job, JobState.WAITING)
        kinds.append(record(EventKind.JOB_RELEASED, site.clock(), job=job))
    if outcome is Outcome.SUCCEEDED:
        publish_again(site, job.source)
    return kinds


def _note_time(attempt: Attempt) -> None:
    if attempt.started_at is not None and attempt.finished_at is not None:
        seconds = (attempt.finished_at - attempt.started_at).total_seconds()
        Job.objects.filter(pk=attempt.job_id).update(took_seconds=max(seconds, 0.0))
        attempt.job.took_seconds = max(seconds, 0.0)


def _note_use(attempt: Attempt, result: Result) -> None:
    """What the builder measured: its phases, what it used, and what the machine could not give."""
    attempt.phases = [
        [_plain(time.title)[:_MAX_TITLE], time.seconds] for time in result.phases[:_MAX_PHASES]
    ]
    attempt.peak_memory_bytes = result.peak_memory_bytes or None
    attempt.disk_bytes = result.disk_bytes or None
    attempt.cpu_seconds = result.cpu_seconds or None
    attempt.layer = _plain(result.layer)[:64]
    attempt.notes = "\n".join(_plain(note) for note in result.notes)[:_MAX_REASON]


def _plain(text: str) -> str:
    """*text* in one line, without what a database may refuse to store."""
    return "".join(letter for letter in text if letter.isprintable())


def _save_file(attempt: Attempt, file: _Made) -> None:
    source = attempt.job.source
    row = pool_row(source.distribution.repository_id, file.path, file.digests)
    binary = file.binary
    if binary is None:
        attempt.buildinfo = row
        return
    saved = Binary.objects.create(
        source=source,
        attempt=attempt,
        file=row,
        package=binary.package,
        version=binary.version,
        architecture=binary.architecture,
        component=file.component,
        is_udeb=binary.is_udeb,
        is_debug=binary.is_debug,
        paragraph=packages_paragraph(binary, file.digests, filename=file.path),
    )
    if file.payload is not None:
        Listing.objects.create(binary=saved, paths=pack_listing(file.payload.paths))
