"""What a user would pick instead: reprepro(1) and aptly(1), called as their manuals say."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from mini_buildd.tests.bench.contest import Operation, Sample, Work
from mini_buildd.tests.bench.measure import Measured, measure
from mini_buildd.tests.scenario import host_architecture

CODENAME = "bench"


def reprepro(work: Work) -> Iterator[Sample]:
    """Its indexes with gzip alone, and with xz as well, which it compresses anew each time."""
    peer, extra = _Reprepro(work), iter(work.packages.extra)
    names = sorted(path.name for path in work.packages.folder.iterdir())
    for _ in range(work.slow_rounds):
        peer.set_up()
        yield peer.do(Operation.IMPORT, "includedeb", CODENAME, *names)
    for _ in range(work.rounds):
        yield peer.do(Operation.ADD, "includedeb", CODENAME, str(next(extra)))
    for name in work.packages.names[: work.rounds]:
        yield peer.do(Operation.REMOVE, "remove", CODENAME, name)
    for number in range(work.rounds):
        yield peer.do(Operation.SNAPSHOT, "gensnapshot", CODENAME, f"s{number}")
    if work.includes_xz:
        peer.add_xz()
        for _ in range(work.slow_rounds):
            yield peer.do(Operation.ADD, "includedeb", CODENAME, str(next(extra)))


@dataclass(slots=True)
class _Reprepro:
    """An archive in *work*'s home."""

    work: Work
    indexes: str = "gz"

    def set_up(self) -> None:
        """A new archive."""
        self.work.clear()
        (self.work.home / "conf").mkdir()
        self._configure(".gz")

    def add_xz(self) -> None:
        """From now on xz, too; the export compresses what later ones leave alone."""
        self._configure(".gz .xz")
        self.indexes = "gz+xz"
        self._call("export", CODENAME)

    def do(self, operation: Operation, *arguments: str) -> Sample:
        """One command is one operation."""
        return Sample(operation, "reprepro", self.indexes, self._call(*arguments))

    def _call(self, *arguments: str) -> Measured:
        command = ["reprepro", "--silent", "--basedir", str(self.work.home), *arguments]
        folder = self.work.packages.folder
        return measure(command, folder=folder, environment=self.work.environment)[0]

    def _configure(self, compressions: str) -> None:
        (self.work.home / "conf" / "distributions").write_text(
            f"Origin: {CODENAME}\nCodename: {CODENAME}\nComponents: main\n"
            f"Architectures: {host_architecture()}\nSignWith: {self.work.key.fingerprint}\n"
            f"DebIndices: Packages Release . {compressions}\n",
            encoding="ascii",
        )


def aptly(work: Work) -> Iterator[Sample]:
    """Without Contents and bzip2, which take it much longer; it does not write xz."""
    peer, packages = _Aptly(work), work.packages
    for _ in range(work.slow_rounds):
        peer.set_up()
        add_all = ("repo", "add", CODENAME, str(packages.folder))
        yield peer.do(Operation.IMPORT, add_all, "repo", *_FIRST, f"-distribution={CODENAME}")
    for deb in packages.extra[: work.rounds]:
        yield peer.do(Operation.ADD, ("repo", "add", CODENAME, str(deb)), "update")
    for name in packages.names[: work.rounds]:
        yield peer.do(Operation.REMOVE, ("repo", "remove", CODENAME, name), "update")
    for name in (f"s{number}" for number in range(work.rounds)):
        create = ("snapshot", "create", name, "from", "repo", CODENAME)
        options = (*_FIRST, f"-distribution={name}")
        yield peer.do(Operation.SNAPSHOT, create, "snapshot", *options, what=name)


# What a distribution is told when it is first published; updates keep to it.
_FIRST = ("-acquire-by-hash",)


@dataclass(slots=True)
class _Aptly:
    """An archive in *work*'s home."""

    work: Work

    def set_up(self) -> None:
        """A new archive."""
        self.work.clear()
        settings = {
            "rootDir": str(self.work.home),
            "architectures": [host_architecture()],
            "gpgProvider": "gpg",
            "skipLegacyPool": True,
        }
        (self.work.home / "aptly.conf").write_text(json.dumps(settings), encoding="ascii")
        self._call("repo", "create", CODENAME)

    def do(
        self, operation: Operation, change: tuple[str, ...], *publish: str, what: str = CODENAME
    ) -> Sample:
        """Two commands are one operation: *change* the repository, and publish *what* is there."""
        key = f"-gpg-key={self.work.key.fingerprint}"
        kind, *options = publish
        done = self._call(*change).then(
            self._call(
                "publish", kind, "-batch", key, "-skip-contents", "-skip-bz2", *options, what
            )
        )
        return Sample(operation, "aptly", "gz", done)

    def _call(self, *arguments: str) -> Measured:
        command = ["aptly", f"-config={self.work.home}/aptly.conf", *arguments]
        return measure(command, folder=self.work.home, environment=self.work.environment)[0]
