"""What happened on a busy instance in three years, as rows: plain values, nothing of Django.

Uploads come in the order of time. Every package is uploaded to the large suite first, and then some
of them much more often than others, here and elsewhere; most builds succeed, some not, some at the
second try; what was published moves on to testing and stable now and then.
"""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from mini_buildd.archive.contents import pack_listing
from mini_buildd.tests.bench.bulk import stamp
from mini_buildd.tests.bench.web_texts import Texts, upstream_versions

_DAY = 86_400
_YEARS_SECONDS = 3 * 365 * _DAY
_KEPT_VERSIONS = 10  # of a suite
_PHASES = (
    ("Start", 0.01),
    ("Update chroot", 0.02),
    ("Install package build dependencies", 0.17),
    ("Build", 0.79),
    ("Cleanup", 0.01),
)
BUILDERS = tuple(f"{place}-{number}" for place in ("north", "south", "east") for number in range(4))


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of what."""

    packages: int = 22_800  # 20,000 of them get into the large suite
    builds: int = 100_000
    events: int = 1_000_000
    people: int = 300
    waiting: int = 250
    running: int = 8


@dataclass(frozen=True, slots=True)
class Place:
    """A suite that takes uploads, and how likely it is that one goes there."""

    id: int
    name: str
    repository: str
    repository_id: int
    code: str
    weight: float
    testing_id: int | None = None
    stable_id: int | None = None


@dataclass
class _Suite:
    """A suite as it is now: of each package its number and the entries of it."""

    number: int = 0
    holds: dict[str, tuple[int, list[list[Any]]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Done:
    """What a job means to its source package; when it was over, by which attempt, after what."""

    state: str
    at: float
    attempt: int = 0
    took: float | None = None


class _About(NamedTuple):
    """What an event is about, as the table of events has it."""

    upload: int | None
    source: int | None
    job: int | None
    suite: int
    package: str
    repository: int
    person: str


@dataclass
class Story:
    """The rows of every table, in the columns that web_rows.py names for it."""

    size: Size
    places: Sequence[Place]
    until: float
    rows: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(6)  # noqa: S311  # a simulation
        self.texts = Texts(self.chance)
        self.people = [self.texts.person(number) for number in range(self.size.people)]
        self._suites: dict[int, _Suite] = {}
        self._versions = {
            name: upstream_versions() for name in self.texts.names(self.size.packages)
        }
        self._names = list(self._versions)
        self._binaries: dict[int, list[int]] = {}
        self._listings: dict[str, bytes] = {}
        for table in [
            "upload",
            "source",
            "file",
            "source_file",
            "job",
            "attempt",
            "binary",
            "listing",
            "entry",
            "publication",
            "event",
        ]:
            self.rows[table] = []

    def tell(self) -> "Story":
        """Let it all happen."""
        wanted = self.size.builds
        per_upload = 2.4
        step = _YEARS_SECONDS / (wanted / per_upload)
        at, number = self.until - _YEARS_SECONDS, 0
        while len(self.rows["job"]) < wanted:
            at = min(at + self.chance.expovariate(1 / step), self.until - 60)
            self._upload(self._choose_name(number), self._choose_place(number), at)
            number += 1
            if number % 40 == 0:
                self._migrate(self.places[0], at)
        self._close_publications()
        self._fill_up_events()
        self.rows["event"].sort(key=itemgetter(0))
        return self

    # --- choosing ------------------------------------------------------------------

    def _choose_name(self, number: int) -> str:
        """Each once, and then few of them most of the time."""
        if number < len(self._names):
            return self._names[number]
        return self._names[int(len(self._names) * self.chance.random() ** 4)]

    def _choose_place(self, number: int) -> Place:
        if number < len(self._names):
            return self.places[0]
        return self.chance.choices(self.places, [each.weight for each in self.places])[0]

    # --- one upload ------------------------------------------------------------------

    def _event(self, at: float, kind: str, about: _About, detail: str = "") -> None:
        ids = about.upload, about.source, about.job, about.suite
        self.rows["event"].append(
            (at, kind, *ids, detail, about.package, about.repository, about.person)
        )

    def _upload(self, name: str, place: Place, at: float) -> None:
        version = f"{next(self._versions[name])}-1~{place.repository}{place.code}+1"
        if self.chance.random() < 0.02:
            version = f"1:{version}"
        upload = len(self.rows["upload"]) + 1
        is_rejected = self.chance.random() < 0.06
        person = min(int(self.size.people * self.chance.random() ** 3), self.size.people - 1)
        state = "rejected" if is_rejected else "accepted"
        problem = ("version-against-rule", "The version breaks the rule of its suite")
        self.rows["upload"].append(
            (
                upload,
                f"{upload:032x}",
                f"{name}_{version}_source.changes",
                hashlib.sha256(f"{upload}".encode()).hexdigest(),
                state,
                stamp(at),
                person + 1,
                name,
                version,
                place.name,
                place.id,
                *(problem if is_rejected else ("", "")),
                self.people[person][0],
            )
        )
        signer = self.people[person]
        about = _About(upload, None, None, place.id, name, place.repository_id, signer[0])
        self._event(at, "upload.arrived", about)
        if is_rejected:
            self._event(at + 4, "upload.rejected", about, problem[1])
            return
        self._source(about, version, place, at + 9, signer[1])

    def _source(
        self, about: _About, version: str, place: Place, at: float, maintainer: str
    ) -> None:
        name, source = about.package, len(self.rows["source"]) + 1
        packages = [f"{name}1", f"{name}-dev"] if name.startswith("lib") else [name]
        is_for_all = name.startswith(("python-", "node-", "fonts-")) or len(name) % 5 == 0
        targets = ["amd64"] if is_for_all else ["amd64", "arm64", "i386"]
        about = about._replace(source=source)
        self._event(at, "source.accepted", about)
        done = [self._job(about, each, at) for each in targets]
        state = max((each.state for each in done), key=("published", "failed", "building").index)
        self.rows["source"].append(
            (
                source,
                about.upload,
                place.id,
                name,
                version,
                "main",
                "all" if is_for_all else "any",
                self.texts.source(name, version, packages, maintainer),
                self.texts.news(name, version, place.name),
                state,
                stamp(at),
            )
        )
        for ending, bytes_ in ((".dsc", 1700), (".orig.tar.xz", 700_000), (".debian.tar.xz", 9000)):
            plain = version.partition(":")[2] or version
            file = self._file(place, name, f"{name}_{plain}{ending}", bytes_)
            self.rows["source_file"].append((source, file))
        if state != "published":
            return
        end = max(each.at for each in done)
        self._event(end + 1, "source.ready", about)
        self._binaries[source] = [
            self._binary(
                source, place, (name, version, package, "all" if is_for_all else target), each
            )
            for target, each in zip(targets, done, strict=True)
            for package in packages
        ]
        number = self._version(place.id, "upload", source, end + 3)
        self._put(place.id, name, source, number)
        self._event(end + 5, "suite.published", about, str(number))

    def _job(self, about: _About, architecture: str, at: float) -> _Done:
        """Plan and build it; the last ones of all have not come to their end."""
        job = len(self.rows["job"]) + 1
        about = about._replace(job=job)
        self._event(at, "job.planned", about)
        still = self.size.builds - job
        if still >= self.size.waiting + self.size.running:
            done, state, reason = self._try(job, at + self.chance.expovariate(1 / 90), about)
        elif still >= self.size.waiting:
            self._begin(job, 1, self.until - 60, about)
            self._attempt(job, 1, self.until - 60, None, "")
            done, state, reason = _Done("building", at), "running", ""
        else:
            is_held, relation = job % 11 == 0, "libfoo-dev (>= 1.2)"
            state, reason = ("dep_wait", f"waits for {relation}") if is_held else ("waiting", "")
            done = _Done("building", at)
        self.rows["job"].append(
            (
                job,
                about.source,
                architecture,
                1,
                architecture == "amd64",
                state,
                reason,
                stamp(at),
                done.took,
            )
        )
        return done

    def _try(self, job: int, at: float, about: _About) -> tuple[_Done, str, str]:
        """Until it has come to an end; gives the job's state and reason as well."""
        tries, is_good = self.chance.choices((1, 2, 3), (93, 5, 2))[0], self.chance.random() > 0.04
        attempt, seconds = 0, 0.0
        for number in range(1, tries + 1):
            seconds = 15 + self.chance.lognormvariate(4.2, 1.2)
            outcome = "lost" if number < tries else "succeeded" if is_good else "failed"
            attempt = self._attempt(job, number, at, seconds, outcome)
            self._begin(job, number, at, about)
            self._event(at + seconds, f"job.{outcome}", about)
            at += seconds + 30 * (number < tries)
        if is_good:
            return _Done("published", at, attempt, seconds), "succeeded", ""
        state = self.chance.choices(("failed", "cancelled"), (9, 1))[0]
        return _Done("failed", at, attempt, seconds), state, "dpkg-buildpackage died"

    def _begin(self, job: int, number: int, at: float, about: _About) -> None:
        builder = BUILDERS[(job + number) % len(BUILDERS)]
        self._event(at, "job.assigned", about, builder)
        self._event(at + 2, "job.started", about, builder)

    def _attempt(
        self, job: int, number: int, at: float, seconds: float | None, outcome: str
    ) -> int:
        attempt = len(self.rows["attempt"]) + 1
        taken = seconds or 0.0
        phases = [[title, round(taken * share, 1)] for title, share in _PHASES]
        why = {"failed": "dpkg-buildpackage died", "lost": "the builder went away"}
        self.rows["attempt"].append(
            (
                attempt,
                job,
                number,
                f"{attempt:032x}",
                BUILDERS[(job + number) % len(BUILDERS)],
                stamp(at),
                stamp(at + 2),
                stamp(at + seconds) if seconds is not None else None,
                outcome,
                "build" if outcome == "failed" else "",
                why.get(outcome, ""),
                json.dumps(phases if outcome else []),
                self.chance.randrange(1 << 26, 1 << 33),
                self.chance.randrange(1 << 24, 1 << 32),
                round(taken * 1.7, 1),
            )
        )
        return attempt

    def _file(self, place: Place, source: str, name: str, size_bytes: int) -> int:
        file = len(self.rows["file"]) + 1
        digest = hashlib.sha256(f"{place.repository_id} {name}".encode()).hexdigest()
        path = f"pool/main/{source[0]}/{source}/{place.id}/{name}"
        size_bytes += self.chance.randrange(size_bytes)
        self.rows["file"].append(
            (file, place.repository_id, path, name, size_bytes, digest[:32], digest[:40], digest)
        )
        return file

    def _binary(self, source: int, place: Place, what: tuple[str, str, str, str], by: _Done) -> int:
        """One binary package: its source's name and version, its own name and architecture."""
        name, version, package, architecture = what
        binary = len(self.rows["binary"]) + 1
        plain = version.partition(":")[2] or version
        file = self._file(place, name, f"{package}_{plain}_{architecture}.deb", 40_000)
        paragraph = self.texts.binary(package, name, version, architecture)
        row = (source, by.attempt, file, package, version, architecture, "main", paragraph)
        self.rows["binary"].append((binary, *row))
        if package not in self._listings:
            self._listings[package] = pack_listing(self.texts.paths(package))
        self.rows["listing"].append((binary, self._listings[package]))
        return binary

    # --- suites ------------------------------------------------------------------------

    def _version(self, suite_id: int, kind: str, cause: int | None, at: float) -> int:
        suite = self._suites.setdefault(suite_id, _Suite())
        suite.number += 1
        actor = self.people[suite.number % 7][0]
        when = stamp(at), stamp(at + 2)
        self.rows["publication"].append(
            [suite_id, suite.number, kind, actor, cause, "main", *when, stamp(at + 2 * _DAY)]
        )
        return suite.number

    def _put(self, suite_id: int, name: str, source: int, number: int) -> None:
        suite = self._suites[suite_id]
        for entry in suite.holds.pop(name, (0, []))[1]:  # what is newest comes last
            entry[4] = number
        made = [[suite_id, source, each, number, None] for each in (None, *self._binaries[source])]
        suite.holds[name] = source, made
        self.rows["entry"] += made

    def _migrate(self, place: Place, at: float) -> None:
        """The latest packages of a suite go to testing; of testing, some go to stable."""
        for origin, target, share in (
            (place.id, place.testing_id, 0.7),
            (place.testing_id, place.stable_id, 0.4),
        ):
            held = self._suites.get(origin or 0)
            if held is None or target is None:
                continue
            moving = [
                (name, source)
                for name, (source, _) in list(held.holds.items())[-60:]
                if self.chance.random() < share
            ]
            number = self._version(target, "migrate", None, at)
            for name, source in moving:
                if self._suites[target].holds.get(name, (0, []))[0] != source:
                    self._put(target, name, source, number)
            about = _About(None, None, None, target, "", place.repository_id, "")
            self._event(at + 2, "suite.published", about, str(number))

    # --- the end -------------------------------------------------------------------------

    def _close_publications(self) -> None:
        """The last versions of every suite are still there."""
        for row in self.rows["publication"]:
            if row[1] > self._suites[row[0]].number - _KEPT_VERSIONS:
                row[-1] = None

    def _fill_up_events(self) -> None:
        """Builds wait for others and are released again, until there are enough events."""
        events = self.rows["event"]
        planned = [row for row in events if row[1] == "job.planned"]
        while len(events) < self.size.events - 1:
            row = self.chance.choice(planned)
            at, about = row[0], _About._make((*row[2:6], *row[7:]))
            self._event(at + 5, "job.dep_wait", about, "waits for libfoo-dev (>= 1.2)")
            self._event(at + 300, "job.released", about)
