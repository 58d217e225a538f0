"""From dput to apt install, with every tool the real one."""

import gzip
import re
import tarfile
from pathlib import Path

import pytest

from mini_buildd.tests.instance import Instance, wait_for
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import tiny
from mini_buildd.tests.throwaway import ThrowawayRoot

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def published(scene: Scenario) -> int:
    """The upload of mbd-tiny, once it is published."""
    upload = scene.make_tiny()
    scene.packager.dput(scene.instance, upload)
    row = scene.instance.upload_of(upload.name)
    assert row["state"] == "accepted", dict(row)
    scene.instance.wait_for_source(row["id"], "published")
    return int(row["id"])


def test_apt_installs_over_http_what_was_uploaded_with_dput(
    scene: Scenario, published: int, short_folder: Path
) -> None:
    assert published
    with ThrowawayRoot(scene.chroot, short_folder / "roots") as root:
        root.write("/etc/apt/sources.list.d/test.sources", scene.apt_sources())
        root.run("apt-get", "update", "--error-on=any")
        root.run("apt-get", "install", "--yes", "mbd-tiny", "mbd-tiny-doc")
        assert root.run("mbd-tiny").stdout == "tiny\n"
        version = scene.version("1.0")
        assert root.run("dpkg-query", "-Wf", "${Version}", "mbd-tiny").stdout == version


def test_apt_reads_the_tree_as_plain_files(
    scene: Scenario, published: int, short_folder: Path
) -> None:
    assert published
    archive = scene.instance.home / "archive" / "test"
    snippet = re.sub(rb"URIs: \S+", b"URIs: file:/mnt/archive", scene.apt_sources())
    with ThrowawayRoot(
        scene.chroot, short_folder / "roots", binds={"/mnt/archive": archive}
    ) as root:
        for name in (b"debian.list", b"debian.sources"):
            root.write(f"/etc/apt/sources.list.d/{name.decode()}", b"")
        root.write("/etc/apt/sources.list", b"")
        root.write("/etc/apt/sources.list.d/test.sources", snippet)
        root.run("apt-get", "update", "--error-on=any")
        root.run("apt-get", "install", "--yes", "mbd-tiny")
        assert root.run("mbd-tiny").stdout == "tiny\n"
        assert "mbd-tiny" in root.run("apt-get", "source", "--print-uris", "mbd-tiny").stdout


def test_the_pages_tell_of_the_way(scene: Scenario, published: int) -> None:
    job = scene.instance.job_of(published)
    assert job is not None
    for path, words in (
        ("/", "mbd-tiny"),
        (f"/uploads/{published}/", "published"),
        (f"/builds/{job['id']}/", "mbd-tiny"),
        ("/repositories/test/", scene.distribution),
    ):
        status, body, _ = scene.instance.get(path)
        assert (status, words in body.decode()) == (200, True), path


def test_the_buildinfo_and_the_key_are_kept_in_the_tree(scene: Scenario, published: int) -> None:
    assert published
    pool = scene.instance.home / "archive/test/pool/main/m/mbd-tiny"
    assert list(pool.glob("*.buildinfo"))
    status, key, _ = scene.instance.get("/archive/test/archive-key.asc")
    assert status == 200
    assert b"BEGIN PGP PUBLIC KEY BLOCK" in key


def test_a_later_version_takes_the_place_of_the_earlier_one(
    scene: Scenario, published: int
) -> None:
    assert published
    upload = scene.make_tiny(version=scene.version("1.0", 2))
    scene.packager.dput(scene.instance, upload)
    row = scene.instance.upload_of(upload.name)
    scene.instance.wait_for_source(row["id"], "published")
    path = f"/archive/test/dists/{scene.distribution}/main/binary-{scene.architecture}/Packages.gz"
    text = gzip.decompress(scene.instance.get(path)[1]).decode()
    assert re.findall(r"^Package: mbd-tiny\nVersion: (\S+)$", text, re.MULTILINE) == [
        scene.version("1.0", 2)
    ]


def test_a_package_is_built_with_one_that_was_published_before(
    scene: Scenario, published: int
) -> None:
    assert published
    upload = scene.make_tiny("mbd-needy")
    scene.packager.dput(scene.instance, upload)
    row = scene.instance.upload_of(upload.name)
    scene.instance.wait_for_source(row["id"], "published")


def test_a_package_waits_for_its_build_dependency_and_is_built_once_that_is_published(
    scene: Scenario,
) -> None:
    instance: Instance = scene.instance
    suite = f"{scene.codename}-test-snapshot"
    version = f"1.0~test{scene.version_code}+0"
    needy = scene.make_tiny("mbd-needy", distribution=suite, version=version)
    scene.packager.dput(instance, needy)
    needy_id = instance.upload_of(needy.name)["id"]

    def waits() -> str | None:
        job = instance.job_of(needy_id)
        return job["reason"] if job is not None and job["state"] == "dep_wait" else None

    assert "mbd-tiny" in wait_for("the job waits", waits, seconds=120)
    upload = scene.make_tiny(distribution=suite, version=version)
    scene.packager.dput(instance, upload)
    instance.wait_for_source(instance.upload_of(upload.name)["id"], "published")
    instance.wait_for_source(needy_id, "published")


def test_a_failing_build_is_told_with_its_reason_and_publishes_nothing(
    scene: Scenario, published: int
) -> None:
    assert published
    before = scene.instance.rows("SELECT * FROM mini_buildd_publication")
    folder = scene.folder / "sources" / "broken"
    tree = tiny("mbd-tiny", folder)
    rules = tree / "debian" / "rules"
    rules.write_text(
        rules.read_text().replace("build-arch build-indep:\n", "build-arch build-indep:\n\tfalse\n")
    )
    scene.packager.change(
        tree, version=scene.version("1.5"), distribution=scene.distribution, text="Broken."
    )
    upload = scene.packager.build_source(tree)
    scene.packager.dput(scene.instance, upload)
    upload_id = scene.instance.upload_of(upload.name)["id"]
    scene.instance.wait_for_source(upload_id, "failed")
    job = scene.instance.job_of(upload_id)
    assert job is not None
    assert (job["state"], job["reason"]) == ("failed", "failed in build")
    page = scene.instance.get(f"/builds/{job['id']}/")[1].decode()
    assert "Error 1" in page
    assert "compare logs" in page
    compared = scene.instance.get(f"/builds/{job['id']}/compare/")[1].decode()
    assert "The same packages in the same versions." in compared
    assert re.search(r'<span class="new e"><a [^>]+></a>make: .* Error 1', compared)
    assert len(scene.instance.rows("SELECT * FROM mini_buildd_publication")) == len(before)


def test_an_upload_may_leave_out_the_upstream_tarball_that_the_pool_has(scene: Scenario) -> None:
    folder = scene.folder / "sources" / "quilt"
    tree = tiny("mbd-tiny", folder)
    (tree / "debian/source/format").write_text("3.0 (quilt)\n")
    control = tree / "debian" / "control"
    control.write_text(control.read_text().replace("mbd-tiny", "mbd-quilt"))
    rules = tree / "debian" / "rules"
    rules.write_text(rules.read_text().replace("mbd-tiny", "mbd-quilt"))
    _pack_orig(tree, "mbd-quilt", "1.0")
    for number in (1, 2):
        scene.packager.change(
            tree,
            version=scene.version("1.0-1", number),
            distribution=scene.distribution,
            text="Upload.",
        )
        upload = scene.packager.build_source(tree, with_orig=number == 1)
        assert any(".orig." in file.name for file in upload.files) is (number == 1)
        scene.packager.dput(scene.instance, upload)
        row = scene.instance.upload_of(upload.name)
        assert row["state"] == "accepted", dict(row)
        scene.instance.wait_for_source(row["id"], "published")


def _pack_orig(tree: Path, name: str, upstream: str) -> None:
    def without_debian(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if "/debian" in entry.name else entry

    with tarfile.open(tree.parent / f"{name}_{upstream}.orig.tar.gz", "w:gz") as tar:
        tar.add(tree, arcname=f"{name}-{upstream}", filter=without_debian)
