"""Clients that read a suite in a loop while it is published again and again, as fast as it goes.

Packages are added, removed, upgraded and rolled back. No client may ever fail or warn, see
packages of another version than the Release that it has, or miss the last version.
"""

import random
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mini_buildd.archive.publish import prune
from mini_buildd.deb.names import Architecture
from mini_buildd.keys import gpg
from mini_buildd.keys.archive_keys import ensure_archive_keys
from mini_buildd.tests.archive.apt import Apt
from mini_buildd.tests.archive.assortment import FORMS, shape
from mini_buildd.tests.archive.repository import Repository
from mini_buildd.tests.bench.controls import Control, parse_control
from mini_buildd.tests.bench.packages import make_deb
from mini_buildd.tests.daemon.server import serving
from mini_buildd.tests.figures import table
from mini_buildd.tests.scenario import host_architecture

_PUBLICATIONS = 1000
_PACKAGES = 300
_KEPT = 10
_ROUNDS = 2  # so many at least, however few publications there are


def run(arguments: list[str]) -> int:
    """As many publications as the argument says (1,000); the exit status is 1 at any fault."""
    count = int(arguments[0]) if arguments else _PUBLICATIONS
    started = time.monotonic()
    clients = follow(count)
    seconds = time.monotonic() - started
    table(
        f"archive-clients: {_PACKAGES} packages, published {count} times in {seconds:.0f} s",
        ("what", "times", "a second", "versions seen", "errors"),
        [
            ("publications", count, f"{count / seconds:.1f}", "", 0),
            *(
                (each.name, each.rounds, f"{each.rounds / seconds:.1f}", *each.figures)
                for each in clients
            ),
        ],
    )
    for each in clients:
        for fault in each.faults[:5]:
            print(f"  {each.name}: {fault[-600:]}")
    return 1 if any(each.faults for each in clients) else 0


@dataclass(slots=True)
class Publisher:
    """Changes the suite and publishes it; *markers* is what each version has of one package."""

    repository: Repository
    markers: dict[int, str] = field(default_factory=dict)
    _chance: random.Random = field(default_factory=lambda: random.Random(5))  # noqa: S311  # no secret
    _made: int = 0

    def fill(self) -> None:
        """The first version."""
        for place in range(_PACKAGES):
            self._put(f"package-{place:03}")
        self.publish(1)

    def go_on(self, number: int) -> None:
        """Version *number*: something of the one before is different."""
        names = [each.package for each in self.repository.binaries if each.package != "marker"]
        change = self._chance.choice(("upgrade", "upgrade", "add", "remove", "roll back"))
        restores = None
        if change == "roll back":
            restores = self._chance.randrange(max(1, number - _KEPT), number)
            self.repository.binaries = list(self.repository.versions[restores][0])
        elif change == "remove":
            gone = self._chance.choice(names)
            self.repository.binaries = [
                each for each in self.repository.binaries if each.package != gone
            ]
        elif change == "add":
            self._put(f"another-{number:04}")
        else:
            for name in self._chance.sample(names, 3):
                self._put(name)
        self.publish(number, restores=restores)

    def publish(self, number: int, *, restores: int | None = None) -> None:
        """Publish, with an end every other time, and prune."""
        if restores is None:
            self._put("marker")
        (marker,) = (each for each in self.repository.binaries if each.package == "marker")
        self.markers[number] = marker.version
        self.repository.shape["restores"] = restores
        until = datetime.now(UTC) + timedelta(days=1) if number % 2 else None
        self.repository.publish(number, valid_until=until)
        kept = range(number - _KEPT, number + 1)
        prune(self.repository.tree, self.repository.name, kept)

    def _put(self, name: str) -> None:
        self._made += 1
        control = _control(name, self._made)
        made = self.repository.folder / "made" / control.filename
        made.parent.mkdir(exist_ok=True)
        made.write_bytes(make_deb(control))
        self.repository.take(made, paths=[f"usr/share/{name}/{self._made % 9}".encode()])


def _control(name: str, number: int) -> Control:
    return parse_control(
        f"Package: {name}\nVersion: {number}\nArchitecture: all\nSection: misc\n"
        "Maintainer: Pat <pat@example.invalid>\n"
        f"Description: the {number}th\n It is the {number}th package.\n"
    )


@dataclass(slots=True)
class Client:
    """One apt in a loop; it *copies* packages unless it finds them on its own disk."""

    name: str
    apt: Apt
    copies: bool
    rounds: int = 0
    seen: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _chance: random.Random = field(default_factory=lambda: random.Random(6))  # noqa: S311  # no secret

    @property
    def figures(self) -> tuple[int, int]:
        """How many versions of the suite it has seen, and how often something was wrong."""
        return len(set(self.seen)), len(self.faults)

    def follow(self, markers: dict[int, str], over: threading.Event) -> None:
        """Round by round until *over*, and once more."""
        self.apt.prepare()
        is_last = False
        while not is_last or self.rounds < _ROUNDS:
            is_last = over.is_set()
            try:
                self._round(markers)
            except (AssertionError, OSError) as error:
                self.faults.append(str(error))
            self.rounds += 1
        if self.seen[-1:] != [max(markers)]:
            self.faults.append(f"of {max(markers)} versions it has seen {self.seen[-1:]} last")

    def _round(self, markers: dict[int, str]) -> None:
        self.apt.run("apt-get", "update")
        policy = self.apt.run("apt-cache", "policy", "marker")
        packages = self.apt.run("apt-cache", "pkgnames").split()
        package = self._chance.choice(packages)
        self.apt.run("apt-get", "install", "--download-only", "--yes", package)
        downloaded = list((self.apt.folder / "cache" / "archives").glob(f"{package}_*.deb"))
        if self.copies and not downloaded:
            raise AssertionError(f"{package} was not downloaded")
        for path in downloaded:
            path.unlink()
        self._compare(policy, markers)

    def _compare(self, policy: str, markers: dict[int, str]) -> None:
        (release,) = (self.apt.folder / "state" / "lists").glob("*_InRelease")
        number = int(_found(r"^Version: (\d+)$", release.read_text()))
        if self.seen and number < self.seen[-1]:
            raise AssertionError(f"version {number} after {self.seen[-1]}")
        self.seen.append(number)
        marker = _found(r"Candidate: (\d+)$", policy)
        if marker != markers.get(number, marker):
            raise AssertionError(f"marker {marker} in version {number}, not {markers[number]}")


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise AssertionError(f"no {pattern} in {text}")
    return match[1]


def follow(publications: int) -> Sequence[Client]:
    """Publish so often while two clients read over HTTP and one reads the files."""
    home = Path(tempfile.mkdtemp(prefix="mbd-clients-"))
    keys = home / "keys"
    keys.mkdir(mode=0o700)
    try:
        repository = Repository(home / "work", ensure_archive_keys(keys, "depot"))
        repository.architecture = Architecture(host_architecture())
        repository.root = home / "archive" / "depot"
        with serving(home) as server:
            repository.url = f"http://127.0.0.1:{server.port}/archive/depot"
            repository.shape = shape(repository.url, FORMS)
            return _publish_and_read(repository, publications)
    finally:
        gpg.stop_agent(keys)
        shutil.rmtree(home, ignore_errors=True)


def _publish_and_read(repository: Repository, publications: int) -> Sequence[Client]:
    repository.folder.mkdir()
    publisher = Publisher(repository)
    publisher.fill()
    snippet = (repository.tree.root / f"{repository.name}.sources").read_text()
    places = {
        "client over http": repository.url,
        "another over http": repository.url,
        "client over file": f"file:{repository.tree.root}",
    }
    clients = [
        Client(
            name,
            Apt(_folder(repository, name), snippet.replace(repository.url, url).encode()),
            copies=url == repository.url,
        )
        for name, url in places.items()
    ]
    over = threading.Event()
    threads = [
        threading.Thread(target=each.follow, args=(publisher.markers, over)) for each in clients
    ]
    for thread in threads:
        thread.start()
    try:
        for number in range(2, publications + 1):
            publisher.go_on(number)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    return clients


def _folder(repository: Repository, name: str) -> Path:
    return repository.folder / name.replace(" ", "-")
