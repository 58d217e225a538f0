"""Source packages as rows, for tests of suites: nobody builds them, and no pool has them.

Their indexes can be published nevertheless, since those are made from the rows.
"""

import gzip
from dataclasses import dataclass

from django.db import transaction

from mini_buildd.db.models import Binary, Event, PoolFile, Publication, Source, SuiteEntry
from mini_buildd.domain.permission import SELF, Actor
from mini_buildd.domain.states import SourceState
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow.compare import At, held
from mini_buildd.flow.publish import carry_out
from mini_buildd.flow.revise import Order, newest, revise
from mini_buildd.tests.flow.base_archive import paragraph
from mini_buildd.tests.flow.scene import Scene

ADMIN = Actor("root", is_admin=True)
VISITOR = Actor("eve")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The suites of *scene* and what is put there."""

    scene: Scene

    def source(
        self, name: str = "hello", version: str = "1.0", *paragraphs: str, suite: str = "unstable"
    ) -> Source:
        """A published source package with these binary packages, or one of the same name."""
        distribution = self.scene.distribution(suite)
        source = Source.objects.create(
            distribution=distribution,
            name=name,
            version=version,
            component="main",
            architectures="any",
            paragraph=f"Package: {name}\nVersion: {version}\n",
            state=SourceState.PUBLISHED,
            accepted_at=self.scene.clock(),
        )
        for text in paragraphs or (paragraph(name, version=version),):
            self.binary(source, text)
        return source

    def binary(self, source: Source, text: str) -> Binary:
        """One more binary package of *source*."""
        fields = dict(line.split(": ", 1) for line in text.splitlines())
        name = f"{fields['Package']}_{fields['Version']}_{fields['Architecture']}.deb"
        file = PoolFile.objects.create(
            repository=source.distribution.repository,
            path=f"pool/main/{source.distribution.suite.name}/{name}",
            name=name,
            size_bytes=1,
        )
        return Binary.objects.create(
            source=source,
            file=file,
            package=fields["Package"],
            version=fields["Version"],
            architecture=fields["Architecture"],
            component="main",
            paragraph=text,
        )

    def put(self, *sources: Source, suite: str = "unstable") -> int:
        """Let the suite have *sources* in its next version, as if published; gives its number."""
        with transaction.atomic():
            order = Order(SELF, Cause.UPLOAD)
            revision = revise(self.scene.site, self.scene.distribution(suite), order)
            for source in sources:
                revision.add(source)
        self.count_as_published()
        return revision.publication.number

    def count_as_published(self) -> None:
        """Let all that was decided be published, without a tree."""
        Publication.objects.filter(published_at=None).update(published_at=self.scene.clock())

    def number(self, suite: str = "unstable") -> int:
        """The newest version of the suite."""
        last = newest(self.scene.distribution(suite))
        return last.number if last else 0

    def has(self, suite: str = "unstable", number: int | None = None) -> dict[str, list[str]]:
        """The versions of every source package in the suite, the latest first."""
        at = At(self.scene.distribution(suite), self.number(suite) if number is None else number)
        return {name: [each.version for each in found] for name, found in held(at).items()}

    def publish(self, suite: str = "unstable") -> None:
        """Write the tree of the suite's newest version."""
        distribution = self.scene.distribution(suite)
        distribution.publications.filter(number=self.number(suite)).update(published_at=None)
        carry_out(self.scene.site, distribution)

    def in_tree(self, suite: str = "unstable", below: str = "") -> dict[str, list[str]]:
        """The versions of every package in the published index for amd64."""
        root = self.scene.site.tree("test").root / below
        index = root / f"dists/trixie-test-{suite}/main/binary-amd64/Packages.gz"
        found: dict[str, list[str]] = {}
        for text in gzip.decompress(index.read_bytes()).decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
            if fields:
                found.setdefault(fields["Package"], []).append(fields["Version"])
        return {name: sorted(versions, reverse=True) for name, versions in found.items()}

    def check_installability(self, *, wanted: bool) -> None:
        """Let the solver be asked, or not."""
        self.scene.distribution().suite.layout.suites.update(checks_installability=wanted)

    def rows(self) -> list[object]:
        """All that a verb on suites writes: equal lists, nothing was written."""
        return [
            *Publication.objects.order_by("id").values_list(),
            *SuiteEntry.objects.order_by("id").values_list(),
            *Event.objects.order_by("id").values_list(),
        ]
