"""An instance with a long queue and a long history, for queue_part.py."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.contrib.auth.models import User
from django.utils.timezone import now

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db import models
from mini_buildd.db.connect import analyze
from mini_buildd.db.events import record
from mini_buildd.db.moves import move_job
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.states import JobState, Outcome
from mini_buildd.flow.assign import assign
from mini_buildd.flow.names import make_names
from mini_buildd.flow.open_site import open_site
from mini_buildd.flow.outlook import look_ahead
from mini_buildd.flow.setup import Wish, setup
from mini_buildd.flow.site import Site
from mini_buildd.keys import gpg

_ARCHITECTURE = "amd64"
_GENERATION = "20261120T120000Z"
_UPLOADERS = 200
_NAMES = 2000
_BASE_PACKAGES = 60_000
_SLOTS = 4
_GIB = 1 << 30

_chance = random.Random(4)  # noqa: S311  # a simulation


@contextmanager
def _opened(home: Path) -> Iterator[Site]:
    places = Places(home)
    try:
        yield open_site(Settings(home=home, identity="bench"), places)
    finally:
        gpg.stop_agent(places.gnupg)


# --- making it -------------------------------------------------------------------


def fill(home: Path, waiting: int, builders: int, history: int) -> None:
    """Make the rows."""
    with _opened(home) as site:
        wish = Wish(
            codenames=(Codename("trixie"),),
            architectures=(Architecture(_ARCHITECTURE),),
            repository=RepositoryName("bench"),
            archive_url="http://archive.example/debian/",
        )
        setup(site.places, wish, today=datetime.now(UTC).date(), dry_run=False)
        models.Chroot.objects.update(made_at=now(), generation=_GENERATION)
        _make_base(site.places.chroots / f"trixie-{_ARCHITECTURE}" / _GENERATION)
        models.Builder.objects.bulk_create(
            models.Builder(
                name=f"b{number:03}",
                slots=_SLOTS,
                cores=_chance.choice((2, 4, 8)),
                memory_mb=_chance.choice((4096, 16_384, 65_536)),
                disk_mb=200_000,
                architectures=_ARCHITECTURE,
                tags=_chance.choice(("", "ssd", "ssd gpu")),
            )
            for number in range(builders)
        )
        models.BuildNeeds.objects.bulk_create(
            models.BuildNeeds(source=f"p{number}", tags=_chance.choice(("ssd", "gpu", "")))
            for number in range(0, _NAMES, 20)
        )
        keys = _make_uploaders()
        _make_jobs(keys, history, JobState.SUCCEEDED, 0)
        _make_jobs(keys, waiting, JobState.WAITING, history)
        analyze()


def _make_base(folder: Path) -> None:
    lists = folder / "root/var/lib/apt/lists"
    lists.mkdir(parents=True)
    text = "".join(
        f"Package: lib{number}-dev\nVersion: 1.{number}\nArchitecture: {_ARCHITECTURE}\n\n"
        for number in range(_BASE_PACKAGES)
    )
    (lists / "archive.example_dists_trixie_main_binary-amd64_Packages").write_text(text)
    make_names(folder)


def _make_uploaders() -> list[models.OpenPGPKey]:
    keys = []
    for number in range(_UPLOADERS):
        user = User.objects.create(username=f"user{number}")
        fingerprint = f"{number:040X}"
        keys.append(models.OpenPGPKey.objects.create(user=user, fingerprint=fingerprint))
    return keys


def _make_jobs(keys: list[models.OpenPGPKey], count: int, state: JobState, first: int) -> None:
    """*count* uploads, a third of them by one person, with a job each in *state*."""
    home = models.Distribution.objects.get(name="trixie-bench-unstable")
    at, is_over = now(), state is JobState.SUCCEEDED
    numbers = range(first + 1, first + count + 1)
    names = {number: f"p{_chance.randrange(_NAMES)}" for number in numbers}
    models.Upload.objects.bulk_create(
        models.Upload(
            id=n,
            token=f"{n:032}",
            state="accepted",
            received_at=at,
            signed_by=keys[0 if n % 3 == 0 else _chance.randrange(_UPLOADERS)],
        )
        for n in numbers
    )
    models.Source.objects.bulk_create(
        models.Source(
            id=n,
            upload_id=n,
            distribution=home,
            name=names[n],
            version=f"1.{n}",
            component="main",
            architectures="any",
            paragraph=_paragraph(names[n], n),
            state="published" if is_over else "building",
            accepted_at=at,
        )
        for n in numbers
    )
    models.PoolFile.objects.bulk_create(
        models.PoolFile(
            id=n,
            repository=home.repository,
            path=f"pool/{n}.dsc",
            name=f"{names[n]}_1.{n}.dsc",
            size_bytes=1,
        )
        for n in numbers
    )
    models.SourceFile.objects.bulk_create(
        models.SourceFile(source_id=n, file_id=n) for n in numbers
    )
    models.Job.objects.bulk_create(
        models.Job(
            id=n,
            source_id=n,
            architecture=_ARCHITECTURE,
            builds_any=True,
            builds_all=True,
            state=state,
            created_at=at,
        )
        for n in numbers
    )
    if is_over:
        _make_attempts(numbers, at)


def _paragraph(name: str, number: int) -> str:
    needed = ", ".join(f"lib{_chance.randrange(_BASE_PACKAGES)}-dev (>= 1)" for _ in range(12))
    return f"Package: {name}\nVersion: 1.{number}\nBinary: {name}\nBuild-Depends: {needed}\n"


def _make_attempts(numbers: range, at: datetime) -> None:
    models.Attempt.objects.bulk_create(
        models.Attempt(
            job_id=n,
            number=1,
            token=f"{n:032}",
            builder=f"b{n % 500:03}",
            assigned_at=at,
            started_at=at,
            finished_at=at + timedelta(seconds=_chance.randrange(20, 4000)),
            outcome=Outcome.SUCCEEDED,
            peak_memory_bytes=_chance.randrange(_GIB // 8, 12 * _GIB),
            disk_bytes=_chance.randrange(_GIB // 8, 20 * _GIB),
        )
        for n in numbers
    )
    models.Event.objects.bulk_create(
        models.Event(kind=EventKind.JOB_SUCCEEDED, at=at, job_id=n, source_id=n) for n in numbers
    )


# --- deciding -----------------------------------------------------------------------


class _Watch:
    """Adds up the milliseconds of CPU that some calls take."""

    def __init__(self) -> None:
        self.taken = 0.0

    def around(self, owner: type, name: str) -> None:
        """Measure each call of *owner*'s method *name*."""
        inner: Callable[..., object] = getattr(owner, name)

        def measured(*arguments: object, **words: object) -> object:
            started = time.thread_time()
            try:
                return inner(*arguments, **words)
            finally:
                self.taken += (time.thread_time() - started) * 1000

        setattr(owner, name, measured)


def decide(home: Path, rounds: int) -> dict[str, object]:
    """Hand out *rounds* jobs, one at a time, to builders by chance; what each took."""
    watch = _Watch()
    with _opened(home) as site:
        watch.around(type(site.queue), "refresh")
        watch.around(type(site.queue.line), "choose")
        started = time.thread_time()
        with site.queue.lock:
            site.queue.refresh("unshare", now())
        first = (time.thread_time() - started) * 1000
        names = [each.name for each in models.Builder.objects.all()]
        decisions, whole = [], []
        for _ in range(rounds):
            watch.taken, started = 0.0, time.thread_time()
            found = assign(site, builder=_chance.choice(names), backend="unshare", free_slots=1)
            whole.append((time.thread_time() - started) * 1000)
            decisions.append(watch.taken)
            for task in found.tasks[: _chance.randrange(2)]:
                _finish(site, task.attempt)
        started = time.thread_time()
        look_ahead(site.queue, "unshare", now() + timedelta(hours=1))
        outlook = (time.thread_time() - started) * 1000
        naive = [_naive() for _ in range(3)]
        return {
            "first": first,
            "decisions": decisions,
            "whole": whole,
            "outlook": outlook,
            "naive": naive,
            "demands": len(site.queue.line.demands()),
            "memory": _memory_bytes(),
        }


def _finish(site: Site, token: str) -> None:
    attempt = models.Attempt.objects.select_related("job").get(token=token)
    attempt.outcome, attempt.finished_at = Outcome.SUCCEEDED, site.clock()
    attempt.save()
    move_job(attempt.job, JobState.RUNNING)
    move_job(attempt.job, JobState.SUCCEEDED)
    record(EventKind.JOB_SUCCEEDED, site.clock(), job=attempt.job)


def _naive() -> float:
    """All waiting jobs out of the database, sorted, and the first one taken."""
    started = time.thread_time()
    busy: dict[str, int] = {}
    rows = models.Job.objects.filter(state=JobState.WAITING).select_related(
        "source__upload__signed_by__user", "source__distribution__base"
    )
    for attempt in models.Attempt.objects.filter(outcome="").select_related(
        "job__source__upload__signed_by__user"
    ):
        user = _user(attempt.job)
        busy[user] = busy.get(user, 0) + 1
    min(rows, key=lambda job: (-job.priority, busy.get(_user(job), 0), job.pk))
    return (time.thread_time() - started) * 1000


def _user(job: models.Job) -> str:
    key = job.source.upload.signed_by if job.source.upload is not None else None
    return key.user.username if key is not None else ""


def _memory_bytes() -> int:
    """What this process has in memory now (proc_pid_statm(5))."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096
