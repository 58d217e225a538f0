"""Any history of a repository: what a kept version or a snapshot names is always there."""

import hashlib
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_buildd.archive.sign import Signer
from mini_buildd.archive.tree import pool_folder, pool_path
from mini_buildd.config.settings import Settings
from mini_buildd.db import models
from mini_buildd.deb.names import Component, PlainFilename, SourceName
from mini_buildd.domain.permission import SELF
from mini_buildd.domain.problem import Problem
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow import snapshot, sweep
from mini_buildd.flow.accept import pool_row
from mini_buildd.flow.collect import collect
from mini_buildd.flow.remove import remove
from mini_buildd.flow.retain import retain
from mini_buildd.flow.revise import Order, revise
from mini_buildd.flow.rollback import rollback
from mini_buildd.flow.store import store
from mini_buildd.kit.hashing import Digests, hash_file
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.tree import demand_all_there, root

MAIN = Component("main")
NAME = "apple"

# What may happen, and to what: a package, a suite, a version counted back, so many hours.
_ACTS = "add add add add copy remove roll-back name forget publish retain collect collect wait wait"
_STEPS = st.tuples(st.sampled_from(_ACTS.split()), st.integers(0, 5))


class _History:
    """A repository to which things happen; its packages are a few bytes."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._repository = models.Repository.objects.get()
        self._suites = [scene.distribution(name) for name in ("unstable", "testing")]
        self._made = 0

    def step(self, what: str, which: int) -> None:
        """Let it happen; what the rules refuse does not."""
        suite, name = self._suites[which % 2], NAME
        actions: dict[str, Callable[[], object]] = {
            "add": lambda: self._add(suite, name),
            "copy": lambda: self._copy(self._suites[0], self._suites[1]),
            "remove": lambda: remove(self._scene.site, SELF, suite, [name], force=True),
            "roll-back": lambda: rollback(self._scene.site, SELF, suite, self._back(suite, which)),
            "name": lambda: self._take(f"s{which}"),
            "forget": lambda: snapshot.drop(self._scene.site, SELF, self._repository, f"s{which}"),
            "publish": lambda: sweep.publish_all(self._scene.site),
            "retain": lambda: retain(self._scene.site, suite),
            "collect": lambda: collect(self._scene.site, self._repository),
            "wait": lambda: self._wait(17 * which),
        }
        try:
            with transaction.atomic():
                actions[what]()
                if which > 1:  # else several changes may come into one version
                    actions["publish"]()
        except Problem:
            pass

    def _wait(self, hours: int) -> None:
        self._scene.clock.now += timedelta(hours=hours)

    def _take(self, name: str) -> None:
        snapshot.take(self._scene.site, SELF, self._repository, SnapshotName(name))

    @staticmethod
    def _back(suite: models.Distribution, count: int) -> int:
        return suite.publications.count() - count

    def _copy(self, origin: models.Distribution, target: models.Distribution) -> None:
        revision = revise(self._scene.site, target, Order(SELF, Cause.COPY))
        for entry in origin.entries.filter(removed_in=None, binary=None):
            revision.add(entry.source)

    def _add(self, suite: models.Distribution, name: str) -> None:
        """A source package of two files, of which one is shared with others, and a binary."""
        self._made += 1
        version = f"1.0-{self._made}"
        orig = self._file(name, f"{name}_1.0.orig.tar.gz", name)
        dsc = self._file(name, f"{name}_{version}.dsc", version)
        deb = self._file(name, f"{name}_{version}_amd64.deb", version * 2)
        source = models.Source.objects.create(
            distribution=suite,
            name=name,
            version=version,
            component="main",
            architectures="any",
            paragraph=f"Package: {name}\nVersion: {version}\n"
            f"Directory: {pool_folder(MAIN, SourceName(name))}\nChecksums-Sha256:\n"
            + "".join(f" {each.sha256} {each.size_bytes} {each.name}\n" for each in (dsc, orig)),
            state="published",
            accepted_at=self._scene.clock(),
        )
        for row in (orig, dsc):
            models.SourceFile.objects.create(source=source, file=row)
        models.Binary.objects.create(
            source=source,
            file=deb,
            package=name,
            version=version,
            architecture="amd64",
            component="main",
            paragraph=f"Package: {name}\nVersion: {version}\nArchitecture: amd64\n"
            f"Filename: {deb.path}\nSize: {deb.size_bytes}\nSHA256: {deb.sha256}\n",
        )
        revise(self._scene.site, suite, Order(SELF, Cause.UPLOAD), source=source).add(source)

    def _file(self, source: str, name: str, text: str) -> models.PoolFile:
        made = self._scene.home / "made"
        made.write_text(text)
        digests: Digests = hash_file(made)
        path = pool_path(MAIN, SourceName(source), PlainFilename(name))
        store(self._scene.site, self._repository, path, made, sha256=digests.sha256)
        made.unlink()
        return pool_row(self._repository.pk, path, digests)

    def demand_kept(self) -> None:
        """Every version that can be asked for is there with all that it names."""
        kept = models.Publication.objects.filter(removed_at=None, published_at__isnull=False)
        for row in kept.select_related("distribution"):
            version = root(self._scene) / "suites" / row.distribution.name / str(row.number)
            demand_all_there(self._scene, version)
        for taken in models.Snapshot.objects.all():
            for version in (root(self._scene) / "snapshots" / taken.name / "dists").iterdir():
                demand_all_there(self._scene, version)

    def demand_nothing_else(self) -> None:
        """Once nothing is decided or recent, the pool has what is named, and no more."""
        sweep.publish_all(self._scene.site)
        self._scene.clock.now += timedelta(days=30)
        for suite in self._suites:
            retain(self._scene.site, suite)
        collect(self._scene.site, self._repository)
        kept = models.Publication.objects.filter(removed_at=None)
        named = set()
        for row in kept:
            entries = row.distribution.entries.filter(added_in__lte=row.number)
            entries = entries.exclude(removed_in__lte=row.number)
            for path in (
                *entries.values_list("source__files__file__path", flat=True),
                *entries.values_list("source__binaries__file__path", flat=True),
            ):
                named.add(path)
        pool = root(self._scene) / "pool"
        there = {str(path.relative_to(root(self._scene))) for path in pool.rglob("*.*")}
        assert there == {path for path in named if path}


@pytest.fixture(scope="module")
def unsigned() -> Signer:
    """Signing takes most of the time, and is none of this test's business."""
    return Signer(
        lambda data: data, lambda data: hashlib.sha256(data).digest(), lambda: "key", tuple
    )


@pytest.fixture
def two_suites(scene: Scene, unsigned: Signer) -> Scene:
    models.Suite.objects.update(
        kept_rollbacks=1, kept_days=1, has_contents=False, forms="gz", checks_installability=False
    )
    wanted = ("trixie-test-unstable", "trixie-test-testing")
    models.Distribution.objects.exclude(name__in=wanted).delete()
    scene.signer = unsigned
    return scene


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(_STEPS, min_size=20, max_size=40))
def test_nothing_that_is_kept_ever_goes_and_nothing_else_stays(
    two_suites: Scene, steps: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory(dir=two_suites.home) as home, transaction.atomic():
        two_suites.use(Settings(home=Path(home), identity="example"))
        two_suites.home = Path(home)
        history = _History(two_suites)
        for what, which in steps:
            history.step(what, which)
            if what in ("retain", "collect"):
                history.demand_kept()
        history.demand_nothing_else()
        history.demand_kept()
        two_suites.home = Path(home).parent
        transaction.set_rollback(True)
