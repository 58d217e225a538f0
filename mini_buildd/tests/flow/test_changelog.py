"""File lists and changelogs of what was built: Contents, and what "apt changelog" shows."""

import gzip
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mini_buildd.config.settings import Http, Settings
from mini_buildd.db import models
from mini_buildd.flow.take import take_ready_made
from mini_buildd.tests.archive.apt import Apt
from mini_buildd.tests.flow.package import BinaryPackage, SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.test_take import ADMIN, open_suites
from mini_buildd.tests.scenario import host_architecture

VERSION = "1:1.0-1~test13+1"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def served(bare: Scene) -> Iterator[Scene]:
    """A scene for this machine, whose archive any web server serves."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(bare.home)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    bare.use(Settings(home=bare.home, identity="example", http=Http(public_url=url)))
    bare.set_up(host_architecture())
    yield bare
    server.shutdown()
    server.server_close()
    thread.join()


def apt(scene: Scene, suite: str = "unstable") -> Apt:
    """An apt that knows the suite alone."""
    root = scene.site.tree("test").root
    made = Apt(scene.home / "apt", (root / f"trixie-test-{suite}.sources").read_bytes())
    made.prepare()
    made.run("apt-get", "update")
    return made


def _changelog(package: str, text: bytes) -> dict[str, bytes]:
    return {f"usr/share/doc/{package}/changelog.Debian.gz": gzip.compress(text)}


def test_apt_shows_the_changelog_of_what_was_built(served: Scene) -> None:
    """Of another name and version than the source, in another area, and with an epoch."""
    served.accepted(SourcePackage("libhello", VERSION))
    (task,) = served.assign()
    packages = [
        BinaryPackage("libhello", VERSION, files=_changelog("libhello", b"libhello (1:1.0-1)")),
        BinaryPackage(
            "hello-tool",
            "3:7.0",
            source=f"libhello ({VERSION})",
            section="contrib/utils",
            files=_changelog("hello-tool", b"libhello (1:1.0-1), too"),
        ),
    ]
    for each in packages:
        each.architecture = task.architecture
    files = {each.file_name: each.make(served.home / each.package) for each in packages}
    assert served.report(task, served.build(task, files)).reason == ""
    served.publish_all()
    client = apt(served)
    assert client.run("apt-get", "-qq", "changelog", "libhello") == "libhello (1:1.0-1)"
    assert client.run("apt-get", "-qq", "changelog", "hello-tool") == "libhello (1:1.0-1), too"
    assert models.Listing.objects.count() == 2


def test_apt_shows_the_changelog_of_what_was_taken_in(served: Scene) -> None:
    open_suites(served)
    deb = BinaryPackage(
        "tool",
        "2:1.0",
        host_architecture(),
        files={"usr/share/doc/tool/changelog.gz": gzip.compress(b"tool (2:1.0) native")},
    )
    files = [deb.put(served.home / "in")]
    take_ready_made(served.site, ADMIN, served.distribution(), files, "vendor")
    served.publish_all()
    assert apt(served).run("apt-get", "-qq", "changelog", "tool") == "tool (2:1.0) native"


def test_contents_lead_from_a_file_to_its_package(scene: Scene) -> None:
    scene.accepted(SourcePackage(architecture="any all"))
    (task,) = scene.assign()
    version = task.version
    both = {"usr/share/common": b"1"}
    packages = [
        BinaryPackage(version=version, files={"usr/bin/hello": b"1", **both}),
        BinaryPackage("hello-doc", version, "all", "hello", "doc", files=both),
        BinaryPackage("hello-udeb", version, source="hello", suffix=".udeb", files=both),
        BinaryPackage("hello-dbgsym", version, source="hello", section="debug"),
    ]
    files = {each.file_name: each.make(scene.home / each.package) for each in packages}
    assert scene.report(task, scene.build(task, files)).reason == ""
    scene.publish_all()
    index = scene.site.tree("test").root / "dists/trixie-test-unstable/main/Contents-amd64.gz"
    lines = gzip.decompress(index.read_bytes()).decode().splitlines()
    found = {line.split()[0]: set(line.split()[1].split(",")) for line in lines}
    assert found == {
        "usr/bin/hello": {"utils/hello"},
        "usr/share/common": {"utils/hello", "doc/hello-doc"},
    }
    symbols = models.Binary.objects.filter(is_debug=True)
    assert [each.package for each in symbols] == ["hello-dbgsym"]


def test_a_bomb_in_a_result_fails_the_job(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mini_buildd.deb.payload._MAX_UNPACKED_BYTES", 1)
    scene.accepted()
    (task,) = scene.assign()
    deb = BinaryPackage(version=task.version, files={"zeros": bytes(10 << 20)}, packed="gzip")
    files = {deb.file_name: deb.make(scene.home / "scratch")}
    job = scene.report(task, scene.build(task, files))
    assert job.state == "failed"
    assert "it unpacks to more than" in job.reason
    assert not list(scene.site.tree("test").root.rglob("*.deb"))
