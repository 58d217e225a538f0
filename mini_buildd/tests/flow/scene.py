"""One instance below a folder, without a daemon: the tests call the verbs themselves."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from mini_buildd.archive.sign import Signer
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Http, Settings
from mini_buildd.db import models
from mini_buildd.deb.names import Architecture, Codename, PlainFilename
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.flow import sweep
from mini_buildd.flow.assign import assign
from mini_buildd.flow.release import release_all
from mini_buildd.flow.report import note_started, report
from mini_buildd.flow.setup import NewUploader, Wish, setup
from mini_buildd.flow.site import Site
from mini_buildd.incoming.spool import Arrival, Spool
from mini_buildd.tests.flow.package import BinaryPackage, Files, SourcePackage, build_changes
from mini_buildd.tests.packager import Packager
from mini_buildd.wire.task import BuildStatus, Result, Task

BUILDER = "here"


@dataclass
class Clock:
    """A time that passes by a second whenever somebody looks."""

    now: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The present moment."""
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Scene:
    """An instance in *home* that is set up for trixie, and Pat, who may upload to it."""

    home: Path
    packager: Packager
    signer: Signer
    clock: Clock = field(default_factory=Clock)
    settings: Settings = field(init=False)
    site: Site = field(init=False)
    _made: int = 0

    def __post_init__(self) -> None:
        http = Http(public_url="http://buildd.example:8066")
        self.use(Settings(home=self.home, identity="example", http=http))

    def use(self, settings: Settings) -> None:
        """Go on with other *settings*."""
        self.settings = settings
        places = Places(settings.home)
        places.make()
        spool = Spool(places.spool, max_file_bytes=1 << 30, max_spool_bytes=1 << 30)
        self.site = Site(settings, places, spool, self.signer, self.clock)

    # --- configuration ------------------------------------------------------------

    def wish(self, *architectures: str, uploader: NewUploader | None = None) -> Wish:
        """What setup is asked for."""
        return Wish(
            codenames=(Codename("trixie"),),
            architectures=tuple(Architecture(each) for each in architectures or ("amd64",)),
            repository=RepositoryName("test"),
            archive_url="http://deb.example/debian/",
            uploader=uploader,
        )

    def pat(self) -> NewUploader:
        """The uploader as setup takes one."""
        armored = self.packager.public_key().read_text(encoding="ascii")
        return NewUploader("pat", self.packager.email, armored)

    def set_up(self, *architectures: str) -> None:
        """Configure it, with chroots that count as made."""
        wish = self.wish(*architectures, uploader=self.pat())
        setup(self.site.places, wish, today=date(2026, 11, 20), dry_run=False)
        models.Chroot.objects.update(made_at=self.clock())

    def distribution(self, suite: str = "unstable") -> models.Distribution:
        """The distribution of that suite."""
        return models.Distribution.objects.get(name=f"trixie-test-{suite}")

    # --- uploads ------------------------------------------------------------------

    def send(self, files: Files) -> dict[str, Arrival]:
        """Let *files* arrive in the spool."""
        arrived = {}
        for name, data in files.items():
            with self.site.spool.open_part() as part:
                part.write(data)
                arrived[name] = part.commit(PlainFilename(name))
        return arrived

    def upload(self, package: SourcePackage | None = None) -> Arrival:
        """Let a whole upload arrive; the answer is its .changes."""
        files = (package or SourcePackage()).upload(self.packager)
        return list(self.send(files).values())[-1]

    def take_in(self, package: SourcePackage | None = None) -> models.Upload:
        """From the spool to planned jobs, or to a rejection."""
        arrival = self.upload(package)
        sweep.take_in(self.site, lambda _: False)
        return models.Upload.objects.get(token=arrival.token)

    def accepted(self, package: SourcePackage | None = None) -> models.Source:
        """The same; it must be accepted."""
        upload = self.take_in(package)
        if upload.state != "accepted":
            raise AssertionError(f"{upload.problem_code}: {upload.expected}; {upload.found}")
        return upload.source

    # --- builds ---------------------------------------------------------------------

    def assign(self, free_slots: int = 9) -> tuple[Task, ...]:
        """Hand out waiting jobs."""
        found = assign(self.site, builder=BUILDER, backend="unshare", free_slots=free_slots)
        return found.tasks

    def started(self, task: Task) -> models.Attempt:
        """The attempt of *task*, whose builder has begun."""
        attempt = self.attempt(task)
        note_started(self.site, attempt, self.clock().isoformat())
        return self.attempt(task)

    def attempt(self, task: Task) -> models.Attempt:
        """The attempt of *task* as the sweeps see it."""
        rows = models.Attempt.objects.select_related(
            "job__source__upload", "job__source__distribution__repository"
        )
        return rows.get(token=task.attempt)

    def results(self, task: Task) -> Path:
        """Where what it makes lies."""
        folder = self.site.places.builds / task.attempt / "results"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def deb(self, task: Task, **differences: str) -> Files:
        """A package that fits *task*, but for the *differences*."""
        self._made += 1
        fields: dict[str, Any] = {"package": task.source, "version": task.version}
        if task.binnmu:
            fields["version"] = f"{task.version}+b{task.binnmu}"
            fields["source"] = f"{task.source} ({task.version})"
        fields.update(differences)
        fields.setdefault("architecture", task.architecture if task.builds_any else "all")
        package = BinaryPackage(**fields)
        return {package.file_name: package.make(self.home / "scratch" / str(self._made))}

    def build(self, task: Task, files: Files | None = None) -> Result:
        """Lay down what a good build leaves; *files* instead of its one .deb and .buildinfo."""
        if files is None:
            version = self._version(task).rpartition(":")[2]
            buildinfo = f"{task.source}_{version}_{task.architecture}.buildinfo"
            files = {**self.deb(task), buildinfo: f"by {task.attempt}".encode()}
        changes = f"{task.source}_{task.architecture}.changes"
        source = f"{task.source} ({task.version})" if task.binnmu else task.source
        text = build_changes(source, self._version(task), task.architecture, files)
        if task.binnmu:
            text = b"Binary-Only: yes\n" + text
        for name, data in {**files, changes: text}.items():
            path = self.results(task) / name
            path.unlink(missing_ok=True)  # it may be in the pool by now, read-only
            path.write_bytes(data)
        return self.result(task, changes=changes)

    def _version(self, task: Task) -> str:
        """What it makes bears this one."""
        return f"{task.version}+b{task.binnmu}" if task.binnmu else task.version

    def result(
        self,
        task: Task,
        status: BuildStatus = BuildStatus.SUCCEEDED,
        *,
        changes: str = "",
        reason: str = "",
        unmet: tuple[str, ...] = (),
    ) -> Result:
        """What the supervisor says at the end."""
        return Result(
            attempt=task.attempt,
            fence=task.fence,
            status=status,
            reason=reason,
            stage="",
            finished_at=self.clock().isoformat(),
            changes=changes,
            files=(),
            unmet=unmet,
        )

    def report(self, task: Task, result: Result | None = None) -> models.Job:
        """Hand in *result*, or that of a good build; the answer is the job afterwards."""
        attempt = self.started(task)
        report(self.site, attempt, result or self.build(task), self.results(task))
        return models.Job.objects.get(pk=attempt.job_id)

    def built(self, package: SourcePackage | None = None) -> models.Source:
        """A source whose jobs have all succeeded and that waits for its verdict."""
        source = self.accepted(package)
        for task in self.assign():
            self.report(task)
        source.refresh_from_db()
        return source

    def publish_all(self) -> None:
        """Verdicts and publications, and what goes on by them, as the daemon's steps do it."""
        sweep.judge_all(self.site)
        sweep.publish_all(self.site)
        release_all(self.site)

    def published(self, package: SourcePackage | None = None) -> models.Source:
        """A source that went the whole way."""
        source = self.built(package)
        self.publish_all()
        source.refresh_from_db()
        return source
