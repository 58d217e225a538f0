"""A build reads the private repository that it is for, while it is under way."""

from contextlib import suppress

import pytest

from mini_buildd.db import models
from mini_buildd.domain.problem import SignInFailed, TooManyAttempts
from mini_buildd.flow.private_archives import archive_names, readable_archives
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tools.own_suites import add_script
from mini_buildd.wire.task import BuildStatus, Task

PEER = "127.0.0.1"


@pytest.fixture
def private(scene: Scene) -> Scene:
    """An instance whose one repository is private, with something published."""
    scene.site.places.secret_key.write_text("a secret")
    scene.publish_all()
    models.Repository.objects.update(is_private=True)
    return scene


def given(scene: Scene) -> tuple[Task, str, str]:
    """A task, and the account and secret that its sources come with."""
    scene.accepted()
    (task,) = scene.assign()
    ((_, url, _, account, _, secret),) = {tuple(each.auth.split()) for each in task.apt_sources}
    assert url == scene.site.archive_url("test")
    return task, account, secret


def test_a_build_of_it_is_let_in_until_it_has_ended(private: Scene) -> None:
    assert archive_names() == (frozenset(), frozenset({b"test"}))
    task, account, secret = given(private)
    assert readable_archives(private.site, account, secret, PEER) == {b"test"}
    for wrong in (("build:x", secret), (account, "x"), (account, "")):
        with pytest.raises(SignInFailed):
            readable_archives(private.site, *wrong, PEER)
    private.report(task, private.result(task, BuildStatus.FAILED))
    with pytest.raises(SignInFailed):
        readable_archives(private.site, account, secret, PEER)


def test_nobody_keeps_builds_out_by_guessing(private: Scene) -> None:
    _, account, secret = given(private)
    for number in range(60):
        for peer in (PEER, f"192.0.2.{number}"):
            with suppress(SignInFailed, TooManyAttempts):
                readable_archives(private.site, "build:x", "x", peer)
    assert readable_archives(private.site, account, secret, PEER) == {b"test"}
    with pytest.raises(TooManyAttempts):
        readable_archives(private.site, account, "x", PEER)


def test_builds_of_public_ones_come_with_nothing(scene: Scene) -> None:
    scene.publish_all()
    scene.accepted()
    (task,) = scene.assign()
    assert {each.auth for each in task.apt_sources} == {""}


def test_only_what_is_read_over_the_network_is_told_the_secret(private: Scene) -> None:
    task, _, secret = given(private)
    trees = {each.tree: "/tree" for each in task.apt_sources}
    assert secret in add_script(task.apt_sources, {})
    assert secret not in add_script(task.apt_sources, trees)
