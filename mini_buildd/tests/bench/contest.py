"""What is measured alike for every archive tool: the operations, the work, and what came of it."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mini_buildd.keys import gpg
from mini_buildd.tests.bench.measure import Measured
from mini_buildd.tests.bench.packages import PackageSet

_MANY = 10_000


class Operation(StrEnum):
    """What a user does with an archive; each ends with signed indexes in place."""

    IMPORT = "import all"
    ADD = "add one"
    REMOVE = "remove one"
    SNAPSHOT = "snapshot"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class ThrowawayKey:
    """A secret key in the GnuPG folder *home*, whose path has to be short."""

    home: Path
    fingerprint: str

    @classmethod
    def make(cls, home: Path) -> "ThrowawayKey":
        """A new one; its agent runs until close()."""
        home.mkdir(mode=0o700)
        made = gpg.make_signing_key(home, "Bench", "bench@example.invalid", expires="1y")
        return cls(home, made)

    def close(self) -> None:
        """End the agent."""
        gpg.stop_agent(self.home)


@dataclass(frozen=True, slots=True)
class Work:
    """What a tool is given: *packages*, a *home* of its own, and an archive key.

    With *is_full* it also does what takes minutes.
    """

    packages: PackageSet
    home: Path
    key: ThrowawayKey
    rounds: int = 3
    is_full: bool = False

    @property
    def slow_rounds(self) -> int:
        """Of what takes long where there is much, and then varies little."""
        return self.rounds if len(self.packages.names) < _MANY else 1

    @property
    def includes_xz(self) -> bool:
        """Whether those should write xz, too, who take minutes for it where there is much."""
        return self.is_full or len(self.packages.names) <= _MANY

    @property
    def environment(self) -> dict[str, str]:
        """For the tool's processes."""
        path, gnupg = "/usr/local/bin:/usr/bin:/bin", str(self.key.home)
        return {"PATH": path, "HOME": str(self.home), "GNUPGHOME": gnupg, "LC_ALL": "C.UTF-8"}

    def clear(self) -> None:
        """Make an empty home; what was written before must not weigh on what follows."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        os.sync()


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of *operation* by *tool*, writing *indexes* ("gz" or "gz+xz")."""

    operation: Operation
    tool: str
    indexes: str
    measured: Measured


# Does all operations several times, and hands over each sample as soon as it is there; raises
# CommandFailed when one cannot be done.
Tool = Callable[[Work], Iterator[Sample]]
