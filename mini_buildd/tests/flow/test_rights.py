"""Giving and withdrawing rights: owners for their repositories, administrators for all."""

import pytest
from django.contrib.auth.models import Group, User

from mini_buildd.db import models
from mini_buildd.db.actors import actor_for
from mini_buildd.domain.permission import Actor, Role
from mini_buildd.domain.problem import (
    AccountUnknown,
    NotAllowed,
    NothingToDo,
    RepositoryUnknown,
    RightImpossible,
    RightUnknown,
)
from mini_buildd.flow.rights import Right, Whom, give_right, withdraw_right
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene

ADMIN = Actor("root", is_admin=True)
UPLOADER = Right("test", Role.UPLOADER)
PAT, EVE = Whom(account="pat"), Whom(account="eve")


@pytest.fixture
def owner(scene: Scene) -> Actor:
    """An owner of test; Pat is there, too, and has no right any more."""
    models.Grant.objects.all().delete()
    user = User.objects.create_user("olga")
    User.objects.create_user("eve")
    give_right(scene.site, ADMIN, Whom(account="olga"), Right("test", Role.OWNER))
    return actor_for(user.pk)


def outcome(scene: Scene, package: SourcePackage | None = None) -> str:
    """What becomes of an upload of Pat's."""
    upload = scene.take_in(package)
    return upload.problem_code or upload.state


def test_an_owner_lets_people_upload_and_stops_it_again(scene: Scene, owner: Actor) -> None:
    assert outcome(scene) == "signer-not-allowed"
    number = give_right(scene.site, owner, PAT, UPLOADER)
    assert outcome(scene) == "accepted"
    withdraw_right(scene.site, owner, "test", number)
    assert outcome(scene, SourcePackage("other")) == "signer-not-allowed"
    acts = models.AuditEntry.objects.filter(who="olga").order_by("pk")
    assert [(entry.act, entry.name) for entry in acts] == [
        ("gave a right", "pat: uploader of test"),
        ("withdrew a right", "pat: uploader of test"),
    ]


def test_a_right_may_be_for_a_suite_for_source_packages_and_for_old_ones_only(
    scene: Scene, owner: Actor
) -> None:
    right = Right("test", Role.UPLOADER, suite="unstable", sources="hello lib*")
    number = give_right(scene.site, owner, PAT, right)
    assert outcome(scene) == "accepted"
    assert outcome(scene, SourcePackage("libfoo")) == "accepted"
    assert outcome(scene, SourcePackage("other")) == "signer-not-allowed"
    package = SourcePackage("libbar", distribution="trixie-test-hotfix")
    assert outcome(scene, package) == "signer-not-allowed"
    withdraw_right(scene.site, owner, "test", number)
    give_right(scene.site, owner, PAT, Right("test", Role.UPLOADER, may_add_sources=False))
    assert outcome(scene, SourcePackage("libnew")) == "signer-not-allowed"
    assert outcome(scene, SourcePackage(version="1.0-1~test13+2")) == "accepted"


def test_a_group_has_a_right_for_whoever_is_in_it(scene: Scene, owner: Actor) -> None:
    group = Group.objects.create(name="team")
    give_right(scene.site, owner, Whom(group="team"), UPLOADER)
    assert outcome(scene) == "signer-not-allowed"
    User.objects.get(username="pat").groups.add(group)
    assert outcome(scene) == "accepted"


def test_an_owner_makes_and_unmakes_no_owners(scene: Scene, owner: Actor) -> None:
    with pytest.raises(NotAllowed):
        give_right(scene.site, owner, EVE, Right("test", Role.OWNER))
    number = models.Grant.objects.get(user__username="olga").pk
    with pytest.raises(NotAllowed):
        withdraw_right(scene.site, owner, "test", number)
    assert models.Grant.objects.count() == 1


def test_an_owner_has_no_say_in_other_repositories(scene: Scene, owner: Actor) -> None:
    layout = models.Layout.objects.get()
    models.Repository.objects.create(name="other", layout=layout)
    number = give_right(scene.site, ADMIN, EVE, Right("other", Role.UPLOADER))
    with pytest.raises(NotAllowed):
        give_right(scene.site, owner, EVE, Right("other", Role.READER))
    for repository, problem in (("other", NotAllowed), ("test", RightUnknown)):
        with pytest.raises(problem):
            withdraw_right(scene.site, owner, repository, number)
    with pytest.raises(NotAllowed):
        give_right(scene.site, owner, EVE, Right("nowhere", Role.READER))
    with pytest.raises(RepositoryUnknown):
        give_right(scene.site, ADMIN, EVE, Right("nowhere", Role.READER))


@pytest.mark.parametrize(
    ("whom", "right"),
    [
        (Whom(), UPLOADER),
        (Whom(account="eve", group="team"), UPLOADER),
        (Whom(account="eve", fingerprint="A" * 40), UPLOADER),
        (Whom(keyring="nowhere"), UPLOADER),
        (Whom(keyring="friends"), Right("test", Role.READER)),
        (EVE, Right("test", Role.READER, sources="hello")),
        (EVE, Right("test", Role.VISITOR)),
        (EVE, Right("test", Role.ADMINISTRATOR)),
        (EVE, Right("test", Role.UPLOADER, suite="nowhere")),
        (EVE, Right("test", Role.UPLOADER, sources="hello ../x")),
        (EVE, Right("test", Role.UPLOADER, sources="[a-z]*")),
        (EVE, Right("test", Role.UPLOADER, sources=" ".join(f"hello{n}" for n in range(99)))),
    ],
)
def test_what_makes_no_sense_is_refused(
    scene: Scene, owner: Actor, whom: Whom, right: Right
) -> None:
    del owner
    with pytest.raises(RightImpossible) as caught:
        give_right(scene.site, ADMIN, whom, right)
    assert caught.value.expected
    assert models.Grant.objects.count() == 1


def test_a_right_is_given_once_and_to_somebody_who_is_there(scene: Scene, owner: Actor) -> None:
    give_right(scene.site, owner, PAT, UPLOADER)
    with pytest.raises(NothingToDo):
        give_right(scene.site, owner, PAT, UPLOADER)
    for whom in (Whom(account="nobody"), Whom(group="nobody")):
        with pytest.raises(AccountUnknown):
            give_right(scene.site, owner, whom, UPLOADER)
