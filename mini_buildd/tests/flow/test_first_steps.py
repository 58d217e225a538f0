"""From nothing to the first package, step by step; what is there tells how far it is."""

import shutil
from collections.abc import Mapping

import pytest
from django.contrib.auth.models import User

from mini_buildd.db import models
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.domain.first_steps import Progress, Step
from mini_buildd.domain.permission import SELF, Actor
from mini_buildd.domain.problem import NotAllowed, RepositoryUnknown, SetupImpossible
from mini_buildd.domain.states import SourceState
from mini_buildd.flow.chroot import Workshop, generations_of
from mini_buildd.flow.chroot_log import log_path, read_log
from mini_buildd.flow.first_steps import (
    FirstSteps,
    add_release,
    add_repository,
    add_uploader,
    is_over,
    look,
    propose,
)
from mini_buildd.flow.refresh import ask_missing, refresh_chroots
from mini_buildd.kit.lock import locked
from mini_buildd.tests.flow.scene import Scene

AMD64 = (Architecture("amd64"),)
TRIXIE, TEST = Codename("trixie"), RepositoryName("test")
MIRROR = "http://deb.example/debian"


def seen(scene: Scene) -> FirstSteps:
    """How far it is."""
    return look(scene.settings, scene.site.places, scene.clock)


def states(scene: Scene) -> dict[Step, Progress]:
    """The same in words."""
    return {row.step: row.progress for row in seen(scene).steps}


def test_each_step_opens_the_next_ones_until_a_package_is_out(bare: Scene) -> None:
    assert states(bare)[Step.RELEASE] is Progress.OPEN
    add_release(bare.site, SELF, TRIXIE, AMD64, MIRROR)
    assert states(bare)[Step.RELEASE] is Progress.DONE
    assert states(bare)[Step.CHROOT] is Progress.OPEN
    add_repository(bare.site, SELF, TEST)
    assert states(bare)[Step.REPOSITORY] is Progress.DONE
    assert seen(bare).there.repositories[0].distributions[0] == "trixie-test-unstable"
    assert states(bare)[Step.UPLOAD] is Progress.WAITS
    add_uploader(bare.site, SELF, bare.pat(), TEST)
    assert seen(bare).there.uploaders == ("pat",)
    assert seen(bare).there.user_id == f"{bare.packager.name} <{bare.packager.email}>"
    assert states(bare)[Step.UPLOAD] is Progress.OPEN
    source = bare.accepted()
    assert states(bare)[Step.UPLOAD] is Progress.RUNNING
    models.Source.objects.filter(pk=source.pk).update(state=SourceState.FAILED)
    assert states(bare)[Step.UPLOAD] is Progress.FAILED
    assert not is_over(bare.settings)
    models.Source.objects.filter(pk=source.pk).update(state=SourceState.PUBLISHED)
    assert states(bare)[Step.UPLOAD] is Progress.DONE
    assert is_over(bare.settings)


def test_the_archives_own_keyring_is_no_first_package(bare: Scene) -> None:
    bare.set_up()
    source = bare.accepted()
    name = f"{bare.settings.identity}-archive-keyring"
    models.Source.objects.filter(pk=source.pk).update(state=SourceState.PUBLISHED, name=name)
    models.Upload.objects.update(source_name=name)
    assert not is_over(bare.settings)
    assert states(bare)[Step.UPLOAD] is Progress.OPEN


def test_doing_a_step_again_changes_nothing(bare: Scene) -> None:
    for _ in range(2):
        add_release(bare.site, SELF, TRIXIE, AMD64, MIRROR)
        add_repository(bare.site, SELF, TEST)
        add_uploader(bare.site, SELF, bare.pat(), TEST)
    assert models.Chroot.objects.count() == 1
    assert models.Grant.objects.count() == 1
    assert models.AuditEntry.objects.count() == 0  # SELF; and what is the same is not noted
    changes = add_release(bare.site, SELF, TRIXIE, AMD64, "http://elsewhere.example")
    assert not any(change.is_new for change in changes)


def test_a_key_that_waited_for_approval_is_approved_with_its_right(bare: Scene) -> None:
    add_release(bare.site, SELF, TRIXIE, AMD64, MIRROR)
    add_repository(bare.site, SELF, TEST)
    add_uploader(bare.site, SELF, bare.pat(), TEST)
    models.OpenPGPKey.objects.update(approved_at=None)
    assert states(bare)[Step.UPLOADER] is Progress.OPEN
    add_uploader(bare.site, Actor("root", is_admin=True), bare.pat(), TEST)
    assert models.OpenPGPKey.objects.get().approved_by == "root"
    assert states(bare)[Step.UPLOADER] is Progress.DONE


@pytest.mark.parametrize("state", ["refused", "withdrawn", "switched off"])
def test_of_a_key_that_does_not_count_nobody_is_told_that_it_does(bare: Scene, state: str) -> None:
    add_release(bare.site, SELF, TRIXIE, AMD64, MIRROR)
    add_repository(bare.site, SELF, TEST)
    add_uploader(bare.site, SELF, bare.pat(), TEST)
    now = bare.clock()
    fields: Mapping[str, Mapping[str, object]] = {
        "refused": {"refused_at": now, "approved_at": None},
        "withdrawn": {"refused_at": now},
        "switched off": {"is_active": False},
    }
    models.OpenPGPKey.objects.update(**fields[state])
    with pytest.raises(SetupImpossible, match="not refused, revoked or switched off"):
        add_uploader(bare.site, SELF, bare.pat(), TEST)


def test_a_repository_needs_a_release_and_an_uploader_a_repository(bare: Scene) -> None:
    with pytest.raises(SetupImpossible):
        add_repository(bare.site, SELF, TEST)
    with pytest.raises(RepositoryUnknown):
        add_uploader(bare.site, SELF, bare.pat(), TEST)
    assert not models.Repository.objects.exists()
    assert not User.objects.exists()


def test_nobody_else_may(bare: Scene) -> None:
    pat = Actor("pat")
    with pytest.raises(NotAllowed):
        add_release(bare.site, pat, TRIXIE, AMD64, MIRROR)
    with pytest.raises(NotAllowed):
        ask_missing(bare.site, pat)
    assert not models.Base.objects.exists()


def test_a_chroot_that_is_asked_for_is_under_way_and_what_failed_says_why(bare: Scene) -> None:
    add_release(bare.site, SELF, TRIXIE, AMD64, "file:///gone")
    (asked,) = ask_missing(bare.site, SELF)
    assert states(bare)[Step.CHROOT] is Progress.RUNNING
    refresh_chroots(Workshop(bare.site.places, bare.clock))
    assert states(bare)[Step.CHROOT] is Progress.FAILED
    (chroot,) = seen(bare).chroots
    assert chroot.row.problem
    assert chroot.log.begun_at is not None
    assert chroot.log.steps[-1].step.startswith("ended: ")
    assert "E: " in chroot.log.text
    mode = log_path(bare.site.places, "trixie", "amd64").stat().st_mode
    assert mode & 0o077 == 0
    assert ask_missing(bare.site, SELF) == (asked,)
    assert states(bare)[Step.CHROOT] is Progress.RUNNING
    left = generations_of(bare.site.places, asked)
    with left.alone():
        left.remove_leftovers()


def test_one_that_lies_there_ready_is_taken_when_it_is_asked_for(bare: Scene) -> None:
    add_release(bare.site, SELF, TRIXIE, AMD64, "file:///gone")
    tree = bare.site.places.chroots / "trixie-amd64" / "20261120T110000Z" / "root"
    tree.mkdir(parents=True)
    ask_missing(bare.site, SELF)
    refresh_chroots(Workshop(bare.site.places, bare.clock))
    assert states(bare)[Step.CHROOT] is Progress.DONE
    told = read_log(bare.site.places, "trixie", "amd64")
    assert [each.step for each in told.steps] == [
        "taking generation 20261120T110000Z, which is there",
        "done",
    ]


def test_one_that_a_command_makes_is_under_way_too(bare: Scene) -> None:
    add_release(bare.site, SELF, TRIXIE, AMD64, MIRROR)
    folder = bare.site.places.chroots / "trixie-amd64"
    folder.mkdir()
    with locked(folder):
        assert states(bare)[Step.CHROOT] is Progress.RUNNING
    assert states(bare)[Step.CHROOT] is Progress.OPEN


def test_of_a_long_log_the_end_is_shown(bare: Scene) -> None:
    path = log_path(bare.site.places, "trixie", "amd64")
    path.write_text(
        "== begun 2026-11-20T12:00:00+00:00\n" + "Get: \x1b[1mx\x1b[0m\n" * 9000 + "== 9.0 s  done"
    )
    told = read_log(bare.site.places, "trixie", "amd64")
    assert told.begun_at is not None
    assert told.text.startswith("Get: x\n")
    assert len(told.text) < 65_000
    assert told.steps[-1].seconds == 9.0


def test_this_machine_is_proposed_with_where_its_own_packages_come_from(bare: Scene) -> None:
    if shutil.which("apt-get") is None:
        pytest.skip("apt is not installed")
    found = propose(bare.clock().date())
    assert found.architecture
    assert found.codename not in found.others
    assert "sid" in (found.codename, *found.others)
