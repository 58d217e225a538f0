"""Bad input gets a clear rejection and changes nothing."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mini_buildd.tests.instance import wait_for
from mini_buildd.tests.packager import Packager, Upload, ftp
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import tiny

pytestmark = pytest.mark.whole


@contextmanager
def nothing_changes(scene: Scenario) -> Iterator[None]:
    """Neither rows of sources nor files of the pool come or go."""

    def state() -> tuple[int, list[Path]]:
        sources = scene.instance.rows("SELECT id FROM mini_buildd_source")
        pool = scene.instance.home / "archive" / "test" / "pool"
        return len(sources), sorted(pool.rglob("*"))

    before = state()
    yield
    assert state() == before


def rejected(scene: Scenario, name: str, code: str) -> None:
    """The newest upload of that name is rejected with *code*, and its page says so."""
    row = scene.instance.upload_of(name)
    assert (row["state"], row["problem_code"]) == ("rejected", code), dict(row)
    assert row["expected"]
    assert row["found"]
    assert row["hint"]
    page = scene.instance.get(f"/uploads/{row['id']}/")[1].decode()
    assert code in page
    event = scene.instance.events("upload.rejected")[-1]
    assert (event["upload_id"], event["detail"]) == (row["id"], code)


def signed(scene: Scenario, upload: Upload, old: bytes, new: bytes) -> tuple[str, bytes]:
    """The .changes of an unsigned upload with a replacement, then signed."""
    text = upload.changes.read_bytes()
    assert old in text
    return upload.name, scene.packager.sign(text.replace(old, new))


def test_an_unsigned_upload(scene: Scenario) -> None:
    upload = scene.make_tiny(version=scene.version("2.0"), sign=False)
    with nothing_changes(scene):
        scene.packager.dput(scene.instance, upload)
        rejected(scene, upload.name, "signature-missing")


def test_an_upload_signed_by_a_stranger(scene: Scenario, short_folder: Path) -> None:
    stranger = Packager(short_folder / "stranger", "Sam Stranger", "sam@example.invalid")
    stranger.home.mkdir()
    try:
        upload = scene.make_tiny(version=scene.version("2.1"), sign=False)
        data = stranger.public_key().exists() and stranger.sign(upload.changes.read_bytes())
        assert data
        with nothing_changes(scene):
            ftp(scene.instance, *upload.files, (upload.name, data))
            rejected(scene, upload.name, "signer-unknown")
    finally:
        stranger.close()


def test_a_changed_byte_in_a_file(scene: Scenario) -> None:
    upload = scene.make_tiny(version=scene.version("2.2"))
    tarball = next(path for path in upload.files if path.name.endswith(".tar.xz"))
    data = bytearray(tarball.read_bytes())
    data[len(data) // 2] ^= 1
    tarball.write_bytes(data)
    with nothing_changes(scene):
        ftp(scene.instance, *upload.files, upload.changes)
        rejected(scene, upload.name, "file-differs")


def test_a_missing_file(scene: Scenario) -> None:
    upload = scene.make_tiny(version=scene.version("2.3"))
    files = [path for path in upload.files if not path.name.endswith(".tar.xz")]
    with nothing_changes(scene):
        ftp(scene.instance, *files, upload.changes)
        rejected(scene, upload.name, "file-missing")


def test_a_changed_byte_in_the_signed_text(scene: Scenario) -> None:
    upload = scene.make_tiny(version=scene.version("2.4"))
    data = upload.changes.read_bytes().replace(b"urgency=medium", b"urgency=mediun")
    with nothing_changes(scene):
        ftp(scene.instance, *upload.files, (upload.name, data))
        rejected(scene, upload.name, "signature-bad")


@pytest.mark.parametrize("place", ["before", "after"])
def test_an_extra_paragraph_outside_the_signed_block(scene: Scenario, place: str) -> None:
    upload = scene.make_tiny(version=scene.version(f"2.5.{place}"))
    more, data = b"Distribution: elsewhere\n\n", upload.changes.read_bytes()
    data = more + data if place == "before" else data + b"\n" + more
    with nothing_changes(scene):
        ftp(scene.instance, *upload.files, (upload.name, data))
        rejected(scene, upload.name, "signature-missing")


def test_an_upstream_tarball_that_nobody_has(scene: Scenario) -> None:
    """It is looked for in the archive that the chroots are made from."""
    folder = scene.folder / "without-orig"
    tree = tiny("mbd-tiny", folder)
    (tree / "debian/source/format").write_text("3.0 (quilt)\n", encoding="ascii")
    with tarfile.open(folder / "mbd-tiny_2.55.orig.tar.gz", "w:gz") as tar:
        tar.add(tree, "up", filter=lambda each: None if "/debian" in each.name else each)
    version = scene.version("2.55-1")
    scene.packager.change(tree, version=version, distribution=scene.distribution, text="New.")
    upload = scene.packager.build_source(tree, with_orig=False)
    with nothing_changes(scene):
        scene.packager.dput(scene.instance, upload)
        rejected(scene, upload.name, "source-incomplete")
    row = scene.instance.upload_of(upload.name)
    assert "pool/main/m/mbd-tiny/mbd-tiny_2.55.orig.tar.gz: 404" in row["found"]


def test_an_unknown_distribution(scene: Scenario) -> None:
    upload = scene.make_tiny(
        version=scene.version("2.6"), distribution=f"{scene.codename}-test-nowhere"
    )
    with nothing_changes(scene):
        scene.packager.dput(scene.instance, upload)
        rejected(scene, upload.name, "distribution-unknown")


def test_a_distribution_that_takes_no_uploads(scene: Scenario) -> None:
    upload = scene.make_tiny(
        version=scene.version("2.7"), distribution=f"{scene.codename}-test-stable"
    )
    with nothing_changes(scene):
        scene.packager.dput(scene.instance, upload)
        rejected(scene, upload.name, "distribution-closed")


def test_a_version_against_the_rule(scene: Scenario) -> None:
    upload = scene.make_tiny(version="2.8")
    with nothing_changes(scene):
        scene.packager.dput(scene.instance, upload)
        rejected(scene, upload.name, "version-against-rule")


def test_a_path_for_a_file_name(scene: Scenario) -> None:
    upload = scene.make_tiny(version=scene.version("2.9"), sign=False)
    name = next(path.name for path in upload.files if path.name.endswith(".dsc")).encode()
    changes = signed(scene, upload, name, b"../" + name)
    with nothing_changes(scene):
        ftp(scene.instance, *upload.files, changes)
        rejected(scene, upload.name, "changes-malformed")


def test_the_same_version_again_and_a_lower_one(scene: Scenario) -> None:
    suite = f"{scene.codename}-test-hotfix"  # for other tests, unstable stays as it was
    upload, again, lower = (
        scene.make_tiny(version=scene.version(version), distribution=suite)
        for version in ("9.0", "9.0", "8.0")
    )
    scene.packager.dput(scene.instance, upload)
    row = scene.instance.upload_of(upload.name)
    assert row["state"] == "accepted"
    with nothing_changes(scene):
        scene.packager.dput(scene.instance, again)
        newest = wait_for(
            "the second one is judged",
            lambda: scene.instance.one(
                "SELECT * FROM mini_buildd_upload WHERE changes_name = ? AND id > ?"
                " AND state != 'received'",
                again.name,
                row["id"],
            ),
            seconds=30,
        )
        assert newest["problem_code"] == "version-exists"
        scene.packager.dput(scene.instance, lower)
        rejected(scene, lower.name, "version-too-low")
    scene.instance.wait_for_source(row["id"], "published")


def test_a_known_signer_without_a_right_to_the_repository(
    scene: Scenario, short_folder: Path
) -> None:
    guest = Packager(short_folder / "guest", "Gil Guest", "gil@example.invalid")
    guest.home.mkdir()
    try:
        scene.instance.call(
            "setup",
            f"--codename={scene.codename}",
            f"--architecture={scene.architecture}",
            "--repository=other",
            "--uploader=gil",
            f"--key={guest.public_key()}",
        )
        upload = scene.make_tiny(version=scene.version("9.5"), sign=False)
        data = guest.sign(upload.changes.read_bytes())
        with nothing_changes(scene):
            ftp(scene.instance, *upload.files, (upload.name, data))
            rejected(scene, upload.name, "signer-not-allowed")
    finally:
        guest.close()
