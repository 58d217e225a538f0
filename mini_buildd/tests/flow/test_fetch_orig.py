"""What an upload leaves out comes from the archive of the base release, by its signed digest."""

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mini_buildd.db import models
from mini_buildd.flow import sweep
from mini_buildd.flow.fetch_orig import waiting_uploads
from mini_buildd.kit.commands import Commands, Say
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.scenario import host_codename
from mini_buildd.tests.sources import first_available
from mini_buildd.tools.hostapt import read_host_sources, sources_for

ORIG = "hello_1.0.orig.tar.gz"
SECOND = "1.0-1~test13+2"


@pytest.fixture
def mirror(scene: Scene) -> Path:
    """The pool folder of hello in the base release's archive, which lies on this machine."""
    root = scene.home / "base"
    folder = root / "pool/main/h/hello"
    folder.mkdir(parents=True)
    models.AptSource.objects.update(url=f"file:{root}", components="main contrib")
    return folder


@pytest.fixture
def web(scene: Scene, mirror: Path) -> Iterator[Path]:
    """The same, handed out by a web server."""
    root = scene.home / "base"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    models.AptSource.objects.update(url=f"http://127.0.0.1:{server.server_address[1]}/")
    yield mirror
    server.shutdown()
    server.server_close()
    thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def look(scene: Scene) -> list[str]:
    """Look for all that is due, and go on with what it was found for."""
    events = sweep.fetch_origs(scene.site, Commands())
    return [*events, *sweep.take_in(scene.site, lambda _: False)]


def without_orig(scene: Scene, version: str = "1.0-1~test13+1") -> models.Upload:
    """An upload that leaves its orig out, and waits for it."""
    upload = scene.take_in(SourcePackage(version=version, with_orig=False))
    assert (upload.state, upload.missing) == ("received", ORIG)
    return upload


def again(upload: models.Upload) -> models.Upload:
    """The row as it is now."""
    return models.Upload.objects.get(pk=upload.pk)


@pytest.mark.parametrize("place", ["mirror", "web"])
def test_what_the_base_has_goes_into_the_pool(
    scene: Scene, place: str, request: pytest.FixtureRequest
) -> None:
    (request.getfixturevalue(place) / ORIG).write_bytes(b"upstream")
    upload = without_orig(scene)
    assert look(scene)[:2] == ["upload.completed", "source.accepted"]
    source = again(upload).source
    assert source.files.filter(file__name=ORIG).exists()
    assert (scene.site.tree("test").root / "pool/main/h/hello" / ORIG).read_bytes() == b"upstream"
    assert not scene.site.spool.upload(upload.token).exists()


def test_it_may_lie_in_another_component_there(scene: Scene, mirror: Path) -> None:
    other = mirror.parents[2] / "contrib/h/hello"
    other.mkdir(parents=True)
    (other / ORIG).write_bytes(b"upstream")
    upload = without_orig(scene)
    look(scene)
    assert again(upload).source.component == "main"


@pytest.mark.parametrize("place", ["mirror", "web"])
def test_what_the_base_has_not_is_told_with_where_it_was_looked_for(
    scene: Scene, place: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(place)
    upload = without_orig(scene)
    assert look(scene) == ["upload.rejected"]
    told = again(upload)
    assert told.problem_code == "source-incomplete"
    assert f"pool/main/h/hello/{ORIG}" in told.found
    assert f"pool/contrib/h/hello/{ORIG}" in told.found
    assert "-sa" in told.hint
    assert told.missing == ""


@pytest.mark.parametrize("place", ["mirror", "web"])
@pytest.mark.parametrize("content", [b"upstreaM", b"up", b"upstream and more" * 5000])
def test_another_file_of_that_name_is_not_taken(
    scene: Scene, place: str, content: bytes, request: pytest.FixtureRequest
) -> None:
    (request.getfixturevalue(place) / ORIG).write_bytes(content)
    upload = without_orig(scene)
    assert look(scene) == ["upload.rejected"]
    told = again(upload)
    assert told.problem_code == "source-incomplete"
    assert "another file" in told.found
    assert not list(scene.site.tree("test").root.rglob("*.orig.tar.gz"))


def test_a_mirror_that_does_not_answer_is_asked_again_and_then_given_up(
    scene: Scene, mirror: Path
) -> None:
    del mirror
    models.AptSource.objects.update(url="http://127.0.0.1:9")
    upload = without_orig(scene)
    tries = 0
    while look(scene) == []:
        tries += 1
        assert look(scene) == [], "not before its time"
        assert waiting_uploads(scene.site) == []
        scene.clock.now += timedelta(minutes=10)
    assert tries == 3
    told = again(upload)
    assert told.problem_code == "source-incomplete"
    assert "127.0.0.1:9" in told.found
    assert "when the archive answers" in told.hint


def test_a_mirror_that_comes_back_in_time_is_enough(scene: Scene, mirror: Path) -> None:
    (mirror / ORIG).write_bytes(b"upstream")
    url = models.AptSource.objects.get().url
    models.AptSource.objects.update(url="http://127.0.0.1:9")
    upload = without_orig(scene)
    assert look(scene) == []
    models.AptSource.objects.update(url=url)
    scene.clock.now += timedelta(minutes=1)
    look(scene)
    assert again(upload).state == "accepted"


def test_later_uploads_of_the_same_source_wait_and_no_others(scene: Scene, mirror: Path) -> None:
    (mirror / ORIG).write_bytes(b"upstream")
    first = without_orig(scene)
    second = scene.take_in(SourcePackage(version=SECOND))
    other = scene.take_in(SourcePackage("other"))
    assert (second.state, second.missing) == ("received", "")
    assert other.state == "accepted"
    look(scene)
    assert [again(first).state, again(second).state] == ["accepted", "accepted"]
    assert again(first).source.pk < again(second).source.pk


def test_only_the_upstream_tarball_is_looked_for(scene: Scene, mirror: Path) -> None:
    del mirror
    native = {"hello_1.0.tar.xz": b"native"}
    package = SourcePackage(more_in_dsc=native)
    files = package.upload(scene.packager)
    text = package.changes()
    lines = [line for line in text.splitlines(keepends=True) if "hello_1.0.tar.xz" not in line]
    name = f"{package.stem}_source.changes"
    files[name] = scene.packager.sign("".join(lines).encode())
    del files["hello_1.0.tar.xz"]
    arrival = scene.send(files)[name]
    sweep.take_in(scene.site, lambda _: False)
    assert models.Upload.objects.get(token=arrival.token).problem_code == "source-incomplete"


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9"])
def test_an_upload_that_leaves_out_very_much_does_not_keep_the_others_waiting(
    scene: Scene, mirror: Path, url: str
) -> None:
    del mirror
    if url:
        models.AptSource.objects.update(url=url)
    many = {f"hello_1.0.orig-part{number}.tar.gz": b"part" for number in range(30)}
    package = SourcePackage(more_in_dsc=many)
    files = package.upload(scene.packager)
    lines = package.changes().splitlines(keepends=True)
    text = "".join(line for line in lines if ".orig-part" not in line)
    name = f"{package.stem}_source.changes"
    files = {each: data for each, data in files.items() if each not in many}
    arrival = scene.send({**files, name: scene.packager.sign(text.encode())})[name]
    sweep.take_in(scene.site, lambda _: False)
    asked = Counting()
    sweep.fetch_origs(scene.site, asked)
    upload = models.Upload.objects.get(token=arrival.token)
    assert upload.state == ("received" if url else "rejected")
    assert len(asked.files) == 5


class Counting(Commands):
    """Keeps the names of the files that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.files: set[str] = set()

    def run(self, command: Sequence[str], say: Say = lambda _: None) -> None:
        """Run it as well."""
        self.files.add(command[-2].rpartition("/")[2])
        super().run(command, say)


def test_after_a_stop_in_the_middle_it_goes_on(scene: Scene, mirror: Path) -> None:
    (mirror / ORIG).write_bytes(b"upstream")
    upload = without_orig(scene)
    stopped = Commands()
    stopped.stop()
    assert sweep.fetch_origs(scene.site, stopped) == []
    assert again(upload).missing == ORIG
    look(scene)
    assert again(upload).state == "accepted"


def test_the_orig_of_a_debian_package_comes_from_this_machines_mirror(
    scene: Scene, tmp_path: Path
) -> None:
    codename = host_codename()
    dsc = first_available(["hello"], codename, tmp_path / "sources")
    (orig,) = dsc.parent.glob("*.orig.tar.gz")
    version = orig.name.split("_")[1].removesuffix(".orig.tar.gz")
    (source,) = sources_for(codename, "Debian", read_host_sources(), with_updates=False)
    models.AptSource.objects.update(url=source.url)
    package = SourcePackage(
        version=f"{version}-9~test13+1", orig=orig.read_bytes(), with_orig=False
    )
    upload = scene.take_in(package)
    assert upload.missing == orig.name
    look(scene)
    (file,) = again(upload).source.files.filter(file__name=orig.name)
    assert file.file.size_bytes == orig.stat().st_size
