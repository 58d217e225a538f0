"""The apt of each release reads a suite in every way, and installs from it.

That is: each form, alone and among the others, over HTTP and as files, by hash and by name. The
suite has thousands of packages, so that its indexes are put together of several chunks of the
size that they have in life.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from mini_buildd.deb.names import Codename
from mini_buildd.keys import gpg
from mini_buildd.keys.archive_keys import ensure_archive_keys
from mini_buildd.tests.archive import assortment
from mini_buildd.tests.archive.assortment import FORMS
from mini_buildd.tests.archive.reader import Reader
from mini_buildd.tests.archive.repository import Repository
from mini_buildd.tests.archive.roots import RELEASES, RootNotMade, root_of
from mini_buildd.tests.daemon.server import serving
from mini_buildd.tests.figures import table
from mini_buildd.tests.throwaway import CommandFailed, ThrowawayRoot

_OTHERS = 6000
_SHAPES = (FORMS, ("gz",), ("xz",), ("zst",))


@dataclass(frozen=True, slots=True)
class Way:
    """A *repository* that is read over *scheme*, preferring one form, by hash or by name."""

    repository: Repository
    form: str
    scheme: str
    by_hash: str

    @property
    def options(self) -> tuple[str, str]:
        """What apt is told."""
        order = f"--option=Acquire::CompressionTypes::Order::={self.form}"
        return order, f"--option=Acquire::By-Hash={self.by_hash}"

    def __str__(self) -> str:
        forms = ",".join(self.repository.shape["forms"])
        return f"{self.form} of {forms} over {self.scheme}, by hash: {self.by_hash}"


@dataclass(slots=True)
class Outcome:
    """What the apt of one release has read."""

    release: str
    version: str = ""
    ways: int = 0
    seconds: float = 0
    faults: list[str] = field(default_factory=list)


def run(arguments: list[str]) -> int:
    """All releases, or those that are named; the exit status is 1 when anything was refused."""
    outcomes = read(tuple(map(Codename, arguments)) or RELEASES, others=_OTHERS)
    table(
        f"archive-readers: a suite of {_OTHERS} packages, read and installed from",
        ("release", "apt", "ways", "seconds", "faults"),
        [
            (each.release, each.version, each.ways, f"{each.seconds:.0f}", len(each.faults))
            for each in outcomes
        ],
    )
    for each in outcomes:
        for fault in each.faults[:5]:
            print(f"  {each.release}: {fault[:600]}")
    return 1 if any(each.faults for each in outcomes) else 0


def read(
    releases: Sequence[Codename],
    *,
    others: int,
    shapes: Sequence[tuple[str, ...]] = _SHAPES,
) -> list[Outcome]:
    """Publish once in each set of forms, and let every release read it."""
    home = Path(tempfile.mkdtemp(prefix="mbd-readers-"))
    keys = home / "keys"
    keys.mkdir(mode=0o700)
    (home / "archive").mkdir()
    try:
        signers = ensure_archive_keys(keys, "depot")
        with serving(home) as server:
            url = f"http://127.0.0.1:{server.port}/archive"
            published = [
                assortment.published(home, url, signers, forms, others=others) for forms in shapes
            ]
            return [_read(codename, home, published, others) for codename in releases]
    finally:
        gpg.stop_agent(keys)
        shutil.rmtree(home, ignore_errors=True)


def _ways(published: Sequence[Repository]) -> Iterator[Way]:
    for repository in published:
        forms = repository.shape["forms"]
        for form, scheme, by_hash in product(forms, ("http", "file"), ("force", "no")):
            yield Way(repository, form, scheme, by_hash)


def _read(codename: Codename, home: Path, published: Sequence[Repository], others: int) -> Outcome:
    outcome = Outcome(codename)
    started = time.monotonic()
    served = home / "archive"
    try:
        with ThrowawayRoot(root_of(codename), home / "roots", binds={str(served): served}) as root:
            reader = Reader(root)
            reader.prepare()
            outcome.version = ".".join(map(str, reader.version))
            for way in _ways(published):
                outcome.ways += 1
                try:
                    _go(reader, way, others)
                except (AssertionError, CommandFailed) as error:
                    outcome.faults.append(f"{way}: {error}")
    except RootNotMade as error:
        outcome.faults.append(str(error))
    outcome.seconds = time.monotonic() - started
    return outcome


def _go(reader: Reader, way: Way, others: int) -> None:
    repository = way.repository
    reader.follow(repository, url="" if way.scheme == "http" else f"file:{repository.tree.root}")
    asked = reader.update(*way.options)
    fetched = assortment.forms_fetched(repository, asked)
    if fetched != {way.form}:
        raise AssertionError(f"it has read {fetched}")
    if ("/by-hash/" in asked) != (way.by_hash == "force"):
        raise AssertionError("not asked for as told")
    assortment.check_indexes(reader, others=others)
    assortment.check_packages(reader)
