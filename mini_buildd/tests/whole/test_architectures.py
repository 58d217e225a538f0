"""A suite of two architectures, and its packages built again: the whole way, with real tools."""

import gzip
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.tests.instance import wait_for
from mini_buildd.tests.scenario import Scenario, host_architecture
from mini_buildd.tests.throwaway import ThrowawayRoot

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(
        host_architecture() != "amd64", reason="i386 is native on amd64 only; this is another one"
    ),
]


@pytest.fixture(scope="module")
def both(short_folder: Path) -> Iterator[Scenario]:
    """An instance for amd64 and i386, with mbd-tiny published."""
    made = Scenario(Path(tempfile.mkdtemp(prefix="two-", dir=short_folder)), others=("i386",))
    made.set_up()
    made.instance.start()
    upload = made.make_tiny()
    made.packager.dput(made.instance, upload)
    made.instance.wait_for_source(made.instance.upload_of(upload.name)["id"], "published")
    yield made
    made.close()


@pytest.fixture(scope="module")
def root(both: Scenario, short_folder: Path) -> Iterator[ThrowawayRoot]:
    """A Debian for amd64 that knows i386 as a foreign architecture, and just our archive."""
    with ThrowawayRoot(both.chroot, short_folder / "roots") as made:
        for name in ("sources.list", "sources.list.d/debian.list", "sources.list.d/debian.sources"):
            made.write(f"/etc/apt/{name}", b"")
        made.write("/etc/apt/sources.list.d/test.sources", both.apt_sources())
        made.run("dpkg", "--add-architecture", "i386")
        yield made


def published(scene: Scenario, architecture: str) -> list[str]:
    """Package, version and architecture of all that the index of *architecture* has."""
    path = f"/archive/test/dists/{scene.distribution}/main/binary-{architecture}/Packages.gz"
    text = gzip.decompress(scene.instance.get(path)[1]).decode()
    fields = ("Package", "Version", "Architecture")
    found = [re.findall(rf"^{field}: (\S+)$", text, re.MULTILINE) for field in fields]
    return sorted(map(" ".join, zip(*found, strict=True)))


def installed(root: ThrowawayRoot, package: str) -> str:
    """Its version and architecture."""
    return root.run("dpkg-query", "-Wf", "${Version} ${Architecture}", package).stdout


def test_both_have_their_packages_and_what_is_for_all_is_built_once(both: Scenario) -> None:
    version = both.version("1.0")
    for architecture in ("amd64", "i386"):
        assert published(both, architecture) == [
            f"mbd-tiny {version} {architecture}",
            f"mbd-tiny-doc {version} all",
        ]
    jobs = both.instance.rows("SELECT * FROM mini_buildd_job ORDER BY architecture")
    assert [(job["architecture"], job["builds_all"], job["state"]) for job in jobs] == [
        ("amd64", 1, "succeeded"),
        ("i386", 0, "succeeded"),
    ]


def test_apt_installs_the_foreign_one_beside_the_native_ones(
    both: Scenario, root: ThrowawayRoot
) -> None:
    root.run("apt-get", "update", "--error-on=any")
    root.run("apt-get", "install", "--yes", "mbd-tiny:i386", "mbd-tiny-doc")
    assert installed(root, "mbd-tiny:i386") == f"{both.version('1.0')} i386"
    assert root.run("mbd-tiny").stdout == "tiny\n"


def test_a_rebuild_of_one_architecture_takes_its_place_and_apt_upgrades_to_it(
    both: Scenario, root: ThrowawayRoot
) -> None:
    version, instance = both.version("1.0"), both.instance
    root.run("apt-get", "update", "--error-on=any")
    root.run("apt-get", "install", "--yes", "mbd-tiny:amd64")
    said = instance.call(
        *("binnmu", both.distribution, "mbd-tiny"),
        *("--architecture=amd64", "--reason=Rebuild against libfoo2."),
    ).stdout
    assert f"mbd-tiny {version}+b1 on amd64" in said
    query = "SELECT * FROM mini_buildd_job WHERE binnmu = 1"

    def ended() -> str:
        job = instance.one(query)
        return "" if job is None or job["state"] in ("waiting", "assigned", "running") else "ended"

    wait_for("the rebuild ends", ended, seconds=120)
    job = instance.one(query)
    assert job is not None
    assert job["state"] == "succeeded", (job["reason"], both.log_of(job["id"]))
    wanted = [f"mbd-tiny {version}+b1 amd64", f"mbd-tiny-doc {version} all"]
    wait_for("it is published", lambda: published(both, "amd64") == wanted, seconds=30)
    assert f"mbd-tiny {version} i386" in published(both, "i386")
    root.run("apt-get", "update", "--error-on=any")
    root.run("apt-get", "dist-upgrade", "--yes")
    assert installed(root, "mbd-tiny:amd64") == f"{version}+b1 amd64"
    page = instance.get(f"/builds/{job['id']}/")[1].decode()
    for words in (f"{version}+b1", "Built again: Rebuild against libfoo2."):
        assert words in page


def test_the_changelog_of_a_rebuild_says_why(both: Scenario) -> None:
    job = both.instance.one("SELECT * FROM mini_buildd_job WHERE binnmu = 1")
    assert job is not None
    log = both.instance.get(f"/builds/{job['id']}/log?offset=0")[1].decode()
    assert "   * Rebuild against libfoo2.\n" in log
    assert "\nBinary-Only: yes\n" in log
