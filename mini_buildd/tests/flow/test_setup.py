"""Setting up: as often as one likes, and all of it or nothing."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from django.apps import apps

from mini_buildd.db import models
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.problem import SetupImpossible
from mini_buildd.flow.setup import Wish, setup
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.packager import Packager

TODAY = date(2026, 11, 20)


def rows() -> dict[str, list[object]]:
    """The whole database."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model.__name__ not in ("Permission", "ContentType")
    }


def run(scene: Scene, wish: Wish, *, dry_run: bool = False) -> list[str]:
    """What is new."""
    changes = setup(scene.site.places, wish, today=TODAY, dry_run=dry_run)
    return [change.what for change in changes if change.is_new]


def test_it_makes_all_once_and_then_nothing(bare: Scene) -> None:
    wish = bare.wish("amd64", "i386", uploader=bare.pat())
    made = run(bare, wish)
    assert "distribution trixie-test-unstable" in made
    assert "uploader pat in repository test" in made
    before = rows()
    assert run(bare, wish) == []
    assert rows() == before


def test_one_architecture_builds_what_is_for_all_also_when_another_joins(bare: Scene) -> None:
    run(bare, bare.wish("amd64"))
    run(bare, bare.wish("i386", "amd64"))
    builds_all = bare.distribution().architectures.filter(builds_all=True)
    assert [row.architecture for row in builds_all] == ["amd64"]


def test_architectures_may_be_cross_compiled_and_optional(bare: Scene) -> None:
    names = {each: Architecture(each) for each in ("arm64", "i386")}
    wish = replace(
        bare.wish("amd64", "i386"), crossed=(names["arm64"],), optional=tuple(names.values())
    )
    run(bare, wish)
    found = {
        row.architecture: (row.cross_from, row.is_optional, row.builds_all)
        for row in bare.distribution().architectures.all()
    }
    assert found == {
        "amd64": ("", False, True),
        "arm64": ("amd64", True, False),
        "i386": ("", True, False),
    }
    chroots = models.Chroot.objects.values_list("architecture", flat=True)
    assert sorted(chroots) == ["amd64", "i386"], "what is cross-compiled needs none of its own"


@pytest.mark.parametrize(
    ("crossed", "optional", "found"),
    [(["amd64"], [], "amd64 in both ways"), ([], ["s390x"], "s390x that is optional only")],
)
def test_an_architecture_is_built_in_one_way(
    bare: Scene, crossed: list[str], optional: list[str], found: str
) -> None:
    wish = replace(
        bare.wish("amd64"),
        crossed=tuple(map(Architecture, crossed)),
        optional=tuple(map(Architecture, optional)),
    )
    with pytest.raises(SetupImpossible, match=found):
        run(bare, wish)


def test_a_dry_run_shows_the_same_and_changes_nothing(bare: Scene) -> None:
    wish = bare.wish(uploader=bare.pat())
    before = rows()
    shown = run(bare, wish, dry_run=True)
    assert rows() == before
    assert shown == run(bare, wish)


def test_the_archive_is_the_administrators_once_it_is_set(bare: Scene) -> None:
    run(bare, bare.wish())
    models.AptSource.objects.update(url="http://elsewhere.example/debian")
    assert run(bare, bare.wish()) == []
    assert models.AptSource.objects.get().url == "http://elsewhere.example/debian"


def _unknown_codename(scene: Scene, other: Packager) -> Wish:
    del other
    return replace(scene.wish(), codenames=(Codename("trixie"), Codename("potato9")))


def _no_key(scene: Scene, other: Packager) -> Wish:
    del other
    return scene.wish(uploader=replace(scene.pat(), armored_key="no key at all"))


def _two_keys(scene: Scene, other: Packager) -> Wish:
    keys = scene.pat().armored_key + other.public_key().read_text(encoding="ascii")
    return scene.wish(uploader=replace(scene.pat(), armored_key=keys))


def _secret_key(scene: Scene, other: Packager) -> Wish:
    told = subprocess.run(
        ["gpg", "--homedir", str(other.gnupg), "--batch", "--armor", "--export-secret-keys"],
        check=True,
        capture_output=True,
        text=True,
    )
    return scene.wish(uploader=replace(scene.pat(), armored_key=told.stdout))


@pytest.mark.parametrize("make", [_unknown_codename, _no_key, _two_keys, _secret_key])
def test_what_cannot_be_is_told_and_nothing_is_made(
    bare: Scene, stranger: Packager, make: Callable[[Scene, Packager], Wish]
) -> None:
    wish, before = make(bare, stranger), rows()
    with pytest.raises(SetupImpossible) as caught:
        run(bare, wish)
    assert caught.value.expected
    assert caught.value.hint
    assert rows() == before


def test_the_key_of_somebody_else_is_refused_and_nothing_is_made(scene: Scene) -> None:
    before = rows()
    eve = replace(scene.pat(), name="eve", email="eve@example.invalid")
    with pytest.raises(SetupImpossible, match="registered for pat"):
        run(scene, scene.wish("amd64", "i386", uploader=eve))
    assert rows() == before


def test_a_key_that_was_prolonged_is_brought_up_to_date(scene: Scene) -> None:
    models.OpenPGPKey.objects.update(armored="as it was a year ago")
    made = run(scene, scene.wish(uploader=scene.pat()))
    assert [what.partition(" ")[2].partition(" ")[2] for what in made] == ["as it is now"]
    assert models.OpenPGPKey.objects.get().armored.startswith("-----BEGIN PGP PUBLIC KEY BLOCK")
    assert scene.take_in().state == "accepted"


@pytest.mark.usefixtures("scene")
def test_the_new_account_has_no_password_that_anybody_could_guess() -> None:
    user = models.OpenPGPKey.objects.get().user
    assert not user.has_usable_password()
    assert not user.is_staff
