"""Source packages as dpkg-source makes them come whole into the pool, in every format we take."""

import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mini_buildd.db import models
from mini_buildd.flow import sweep
from mini_buildd.keys import gpg
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.packager import Packager
from mini_buildd.tests.sources import tiny

VERSION = "1.0-1~test13+1"
Make = Callable[[Path, Path, Packager], str]


def _pack(folder: Path, name: str, content: str, kind: str) -> Path:
    """An upstream tarball with one file of that *content*."""
    top = folder / f"up-{name}"
    top.mkdir()
    (top / "README").write_text(content, encoding="utf-8")
    path = folder / f"mbd-tiny_1.0.{name}.tar.{kind}"
    with tarfile.open(path, f"w:{kind}") as tar:  # type: ignore[call-overload]  # w:gz, w:xz
        tar.add(top, "mbd-tiny-1.0")
    return path


def _of_tree(tree: Path, folder: Path) -> None:
    """An upstream tarball of the tree itself."""
    with tarfile.open(folder / "mbd-tiny_1.0.orig.tar.gz", "w:gz") as tar:
        for path in tree.iterdir():
            if path.name != "debian":
                tar.add(path, f"mbd-tiny-1.0/{path.name}")


def _native(tree: Path, folder: Path, packager: Packager) -> str:
    del folder, packager
    (tree / "debian/source/format").write_text("3.0 (native)\n", encoding="ascii")
    return "1.0~test13+1"


def _old_native(tree: Path, folder: Path, packager: Packager) -> str:
    del folder, packager
    (tree / "debian/source/format").write_text("1.0\n", encoding="ascii")
    return "1.0~test13+1"


def _old_with_diff(tree: Path, folder: Path, packager: Packager) -> str:
    del packager
    _of_tree(tree, folder)
    (tree / "debian/source/format").write_text("1.0\n", encoding="ascii")
    return VERSION


def _quilt(tree: Path, folder: Path, packager: Packager) -> str:
    del packager
    _of_tree(tree, folder)
    (tree / "debian/source/format").write_text("3.0 (quilt)\n", encoding="ascii")
    return f"1:{VERSION}"


def _quilt_of_parts(tree: Path, folder: Path, packager: Packager) -> str:
    """With two more upstream tarballs, and the signatures of upstream."""
    version = _quilt(tree, folder, packager)
    parts = [
        folder / "mbd-tiny_1.0.orig.tar.gz",
        _pack(folder, "orig-docs", "documents", "xz"),
        _pack(folder, "orig-more", "more", "gz"),
    ]
    for part in parts:
        signature = gpg.sign(
            packager.gnupg, (packager.fingerprint,), part.read_bytes(), detached=True
        )
        part.with_name(f"{part.name}.asc").write_bytes(signature)
    for name in ("docs", "more"):
        (tree / name).mkdir()
        (tree / name / "README").write_bytes((folder / f"up-orig-{name}/README").read_bytes())
    return version


def _git(tree: Path, folder: Path, packager: Packager) -> str:
    """All of a git repository, with its history."""
    del folder, packager
    (tree / "debian/source/format").write_text("3.0 (git)\n", encoding="ascii")
    return "1.0~test13+1"


def _commit(tree: Path) -> None:
    who = ["-c", "user.name=Pat", "-c", "user.email=pat@example.invalid"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "All of it."]):
        subprocess.run(["git", *words], cwd=tree, check=True)


FORMATS: list[tuple[Make, list[str]]] = [
    (_native, ["dsc", "tar.xz"]),
    (_old_native, ["dsc", "tar.gz"]),
    (_old_with_diff, ["dsc", "diff.gz", "orig.tar.gz"]),
    (_quilt, ["dsc", "debian.tar.xz", "orig.tar.gz"]),
    (
        _quilt_of_parts,
        [
            "dsc",
            "debian.tar.xz",
            *("orig.tar.gz", "orig.tar.gz.asc"),
            *("orig-docs.tar.xz", "orig-docs.tar.xz.asc"),
            *("orig-more.tar.gz", "orig-more.tar.gz.asc"),
        ],
    ),
    (_git, ["dsc", "git"]),
]


def taken(scene: Scene, folder: Path, make: Make) -> models.Upload:
    """What becomes of the tiny package in that format."""
    tree = tiny("mbd-tiny", folder)
    version = make(tree, folder, scene.packager)
    scene.packager.change(tree, version=version, distribution="trixie-test-unstable", text="New.")
    if make is _git:
        _commit(tree)
    upload = scene.packager.build_source(tree)
    files = {path.name: path.read_bytes() for path in (*upload.files, upload.changes)}
    arrival = scene.send(files)[upload.changes.name]
    sweep.take_in(scene.site, lambda _: False)
    return models.Upload.objects.get(token=arrival.token)


@pytest.mark.parametrize(("make", "endings"), FORMATS, ids=[make.__name__ for make, _ in FORMATS])
def test_a_source_package_comes_whole_into_the_pool(
    scene: Scene, tmp_path: Path, make: Make, endings: list[str]
) -> None:
    folder = tmp_path / "upload"
    folder.mkdir()
    upload = taken(scene, folder, make)
    assert upload.state == "accepted", f"{upload.problem_code}: {upload.found}"
    pool = scene.site.tree("test").root / "pool/main/m/mbd-tiny"
    held = sorted(path.name for path in pool.iterdir())
    assert len(held) == len(endings)
    assert all(any(name.endswith(f".{ending}") for name in held) for ending in endings)
    (dsc,) = pool.glob("*.dsc")
    subprocess.run(
        ["dpkg-source", "--no-check", "-x", str(dsc), str(tmp_path / "unpacked")],
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "unpacked/debian/rules").exists()


def test_an_upload_with_binaries_has_fields_that_fit_and_is_built_anew(
    scene: Scene, tmp_path: Path
) -> None:
    """As dpkg-buildpackage makes one: with .deb, .buildinfo, Binary and Description."""
    folder = tmp_path / "upload"
    tree = tiny("mbd-tiny", folder)
    text = {"version": "1.0~test13+1", "distribution": "trixie-test-unstable", "text": "New."}
    scene.packager.change(tree, **text)
    subprocess.run(
        # No root is needed for what --root-owner-group makes.
        ["dpkg-buildpackage", "-d", "-renv", f"--sign-key={scene.packager.fingerprint}"],
        cwd=tree,
        check=True,
        capture_output=True,
        env={**os.environ, "GNUPGHOME": str(scene.packager.gnupg)},
    )
    (changes,) = folder.glob("*.changes")
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    written = files.pop(changes.name)
    assert b"mbd-tiny-doc -" in written, "it has descriptions"
    arrival = scene.send({**files, changes.name: written})[changes.name]
    sweep.take_in(scene.site, lambda _: False)
    upload = models.Upload.objects.get(token=arrival.token)
    assert upload.state == "accepted", f"{upload.problem_code}: {upload.found}"
    assert len(scene.assign()) == 1
    assert not list(scene.site.tree("test").root.rglob("*.deb"))
