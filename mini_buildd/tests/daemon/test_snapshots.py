"""The archive as it was at a time, over HTTP and by the real apt."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mini_buildd.archive.history import append, snapshot_id
from mini_buildd.deb.names import Architecture
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.tests.archive.repository import Repository
from mini_buildd.tests.archive.test_apt import Apt
from mini_buildd.tests.daemon.server import Server, serving
from mini_buildd.tests.scenario import host_architecture

_FIRST = datetime(2025, 11, 20, 12, 0, 0, tzinfo=UTC)
_DAY = timedelta(days=1)
_FOR_EVER = "public, max-age=31536000, immutable"
_URL = "/archive/archive"  # the repository's folder is called so


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, keys: ArchiveKeys) -> Repository:
    """Four versions, a day between each and the next, and one of now; the second is not kept."""
    home = tmp_path_factory.mktemp("home")
    made = Repository(home / "archive", keys, Architecture(host_architecture()))
    for number in (1, 2, 3, 4):
        made.binaries.clear()
        made.add("tiny", f"{number}.0")
        made.publish(number)
        append(made.tree, made.name, _FIRST + number * _DAY, number)
    shutil.rmtree(made.tree.version(made.name, 2))
    made.publish(5)
    append(made.tree, made.name, datetime.now(UTC), 5)
    changelog = made.tree.root / "changelogs" / "main" / "t" / "tiny" / "tiny_1.0_changelog"
    changelog.parent.mkdir(parents=True)
    changelog.write_text("tiny (1.0) UNRELEASED")
    return made


@pytest.fixture(scope="module")
def server(repository: Repository) -> Iterator[Server]:
    with serving(repository.folder.parent) as started:
        yield started


def _dists(repository: Repository, at: datetime, path: str) -> str:
    return f"{_URL}/snapshots/{snapshot_id(at)}/dists/{repository.name}/{path}"


@pytest.mark.parametrize("number", [1, 3, 4])
def test_each_time_has_its_version(server: Server, repository: Repository, number: int) -> None:
    folder = repository.tree.version(repository.name, number)
    for path in ("InRelease", "Release.gpg", "main/source/Sources.xz"):
        for later in (timedelta(), _DAY - timedelta(seconds=1)):
            answer = server.ask(_dists(repository, _FIRST + number * _DAY + later, path))
            assert (answer.status, answer.body) == (200, (folder / path).read_bytes())
            assert answer.fields["cache-control"] == _FOR_EVER
    release = server.ask(_dists(repository, _FIRST + number * _DAY, "InRelease"))
    known = release.fields["etag"]
    again = _dists(repository, _FIRST + number * _DAY, "InRelease")
    assert server.ask(again, If_None_Match=known).status == 304


def test_of_the_present_nobody_knows_yet_how_it_will_look(
    server: Server, repository: Repository
) -> None:
    for at in (datetime.now(UTC), datetime.now(UTC) + 1000 * _DAY):
        answer = server.ask(_dists(repository, at, "InRelease"))
        assert answer.status == 200
        assert b"\nVersion: 5\n" in answer.body
        assert answer.fields["cache-control"] == "no-cache"


def test_what_is_no_longer_kept_is_told_as_such(server: Server, repository: Repository) -> None:
    answer = server.ask(_dists(repository, _FIRST + 2 * _DAY, "InRelease"))
    assert answer.status == 410
    assert answer.body.decode() == (
        f"Version 2 of {repository.name}, of {snapshot_id(_FIRST + 2 * _DAY)}, is no longer kept.\n"
    )


def test_before_the_beginning_there_is_nothing(server: Server, repository: Repository) -> None:
    answer = server.ask(_dists(repository, _FIRST, "InRelease"))
    assert answer.status == 404
    assert b"had not been published" in answer.body


@pytest.mark.parametrize(
    ("path", "caching"),
    [
        ("pool/main/t/tiny/tiny_1.0_all.deb", _FOR_EVER),
        ("changelogs/main/t/tiny/tiny_1.0_changelog", "no-cache"),
    ],
)
def test_what_all_versions_share_is_there_at_any_time(
    server: Server, path: str, caching: str
) -> None:
    answer = server.ask(f"{_URL}/snapshots/20251121T120000Z/{path}")
    assert (answer.status, answer.body) == (200, server.ask(f"{_URL}/{path}").body)
    assert answer.fields["cache-control"] == caching


@pytest.mark.parametrize(
    "path",
    [
        "snapshots/20251121T120000Z",
        "snapshots/20251121T120000Z/",
        "snapshots/20251121T120000Z/dists",
        "snapshots/20251121T120000Z/dists/",
        "snapshots/20251121T120000Z/dists/nothing/InRelease",
        "snapshots/20251121T120000Z/dists/sid-other-stable/InRelease",
        "snapshots/20251121T120000Z/dists/trixie-test-unstable/nothing",
        "snapshots/20251121T120000Z/dists/trixie-test-unstable/%2e%2e/versions",
        "snapshots/20251121T120000Z/suites/",
        "snapshots/20251321T120000Z/pool/",
        "snapshots/20251121T120000/pool/",
        "snapshots/%c3%a4/dists/trixie-test-unstable/InRelease",
        "snapshots/20251121T120000Z/dists/%c3%a4/InRelease",
    ],
)
def test_what_is_no_snapshot_is_not_there(server: Server, path: str) -> None:
    assert server.ask(f"{_URL}/{path}").status == 404


def test_folders_of_a_snapshot_are_asked_for_with_a_slash(
    server: Server, repository: Repository
) -> None:
    path = _dists(repository, _FIRST + _DAY, "main")
    assert server.ask(path).fields["location"] == f"{path}/"
    assert b"source/" in server.ask(f"{path}/").body


def test_a_snapshot_that_somebody_has_made_is_served_as_it_lies(
    server: Server, repository: Repository
) -> None:
    named = repository.tree.root / "snapshots" / "20251121T120000Z-release"
    timed = repository.tree.root / "snapshots" / "20251123T120000Z"
    for folder in (named, timed):
        (folder / "dists").mkdir(parents=True)
        (folder / "pool").symlink_to("../../pool")
        (folder / "dists" / str(repository.name)).symlink_to(f"../../../suites/{repository.name}/4")
        url = f"{_URL}/snapshots/{folder.name}"
        release = server.ask(f"{url}/dists/{repository.name}/InRelease")
        assert b"\nVersion: 4\n" in release.body
        assert release.fields["cache-control"] == "no-cache"
        deb = server.ask(f"{url}/pool/main/t/tiny/tiny_4.0_all.deb")
        assert (deb.status, deb.fields["cache-control"]) == (200, _FOR_EVER)
        shutil.rmtree(folder)


def test_apt_installs_from_the_past_and_sees_each_change(
    server: Server, repository: Repository, tmp_path: Path
) -> None:
    snippet = (repository.tree.root / f"{repository.name}.sources").read_text()
    for number in (1, 3):
        url = f"http://127.0.0.1:{server.port}{_URL}/snapshots/"
        url += snapshot_id(_FIRST + number * _DAY)
        at_that_time = snippet.replace(f"file:{repository.tree.root}", url)
        apt = Apt(tmp_path / str(number), at_that_time.encode())
        apt.prepare()
        for _ in range(2):
            apt.run("apt-get", "update")
        assert f"Candidate: {number}.0" in apt.run("apt-cache", "policy", "tiny")
        apt.run("apt-get", "download", "tiny")
        assert (apt.folder / f"tiny_{number}.0_all.deb").exists()
