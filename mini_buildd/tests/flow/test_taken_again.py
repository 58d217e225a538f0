"""Ready-made packages that were here before, and went with everything that kept them."""

from datetime import timedelta
from pathlib import Path

import pytest

from mini_buildd.db import models
from mini_buildd.domain.problem import PackageRefused
from mini_buildd.flow.remove import remove
from mini_buildd.tests.flow.package import BinaryPackage, SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.test_collect import collect_all, days
from mini_buildd.tests.flow.test_take import ADMIN, SUITE, open_suites, pool, take
from mini_buildd.tests.flow.tree import demand_all_there, root

TOOL = BinaryPackage("tool", "2.0", files={"usr/bin/tool": b"1"})


@pytest.fixture
def ready(scene: Scene) -> Scene:
    open_suites(scene)
    models.Suite.objects.update(kept_rollbacks=0, kept_days=1)
    return scene


def let_go(scene: Scene, name: str) -> None:
    """Remove the source package, until nothing of it is left in the pool."""
    scene.publish_all()
    remove(scene.site, ADMIN, scene.distribution(), [name])
    scene.publish_all()
    days(scene, 2)
    collect_all(scene)
    assert pool(scene) == []


def leave_another_trace() -> None:
    """Each file was there once more, and is removed: as of a package that shared it."""
    for row in models.PoolFile.objects.all():
        row.pk, row._state.adding = None, True
        row.removed_at = row.removed_at and row.removed_at + timedelta(minutes=1)
        row.save()


def demand_it_lasts(scene: Scene, names: list[str]) -> None:
    """It is published, and no collection takes it for what nobody needs."""
    scene.publish_all()
    days(scene, 2)
    collect_all(scene)
    assert pool(scene) == names
    assert demand_all_there(scene, root(scene) / SUITE)
    gone = models.PoolFile.objects.filter(removed_at__isnull=False)
    assert not models.Binary.objects.filter(file__in=gone).exists()
    assert not models.SourceFile.objects.filter(file__in=gone).exists()


def test_a_package_that_went_comes_back(ready: Scene) -> None:
    deb = TOOL.put(ready.home / "in")
    take(ready, deb)
    let_go(ready, "tool")
    leave_another_trace()
    take(ready, deb)
    demand_it_lasts(ready, [deb.name])


def test_it_comes_back_to_files_that_are_there_by_somebody_else(ready: Scene) -> None:
    made = SourcePackage(version="3.0-1").source_files()
    for name, data in made.items():
        (ready.home / name).write_bytes(data)
    dsc, names = ready.home / "hello_3.0-1.dsc", sorted(made)
    take(ready, dsc)
    let_go(ready, "hello")
    for row in list(models.PoolFile.objects.all()):
        row.pk, row._state.adding, row.removed_at = None, True, None
        row.save()
        path = root(ready) / row.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made[row.name])
    take(ready, dsc)
    demand_it_lasts(ready, names)


def test_it_does_not_come_back_as_something_else(ready: Scene, tmp_path: Path) -> None:
    take(ready, TOOL.put(ready.home / "in"))
    let_go(ready, "tool")
    other = BinaryPackage("tool", "2.0", files={"usr/bin/tool": b"2"}).put(tmp_path)
    with pytest.raises(PackageRefused, match=r"tool 2\.0 amd64 is there already with SHA-256"):
        take(ready, other)
