"""Puts a story into the tables, with the configuration and the people that it needs."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import cast

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.timezone import now

from mini_buildd.archive.sign import Signer
from mini_buildd.config.places import Places
from mini_buildd.db import models
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.domain.permission import Role
from mini_buildd.flow import hosted
from mini_buildd.flow.catalogue import keep_catalogue
from mini_buildd.flow.measure import count_days
from mini_buildd.flow.names import make_names
from mini_buildd.flow.setup import Wish, setup
from mini_buildd.flow.site import Site
from mini_buildd.incoming.spool import Spool
from mini_buildd.tests.bench.bulk import insert, stamp
from mini_buildd.tests.bench.web_story import BUILDERS, Place, Size, Story
from mini_buildd.tests.web import logs

_CODENAMES = (("trixie", 0.6), ("bookworm", 0.3), ("forky", 0.1))
_ARCHITECTURES = ("amd64", "arm64", "i386")
_REPOSITORIES = (("debs", 0.75), ("team", 0.2), ("secret", 0.05))
_SUITES = (("unstable", 0.75), ("snapshot", 0.12), ("experimental", 0.08), ("hotfix", 0.05))
_GENERATION = "20261120T120000Z"

_COLUMNS = {
    models.Upload: "id token changes_name changes_sha256 state received_at signed_by_id "
    "source_name version distribution_name distribution_id problem_code problem_title signer",
    models.Source: "id upload_id distribution_id name version component architectures paragraph "
    "changes state accepted_at",
    models.PoolFile: "id repository_id path name size_bytes md5 sha1 sha256",
    models.SourceFile: "source_id file_id",
    models.Job: "id source_id architecture builds_any builds_all state reason created_at "
    "took_seconds",
    models.Attempt: "id job_id number token builder assigned_at started_at finished_at outcome "
    "stage reason phases peak_memory_bytes disk_bytes cpu_seconds",
    models.Binary: "id source_id attempt_id file_id package version architecture component "
    "paragraph",
    models.Listing: "binary_id paths",
    models.Publication: "distribution_id number kind actor cause_id areas decided_at published_at "
    "removed_at",
    models.SuiteEntry: "distribution_id source_id binary_id added_in removed_in",
}
_TABLES = [
    "upload",
    "source",
    "file",
    "source_file",
    "job",
    "attempt",
    "binary",
    "listing",
    "publication",
    "entry",
]  # in the order of _COLUMNS


def fill(home: Path, size: Size | None = None) -> Story:
    """Make the rows of *size* in the database that Django knows."""
    size = size or Size()
    _configure(home)
    story = Story(size, _places(), now().timestamp()).tell()
    with transaction.atomic():
        _make_people(story)
        for (model, columns), table in zip(_COLUMNS.items(), _TABLES, strict=True):
            insert(model, columns.split(), story.rows[table])
        _insert_events(story)
    _measure(now())
    return story


def hurry() -> None:
    """Write without a journal: who falls over it begins anew."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=OFF")
        cursor.execute("PRAGMA synchronous=OFF")


def pack() -> None:
    """Let the database be one file, that can be copied."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=DELETE")


def _measure(at: datetime) -> None:
    """What the daemon would have counted meanwhile."""
    count_days(at)
    hour = at.replace(minute=0, second=0, microsecond=0)
    models.QueueSample.objects.bulk_create(
        models.QueueSample(
            at=hour - timedelta(hours=number),
            architecture=architecture,
            waiting=(number * 7 + len(architecture)) % 90,
            running=number % 5,
            minutes=60,
        )
        for number in range(24 * 400)
        for architecture in _ARCHITECTURES
    )


def _insert_events(story: Story) -> None:
    columns = "at kind upload_id source_id job_id distribution_id detail package repository_id"
    rows = ((stamp(at), *rest) for at, *rest in story.rows["event"])
    insert(models.Event, [*columns.split(), "person"], rows)
    for name in ("order", "mail"):  # who follows the events has seen all of them
        models.Cursor.objects.create(name=name, event_id=len(story.rows["event"]))


# --- configuration ---------------------------------------------------------------------


def _configure(home: Path) -> None:
    for name, _ in _REPOSITORIES:
        wish = Wish(
            codenames=tuple(Codename(each) for each, _ in _CODENAMES),
            architectures=tuple(Architecture(each) for each in _ARCHITECTURES),
            repository=RepositoryName(name),
            archive_url="http://archive.example/debian/",
        )
        setup(Places(home), wish, today=datetime.now(UTC).date(), dry_run=False)
    models.Repository.objects.filter(name="secret").update(is_private=True)
    at = now()
    models.Chroot.objects.update(made_at=at, checked_at=at, generation=_GENERATION, refresh_hours=0)
    models.Builder.objects.create(name="here", is_enabled=False)  # a daemon's own: it must not
    models.Builder.objects.bulk_create(
        models.Builder(
            name=name,
            slots=2 + number % 3,
            cores=4,
            memory_mb=16_384,
            disk_mb=200_000,
            architectures="amd64 i386" if number % 2 else "amd64 arm64",
            tags="ssd" if number % 3 else "",
            seen_at=at,
        )
        for number, name in enumerate(BUILDERS)
    )


def _places() -> list[Place]:
    """The suites that take uploads, the largest first."""
    found = []
    for codename, by_codename in _CODENAMES:
        for repository, by_repository in _REPOSITORIES:
            of_it = {
                each.suite.name: each
                for each in models.Distribution.objects.filter(
                    base__codename=codename, repository__name=repository
                ).select_related("suite", "base")
            }
            for suite, by_suite in _SUITES:
                row, is_way = of_it[suite], suite == "unstable"
                place = Place(
                    id=row.pk,
                    name=row.name,
                    repository=repository,
                    repository_id=row.repository_id,
                    code=row.base.version_code,
                    weight=by_codename * by_repository * by_suite,
                    testing_id=of_it["testing"].pk if is_way else None,
                    stable_id=of_it["stable"].pk if is_way else None,
                )
                found.append(place)
    return found


# --- people -------------------------------------------------------------------------------


def _make_people(story: Story) -> None:
    at, chance = now(), story.chance
    User.objects.create_superuser("root", "root@example.org", "root")
    names = [name for name, _ in story.people]
    users = User.objects.bulk_create(
        User(username=name, email=f"{name}@example.org", password="!") for name in names
    )
    for number, (user, (_, uid)) in enumerate(zip(users, story.people, strict=True), 1):
        models.OpenPGPKey.objects.create(
            id=number,
            user=user,
            fingerprint=hashlib.sha1(uid.encode(), usedforsecurity=False).hexdigest().upper(),
            uid=uid,
            armored="(left out)",
            added_at=at,
            approved_at=None if number % 25 == 0 else at,
        )
    repositories = list(models.Repository.objects.all())
    models.Grant.objects.bulk_create(
        models.Grant(user=user, repository=chance.choice(repositories), role=Role.UPLOADER.value)
        for user in users
    )
    numbers = count(1)
    models.ApiToken.objects.bulk_create(
        models.ApiToken(
            user=user,
            name=f"for the build of {number}",
            digest=hashlib.sha256(f"token {number}".encode()).hexdigest(),
            hint=f"mbd_{number:04}",
            scopes="read",
            made_at=at,
        )
        for user, number in zip(users * 2, numbers, strict=False)
    )
    models.AuditEntry.objects.bulk_create(
        models.AuditEntry(
            at=at - timedelta(minutes=10 * number),
            who=chance.choice(names),
            door="web",
            act="change",
            kind="repository",
            name=chance.choice(repositories).name,
            before={"is open": True},
            after={"is open": False},
        )
        for number in range(5000, 0, -1)
    )


# --- logs ---------------------------------------------------------------------------------


def furnish(home: Path) -> None:
    """The files that the pages want to see, and what keeps a daemon from making them."""
    for chroot in models.Chroot.objects.select_related("base"):
        name = f"{chroot.base.codename}-{chroot.architecture}"
        folder = Places(home).chroots / name / _GENERATION
        (folder / "root/var/lib/apt/lists").mkdir(parents=True)
        make_names(folder)
    _write_logs(home)


def _write_logs(home: Path, newest: int = 40) -> None:
    """Logs of the newest attempts of each outcome, for the pages of builds."""
    for outcome in ("", "succeeded", "failed"):
        rows = models.Attempt.objects.filter(outcome=outcome).select_related("job__source")
        for attempt in rows.order_by("-pk")[:newest]:
            source, architecture = attempt.job.source, attempt.job.architecture
            said = logs.failed if outcome == "failed" else logs.succeeded
            if not outcome:
                said = logs.opening
            path = Places(home).builds / attempt.token / "log"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(said(source.name, source.version, architecture), encoding="utf-8")


# --- looking at it ------------------------------------------------------------------------


@contextmanager
def plugged_in(home: Path) -> Iterator[None]:
    """Pages and calls find what the daemon gives them, with the queue in memory."""
    places = Places(home)
    places.make()
    keep_catalogue(places)
    spool = Spool(places.spool, max_file_bytes=1 << 20, max_spool_bytes=1 << 20)
    nobody = cast("Signer", None)  # who only looks signs nothing
    hosted.plug_in(Site(hosted.instance(), places, spool, nobody, now), lambda: None)
    hosted.outlook()
    yield
    hosted.plug_in(None, lambda: None)
