"""The very first administrator gets in by the link in the instance's folder, by nothing else."""

import stat

import pytest
from django.contrib.auth.models import User

from mini_buildd.db import models
from mini_buildd.domain.problem import FirstAdministratorRefused
from mini_buildd.flow.first_administrator import (
    check_code,
    is_offered,
    make_first_administrator,
    offer_link,
)
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.threads import at_once

URL = "http://buildd.example:8066"
WORD = "a word that nobody guesses"


def offered(scene: Scene) -> str:
    """The code of a new link."""
    return offer_link(scene.site.places, URL).partition("?code=")[2]


def become(scene: Scene, code: str, name: str = "ada") -> User:
    """Use *code*."""
    return make_first_administrator(
        scene.site, code, name=name, email="ada@example.org", password=WORD
    )


def test_only_the_owner_of_the_instance_can_read_the_link(bare: Scene) -> None:
    link = offer_link(bare.site.places, URL)
    file = bare.site.places.first_administrator
    assert file.read_text() == f"{link}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert link.startswith(f"{URL}/first/administrator/?code=")


def test_it_makes_one_administrator_and_is_gone(bare: Scene) -> None:
    code = offered(bare)
    user = become(bare, code)
    assert (user.is_superuser, user.is_staff, user.check_password(WORD)) == (True, True, True)
    assert not is_offered(bare.site.places)
    assert models.AuditEntry.objects.get().act == "became the first administrator"
    with pytest.raises(FirstAdministratorRefused):
        become(bare, code, "eve")
    assert offer_link(bare.site.places, URL) == ""
    assert User.objects.count() == 1


@pytest.mark.parametrize("wrong", ["", "x", "{code}x", "ä" * 32])
def test_another_code_makes_nobody_an_administrator(bare: Scene, wrong: str) -> None:
    code = offered(bare)
    with pytest.raises(FirstAdministratorRefused):
        become(bare, wrong.format(code=code))
    assert not User.objects.exists()
    check_code(bare.site.places, code)


def test_without_a_link_not_even_an_empty_code_is_right(bare: Scene) -> None:
    for content in (None, "", "http://buildd.example/first/administrator/?code=\n"):
        if content is not None:
            bare.site.places.first_administrator.write_text(content)
        with pytest.raises(FirstAdministratorRefused):
            become(bare, "")


def test_each_start_makes_a_new_link_and_ends_the_old_one(bare: Scene) -> None:
    old = offered(bare)
    assert offered(bare) != old
    with pytest.raises(FirstAdministratorRefused):
        become(bare, old)


def test_an_administrator_by_another_way_ends_it(bare: Scene) -> None:
    code = offered(bare)
    User.objects.create_superuser("root")
    with pytest.raises(FirstAdministratorRefused):
        become(bare, code)


def test_of_two_who_come_at_once_with_the_link_one_is_the_first(real: Scene) -> None:
    code = offered(real)
    refused = at_once(lambda: become(real, code, "ada"), lambda: become(real, code, "eve"))
    assert [type(each) for each in refused] == [FirstAdministratorRefused]
    assert User.objects.filter(is_superuser=True).count() == 1
