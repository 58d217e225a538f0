"""What people do stands in the audit log, once, and not when it was only tried or refused."""

from collections.abc import Callable

import pytest

from mini_buildd.db import models
from mini_buildd.domain.permission import SELF, Actor, Door
from mini_buildd.domain.problem import Problem
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.flow import snapshot
from mini_buildd.flow.cancel import cancel
from mini_buildd.flow.copy import Copying, copy
from mini_buildd.flow.freeze import freeze, thaw
from mini_buildd.flow.migrate import Migration, migrate
from mini_buildd.flow.refresh import ask_refresh
from mini_buildd.flow.remove import remove
from mini_buildd.flow.retry import retry
from mini_buildd.flow.rollback import rollback
from mini_buildd.flow.set_aside import set_aside, take_back
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.shelf import VISITOR, Shelf

ROOT = Actor("root", is_admin=True, door=Door.PAGE)


@pytest.fixture
def shelf(scene: Scene) -> Shelf:
    """Two versions of a suite with hello, and a builder."""
    made = Shelf(scene)
    made.check_installability(wanted=False)
    made.put(made.source())
    made.put(made.source("bc"))
    made.publish()
    models.Builder.objects.create(name="here")
    return made


def entries() -> list[tuple[str, str, str, str]]:
    """All of the log, the oldest first: by whom, what, and to what."""
    rows = models.AuditEntry.objects.order_by("id")
    return list(rows.values_list("who", "act", "kind", "name"))


SUITE = "trixie-test-unstable"
Deed = Callable[[Shelf, Actor], object]


def _suite(shelf: Shelf) -> models.Distribution:
    return shelf.scene.distribution()


DEEDS: dict[tuple[str, str, str], Deed] = {
    ("froze", "suite", SUITE): lambda s, a: freeze(s.scene.site, a, _suite(s), "holidays"),
    ("removed packages from", "suite", SUITE): lambda s, a: remove(
        s.scene.site, a, _suite(s), ["hello"]
    ),
    ("migrated packages to", "suite", "trixie-test-testing"): lambda s, a: migrate(
        s.scene.site, a, Migration(_suite(s), ["hello"])
    ),
    ("copied packages to", "suite", "trixie-test-stable"): lambda s, a: copy(
        s.scene.site, a, Copying(_suite(s), ["hello"], s.scene.distribution("stable"))
    ),
    ("rolled back", "suite", SUITE): lambda s, a: rollback(s.scene.site, a, _suite(s), 1),
    ("took the snapshot", "snapshot", "test x"): lambda s, a: snapshot.take(
        s.scene.site, a, _suite(s).repository, SnapshotName("x")
    ),
    ("set aside", "builder", "here"): lambda s, a: set_aside(s.scene.site, a, "here", "hot"),
    ("asked to make anew", "chroot", "trixie amd64"): lambda s, a: ask_refresh(
        s.scene.site, a, models.Chroot.objects.get()
    ),
}


@pytest.mark.parametrize("told", DEEDS, ids=lambda told: told[0])
def test_each_deed_is_one_entry(shelf: Shelf, told: tuple[str, str, str]) -> None:
    DEEDS[told](shelf, ROOT)
    ((who, act, kind, name),) = entries()
    assert (who, act, kind) == ("root", told[0], told[1])
    assert name.startswith(told[2])
    assert models.AuditEntry.objects.get().door == "page"


@pytest.mark.parametrize("told", DEEDS, ids=lambda told: told[0])
def test_what_is_refused_or_done_by_the_instance_itself_is_none(
    shelf: Shelf, told: tuple[str, str, str]
) -> None:
    with pytest.raises(Problem):
        DEEDS[told](shelf, VISITOR)
    DEEDS[told](shelf, SELF)
    assert entries() == []


def test_a_dry_run_is_none(shelf: Shelf) -> None:
    remove(shelf.scene.site, ROOT, _suite(shelf), ["hello"], dry_run=True)
    assert entries() == []


def test_what_changed_stands_beside_what_was(shelf: Shelf) -> None:
    remove(shelf.scene.site, ROOT, _suite(shelf), ["hello"], reason="not free")
    entry = models.AuditEntry.objects.get()
    assert entry.before == {"hello": "1.0"}
    assert entry.after == {"version of the suite": 3, "reason": "not free"}


def test_what_is_undone_is_noted_too(scene: Scene) -> None:
    job = scene.accepted().jobs.get()
    models.Builder.objects.create(name="here")
    freeze(scene.site, ROOT, scene.distribution(), "holidays")
    thaw(scene.site, ROOT, scene.distribution())
    set_aside(scene.site, ROOT, "here", "hot")
    take_back(scene.site, ROOT, "here")
    cancel(scene.site, ROOT, job.pk, "wrong")
    retry(scene.site, ROOT, job.pk)
    acts = [act for _, act, _, _ in entries()]
    assert acts == ["froze", "thawed", "set aside", "took back", "cancelled", "retried"]
