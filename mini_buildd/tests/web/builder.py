"""Makes rows and logs as a small instance has them, for the pages to show."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.utils.timezone import now

from mini_buildd.db import models
from mini_buildd.db.events import record
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.layout import DEFAULT_LAYOUT
from mini_buildd.domain.problem import Rejection
from mini_buildd.domain.states import JobState, Outcome, SourceState, UploadState
from mini_buildd.domain.suite_version import Cause
from mini_buildd.tests.web import logs

_SOURCE_OF_JOB = {
    JobState.SUCCEEDED: SourceState.PUBLISHED,
    JobState.FAILED: SourceState.FAILED,
}


@dataclass
class Builder:
    """A repository "test" for trixie and what happens in it; logs go below *home*."""

    home: Path
    at: datetime = field(default_factory=now)
    count: int = 0

    def __post_init__(self) -> None:
        base = models.Base.objects.create(codename="trixie", version_code="13")
        layout = models.Layout.objects.create(name="Default")
        self.repository = models.Repository.objects.create(name="test", layout=layout)
        self.distributions: dict[str, models.Distribution] = {}
        for rules in DEFAULT_LAYOUT:
            suite = models.Suite.objects.create(
                layout=layout,
                name=rules.name,
                purpose=rules.purpose,
                accepts_uploads=rules.accepts_uploads,
                kept_rollbacks=rules.kept_rollbacks,
                version_rule=rules.version_rule,
                migrates_to=models.Suite.objects.filter(name=rules.migrates_to).first(),
            )
            made = models.Distribution.objects.create(
                repository=self.repository, base=base, suite=suite
            )
            for architecture in ("amd64", "i386"):
                made.architectures.create(
                    architecture=architecture, builds_all=architecture == "amd64"
                )
            self.distributions[rules.name] = made
        self.key = self._key("ada")

    def _key(self, name: str) -> models.OpenPGPKey:
        user = User.objects.create(username=name)
        models.Grant.objects.create(user=user, repository=self.repository)
        return models.OpenPGPKey.objects.create(
            user=user,
            approved_at=self.at,
            fingerprint=hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest().upper(),
            uid=f"{name.capitalize()} Lovelace <{name}@example.org>",
            armored="(left out)",
        )

    def _token(self) -> str:
        self.count += 1
        return f"{self.count:032x}"

    def _minutes_ago(self, minutes: float) -> datetime:
        return self.at - timedelta(minutes=minutes)

    def event(self, kind: EventKind, minutes: float, **about: Any) -> None:
        """Something that happened so long ago."""
        record(kind, self._minutes_ago(minutes), **about)

    def upload(
        self, source: str, version: str, suite: str = "unstable", *, minutes: float = 10
    ) -> models.Upload:
        """An upload that is being checked."""
        distribution = self.distributions[suite]
        upload = models.Upload.objects.create(
            token=self._token(),
            changes_name=f"{source}_{version}_source.changes",
            changes_sha256="0" * 64,
            state=UploadState.RECEIVED,
            received_at=self._minutes_ago(minutes),
            signed_by=self.key,
            source_name=source,
            version=version,
            distribution_name=distribution.name,
            distribution=distribution,
        )
        self.event(EventKind.UPLOAD_ARRIVED, minutes, upload=upload)
        return upload

    def rejected(
        self, source: str, version: str, problem: Rejection, *, minutes: float = 10
    ) -> models.Upload:
        """An upload that was rejected for *problem*."""
        upload = self.upload(source, version, minutes=minutes)
        upload.state = UploadState.REJECTED
        upload.problem_code, upload.problem_title = problem.code, problem.title
        upload.expected, upload.found, upload.hint = problem.expected, problem.found, problem.hint
        upload.save()
        self.event(EventKind.UPLOAD_REJECTED, minutes, upload=upload, detail=problem.title)
        return upload

    def source(
        self, name: str, version: str, suite: str = "unstable", *, minutes: float = 10
    ) -> models.Source:
        """An accepted upload with its files."""
        upload = self.upload(name, version, suite, minutes=minutes)
        upload.state = UploadState.ACCEPTED
        upload.save()
        source = models.Source.objects.create(
            upload=upload,
            distribution=self.distributions[suite],
            name=name,
            version=version,
            component="main",
            architectures="any",
            paragraph="",
            changes=f"{name} ({version}) trixie-test-unstable; urgency=medium\n\n"
            "   * Rebuild for trixie.\n   * Let the tests run on i386 too.",
            state=SourceState.BUILDING,
            accepted_at=self._minutes_ago(minutes),
        )
        for ending, size in ((".dsc", 1721), (".orig.tar.gz", 725946), (".debian.tar.xz", 12684)):
            source.files.create(file=self.file(f"{name}_{version}{ending}", size))
        self.event(EventKind.SOURCE_ACCEPTED, minutes, source=source)
        return source

    def file(self, name: str, size: int = 53076) -> models.PoolFile:
        """A file of the pool."""
        path = f"pool/main/{name[0]}/{name.partition('_')[0]}/{name}"
        return models.PoolFile.objects.get_or_create(
            repository=self.repository,
            path=path,
            defaults={
                "name": name,
                "size_bytes": size,
                "md5": "0" * 32,
                "sha1": "0" * 40,
                "sha256": hashlib.sha256(name.encode()).hexdigest(),
            },
        )[0]

    def job(
        self,
        source: models.Source,
        state: JobState,
        architecture: str = "amd64",
        *,
        minutes: float = 10,
        reason: str = "",
    ) -> models.Job:
        """A job of *source* in *state*, without attempts."""
        job = models.Job.objects.create(
            source=source,
            architecture=architecture,
            builds_any=True,
            builds_all=architecture == "amd64",
            state=state,
            reason=reason,
            created_at=self._minutes_ago(minutes),
        )
        if state in _SOURCE_OF_JOB:
            source.state = _SOURCE_OF_JOB[state]
            source.save()
        self.event(EventKind.JOB_PLANNED, minutes, job=job)
        return job

    def attempt(
        self,
        job: models.Job,
        log: str | None,
        outcome: Outcome | None = None,
        *,
        minutes: float = 10,
        seconds: float = 101,
        stage: str = "",
        reason: str = "",
    ) -> models.Attempt:
        """A try at *job* that began so many minutes ago, with its log."""
        started_at = self._minutes_ago(minutes)
        attempt = models.Attempt.objects.create(
            job=job,
            number=job.attempts.count() + 1,
            token=self._token(),
            builder="north",
            assigned_at=started_at,
            started_at=started_at,
            finished_at=started_at + timedelta(seconds=seconds) if outcome else None,
            outcome=outcome or "",
            stage=stage,
            reason=reason,
        )
        self.event(EventKind.JOB_STARTED, minutes, job=job)
        if outcome is not None:
            self.event(EventKind(f"job.{outcome.value}"), minutes - 1, job=job, detail=reason)
        if log is not None:
            self.write_log(attempt, log)
        return attempt

    def log_path(self, attempt: models.Attempt) -> Path:
        """Where the log of *attempt* is."""
        return self.home / "builds" / attempt.token / "log"

    def write_log(self, attempt: models.Attempt, text: str) -> None:
        """Put *text* at the end of the log of *attempt*."""
        path = self.log_path(attempt)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as stream:
            stream.write(text.encode())

    def running(
        self, name: str, version: str, architecture: str = "amd64", *, minutes: float = 1.4
    ) -> models.Job:
        """A build under way."""
        source = self.source(name, version, minutes=minutes)
        job = self.job(source, JobState.RUNNING, architecture, minutes=minutes)
        text = logs.opening(name, version, architecture) + logs.compiling(40)
        self.attempt(job, text, minutes=minutes)
        return job

    def failed(self, name: str, version: str, *, minutes: float = 12) -> models.Job:
        """A build whose second attempt failed in its tests."""
        source = self.source(name, version, minutes=minutes)
        job = self.job(source, JobState.FAILED, "i386", minutes=minutes)
        self.attempt(job, None, Outcome.LOST, minutes=minutes, reason="the builder went away")
        self.attempt(
            job,
            logs.failed(name, version, "i386"),
            Outcome.FAILED,
            minutes=minutes - 2,
            stage="build",
            reason="dpkg-buildpackage died",
        )
        job.attempts.filter(number=2).update(
            phases=[
                ["Start", 0.4],
                ["Update chroot", 1.0],
                ["Fetch source files", 0.1],
                ["Install package build dependencies", 7.2],
                ["Check architectures", 0.0],
                ["Build environment", 0.3],
                ["Build", 94.0],
                ["Cleanup", 0.6],
                ["Summary", 0.0],
            ],
            peak_memory_bytes=431_882_240,
            disk_bytes=96_468_992,
            cpu_seconds=172.4,
            layer="3f0c" * 16,
            notes="There is no limit on memory: this machine's cgroups are not ours to set.",
        )
        return job

    def published(
        self, name: str, version: str, suite: str = "unstable", *, minutes: float = 60
    ) -> models.Source:
        """A package that went the whole way, on two architectures."""
        source = self.source(name, version, suite, minutes=minutes)
        for architecture in ("amd64", "i386"):
            job = self.job(source, JobState.SUCCEEDED, architecture, minutes=minutes)
            text = logs.succeeded(name, version, architecture)
            attempt = self.attempt(job, text, Outcome.SUCCEEDED, minutes=minutes, seconds=160)
            attempt.buildinfo = self.file(f"{name}_{version}_{architecture}.buildinfo", 5797)
            attempt.save()
            for package in (name, f"{name}-dbgsym"):
                models.Binary.objects.create(
                    source=source,
                    attempt=attempt,
                    file=self.file(f"{package}_{version}_{architecture}.deb"),
                    package=package,
                    version=version,
                    architecture=architecture,
                    component="main",
                    paragraph="",
                )
        distribution = self.distributions[suite]
        number = distribution.publications.count() + 1
        self.version(suite, Cause.UPLOAD, add=[source], minutes=minutes - 3, actor="ada")
        self.event(
            EventKind.SUITE_PUBLISHED,
            minutes - 3,
            distribution=distribution,
            source=source,
            detail=str(number),
        )
        return source

    def version(
        self,
        suite: str,
        kind: Cause,
        *,
        add: Sequence[models.Source] = (),
        remove: Sequence[models.Source] = (),
        minutes: float = 10,
        **fields: object,
    ) -> models.Publication:
        """The next version of a suite, decided and published at once; older ones of it go."""
        distribution = self.distributions[suite]
        at = self._minutes_ago(minutes)
        row = distribution.publications.create(
            **{
                "number": distribution.publications.count() + 1,
                "kind": kind,
                "decided_at": at,
                "published_at": at,
                "cause": add[0] if kind is Cause.UPLOAD else None,
                "areas": "main",
                "actor": "mini-buildd",
                **fields,
            }
        )
        active = distribution.entries.filter(removed_in=None)
        names = [source.name for source in add]
        active.filter(source__name__in=names).update(removed_in=row.number)
        active.filter(source__in=remove).update(removed_in=row.number)
        for source in add:
            distribution.entries.create(source=source, added_in=row.number)
            for binary in source.binaries.all():
                distribution.entries.create(source=source, binary=binary, added_in=row.number)
        return row

    def freeze(self, suite: str, reason: str = "before the release") -> None:
        """Let a suite be frozen."""
        models.Distribution.objects.filter(pk=self.distributions[suite].pk).update(
            frozen_at=self._minutes_ago(90), frozen_by="ada", frozen_reason=reason
        )

    def snapshot(self, name: str, **fields: object) -> models.Snapshot:
        """A snapshot of what the suites show."""
        row = models.Snapshot.objects.create(
            **{
                "repository": self.repository,
                "name": name,
                "kind": "named",
                "taken_at": self._minutes_ago(30),
                "taken_by": "ada",
                "reason": "before the upgrade",
                **fields,
            }
        )
        for distribution in self.distributions.values():
            newest = distribution.publications.exclude(published_at=None).first()
            if newest is not None:
                row.versions.add(newest)
        detail = f"{self.repository} {name} by ada"
        self.event(EventKind.SNAPSHOT_TAKEN, 30, repository=self.repository, detail=detail)
        return row
