"""The apt of three releases of Debian reads what we publish, each in a root of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mini_buildd.archive import chunks
from mini_buildd.archive.history import append, snapshot_id
from mini_buildd.archive.snapshot import show
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.tests.archive import assortment
from mini_buildd.tests.archive.assortment import FORMS
from mini_buildd.tests.archive.reader import Reader, Refused, forms_fetched
from mini_buildd.tests.archive.repository import Repository
from mini_buildd.tests.archive.roots import RELEASES, RootNotMade, root_of
from mini_buildd.tests.daemon.server import serving
from mini_buildd.tests.scenario import host_architecture
from mini_buildd.tests.throwaway import ThrowawayRoot

pytestmark = pytest.mark.whole

_OTHERS = 90
_SHAPES = (FORMS, ("gz",), ("xz",), ("zst",))
_BEGIN = datetime(2025, 11, 20, 12, tzinfo=UTC)
_DAY = timedelta(days=1)
_SECOND = snapshot_id(_BEGIN + timedelta(days=2, hours=1))  # when the second version was shown


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    (folder / "archive").mkdir()
    return folder


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with serving(home) as server:
        yield f"http://127.0.0.1:{server.port}/archive"


@pytest.fixture(scope="module")
def assorted(home: Path, url: str, keys: ArchiveKeys) -> dict[tuple[str, ...], Repository]:
    """A repository for each set of forms, with everything; its indexes have dozens of chunks."""
    made: dict[tuple[str, ...], Repository] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "TARGET_BYTES", 2000)
        for forms in _SHAPES:
            made[forms] = _repository(home, url, keys, "-".join(forms))
            made[forms].shape = assortment.shape(made[forms].url, forms)
            assortment.fill(made[forms], others=_OTHERS)
            made[forms].publish(1, valid_until=datetime.now(UTC) + _DAY)
    return made


def _repository(home: Path, url: str, keys: ArchiveKeys, name: str) -> Repository:
    made = Repository(home / name, keys, Architecture(host_architecture()))
    made.root, made.url = home / "archive" / name, f"{url}/{name}"
    return made


@pytest.fixture(scope="module", params=RELEASES)
def reader(
    request: pytest.FixtureRequest, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    codename: Codename = request.param
    try:
        tarball = root_of(codename)
    except RootNotMade as error:
        pytest.skip(str(error))
    scratch = tmp_path_factory.mktemp("root")
    served = home / "archive"
    with ThrowawayRoot(tarball, scratch, binds={str(served): served}) as root:
        made = Reader(root)
        made.prepare()
        yield made


@pytest.mark.parametrize("form", FORMS)
def test_apt_takes_the_form_that_it_likes_best(
    reader: Reader, assorted: dict[tuple[str, ...], Repository], form: str
) -> None:
    repository = assorted[FORMS]
    by_hash = "force" if form != "xz" else "no"
    options = f"--option=Acquire::CompressionTypes::Order::={form}", _by_hash(by_hash)
    reader.follow(repository.tree.root, str(repository.name), url=repository.url)
    asked = reader.update(*options)
    assert _fetched(repository, asked) == {form}
    assert ("/by-hash/" in asked) == (by_hash == "force")
    assortment.check_indexes(reader, others=_OTHERS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["http", "file"])
def test_apt_reads_a_suite_that_has_one_form_only(
    reader: Reader, assorted: dict[tuple[str, ...], Repository], form: str, kind: str
) -> None:
    repository = assorted[(form,)]
    url = repository.url if kind == "http" else f"file:{repository.tree.root}"
    reader.follow(repository.tree.root, str(repository.name), url=url)
    assert _fetched(repository, reader.update()) == {form}
    assortment.check_indexes(reader, others=_OTHERS)


@pytest.mark.parametrize("kind", ["http", "file"])
def test_apt_installs_packages_and_fetches_sources_and_changelogs(
    reader: Reader, assorted: dict[tuple[str, ...], Repository], kind: str
) -> None:
    repository = assorted[FORMS]
    url = repository.url if kind == "http" else f"file:{repository.tree.root}"
    reader.follow(repository.tree.root, str(repository.name), url=url)
    reader.update()
    assortment.check_packages(reader)


def test_apt_refuses_a_suite_whose_time_is_over(
    reader: Reader, home: Path, url: str, keys: ArchiveKeys
) -> None:
    repository = _repository(home, url, keys, f"over{id(reader)}")
    repository.publish(1, valid_until=datetime.now(UTC) - timedelta(minutes=1))
    for place in (repository.url, f"file:{repository.tree.root}"):
        reader.follow(repository.tree.root, str(repository.name), url=place)
        with pytest.raises(Refused, match="expired"):
            reader.update()
    repository.publish(2, valid_until=datetime.now(UTC) + timedelta(minutes=10))
    reader.update()


def test_apt_goes_back_by_the_address_of_a_moment_or_of_a_snapshot(
    reader: Reader, past: Repository
) -> None:
    for snapshot, version in ((_SECOND, "2.0"), ("release-one", "1.0")):
        reader.follow(past.tree.root, str(past.name), url=f"{past.url}/snapshots/{snapshot}")
        reader.update()
        reader.install(f"tiny={version}")
        assert reader.installed("tiny") == version
    reader.run("apt-get", "purge", "--yes", "tiny")


def test_apt_goes_back_by_its_own_option(reader: Reader, past: Repository) -> None:
    """It must have read the suite once before: there it learns where the snapshots are."""
    if reader.version < (2, 7):
        pytest.skip("this apt has no --snapshot")
    reader.follow(past.tree.root, str(past.name), url=past.url)
    reader.update()
    for snapshot, version in ((_SECOND, "2.0"), ("release-one", "1.0")):
        reader.update("--snapshot", snapshot)
        reader.install("tiny", options=("--snapshot", snapshot))
        assert reader.installed("tiny") == version
        reader.run("apt-get", "purge", "--yes", "tiny")
    for name in ("20250101T000000Z", "release-two"):
        with pytest.raises(Refused, match="does not have a Release file"):
            reader.update("--snapshot", name)
    reader.install("tiny")
    assert reader.installed("tiny") == "3.0"
    reader.run("apt-get", "purge", "--yes", "tiny")


def test_apt_stays_at_the_snapshot_that_its_sources_name(reader: Reader, past: Repository) -> None:
    if reader.version < (2, 7):
        pytest.skip("this apt has no snapshots in its sources")
    reader.follow(past.tree.root, str(past.name), url=past.url)
    reader.update()
    for snapshot, version in ((_SECOND, "2.0"), ("release-one", "1.0")):
        reader.add_to_sources(f"Snapshot: {snapshot}")
        reader.update()
        assert f"Candidate: {version}" in reader.run("apt-cache", "policy", "tiny")
        reader.add_to_sources()


@pytest.fixture(scope="module")
def past(home: Path, url: str, keys: ArchiveKeys) -> Repository:
    """Three versions, a day between each and the next; a snapshot has the first."""
    made = _repository(home, url, keys, "past")
    made.shape = assortment.shape(made.url, FORMS)
    for number in (1, 2, 3):
        made.add("tiny", f"{number}.0")
        made.publish(number, valid_until=datetime.now(UTC) + _DAY)
        append(made.tree, made.name, _BEGIN + number * _DAY, number)
    show(made.tree, SnapshotName("release-one"), {made.name: 1})
    return made


def _by_hash(how: str) -> str:
    return f"--option=Acquire::By-Hash={how}"


def _fetched(repository: Repository, asked: str) -> set[str]:
    release = (repository.dists / "Release").read_bytes()
    path = f"main/binary-{repository.architecture}/Packages"
    return forms_fetched(release, path, asked)
