"""Layers: named by what is in them, made once, shared, and thrown away."""

import fcntl
import os
import time
from pathlib import Path

import pytest

from mini_buildd.buildd import layers as module
from mini_buildd.buildd.layers import Layer, Layers, layer_key

_URIS = """\
'http://host/pool/a_1_amd64.deb' a_1_amd64.deb 100 SHA256:aa
'http://host/pool/b_1_all.deb' b_1_all.deb 200 SHA256:bb
"""


def made(layers: Layers, key: str, size: int = 10) -> Layer:
    """A layer with one file."""
    making = layers.begin(key)
    (making / "upper").mkdir()
    (making / "upper" / "file").write_bytes(b"x" * size)
    layer = layers.keep(making, key)
    assert layer is not None
    return layer


@pytest.fixture
def layers(tmp_path: Path) -> Layers:
    """An empty store."""
    return Layers(tmp_path)


def test_its_name_tells_base_setup_and_every_package_with_its_hash() -> None:
    key = layer_key("base", "setup", _URIS)
    assert key == layer_key("base", "setup", "\n".join(reversed(_URIS.splitlines())) + "\n")
    assert key == layer_key("base", "setup", _URIS.replace("//host/", "//mirror/"))
    others = [
        layer_key("other", "setup", _URIS),
        layer_key("base", "", _URIS),
        layer_key("base", "setup", _URIS.replace("SHA256:aa", "SHA256:ab")),
        layer_key("base", "setup", _URIS.replace("b_1_all", "b_2_all")),
        layer_key("base", "setup", _URIS.splitlines()[0]),
    ]
    assert len({key, *others}) == 6


def test_one_that_was_kept_is_found_and_no_other(layers: Layers) -> None:
    layer = made(layers, "aa")
    found = layers.find("aa")
    assert found is not None
    assert found.tree == layer.tree
    assert (found.tree / "file").exists()
    assert layers.find("bb") is None


def test_of_two_that_make_the_same_the_first_is_used_by_both(layers: Layers) -> None:
    first, second = layers.begin("first"), layers.begin("second")
    for making in (first, second):
        (making / "upper").mkdir()
        (making / "upper" / making.name).touch()
    kept = layers.keep(first, "aa")
    late = layers.keep(second, "aa")
    assert kept is not None
    assert late is not None
    assert [path.name for path in late.tree.iterdir()] == ["making-first"]
    assert second.exists(), "which its maker removes"


def test_after_a_power_failure_only_what_was_written_through_is_trusted(
    layers: Layers, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(layers, "aa").settle()
    os.close(made(layers, "bb").descriptor)
    monkeypatch.setattr(module, "boot_id", lambda: "another boot")
    assert layers.find("aa") is not None
    assert layers.find("bb") is None
    assert [path.name for path in layers.unused(1 << 30, 1e9, time.time())] == ["trash-bb"]


def test_half_a_layer_is_none(layers: Layers, tmp_path: Path) -> None:
    making = layers.begin("t")
    (making / "lock").touch()
    making.rename(tmp_path / "aa")
    assert layers.find("aa") is None


def test_the_oldest_go_when_there_is_no_room_and_those_in_use_stay(
    layers: Layers, tmp_path: Path
) -> None:
    now = time.time()
    held = [made(layers, key, 100_000) for key in ("a1", "a2", "a3", "a4")]
    for age, layer in enumerate(held):
        os.utime(layer.folder / "lock", (now - age * 100, now - age * 100))
    for layer in (held[0], held[1], held[3]):
        os.close(layer.descriptor)
    gone = layers.unused(150_000, 1e9, now)
    assert sorted(path.name for path in gone) == ["trash-a2", "trash-a4"]
    assert (tmp_path / "a1").exists()
    assert (tmp_path / "a3").exists(), "a build uses it"


def test_what_nobody_has_used_for_long_goes(layers: Layers) -> None:
    now = time.time()
    for key, age in (("aa", 100), ("bb", 1000)):
        layer = made(layers, key)
        os.close(layer.descriptor)
        os.utime(layer.folder / "lock", (now - age, now - age))
    assert [path.name for path in layers.unused(1 << 30, 500, now)] == ["trash-bb"]
    old = layers.begin("crashed")
    os.utime(old, (now - 1e6, now - 1e6))
    assert [path.name for path in layers.unused(1 << 30, 500, now)] == [
        "trash-bb",
        "trash-making-crashed",
    ]


def test_using_one_keeps_it(layers: Layers) -> None:
    layer = made(layers, "aa")
    os.utime(layer.folder / "lock", (1, 1))
    assert layers.find("aa") is not None
    assert time.time() - (layer.folder / "lock").stat().st_mtime < 60


def test_one_that_is_moved_aside_meanwhile_is_not_used(
    layers: Layers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.close(made(layers, "aa").descriptor)
    take = fcntl.flock

    def late(descriptor: int, kind: int) -> None:
        (tmp_path / "aa").rename(tmp_path / "trash-aa")
        take(descriptor, kind)

    monkeypatch.setattr(fcntl, "flock", late)
    assert layers.find("aa") is None


def test_what_a_kind_of_build_needed_last_is_tried_first(layers: Layers, tmp_path: Path) -> None:
    assert layers.recall("kind") is None
    layers.remember("kind", "aa")
    assert layers.recall("kind") is None, "it is not there"
    made(layers, "aa")
    found = layers.recall("kind")
    assert found is not None
    assert found.key == "aa"
    assert layers.recall("other kind") is None
    layers.unused(1 << 30, 0, time.time() + 10)
    assert not list(tmp_path.glob("kind-*"))
