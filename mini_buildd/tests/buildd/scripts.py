"""A stand-in for sbuild: a script of a few lines that ends in whichever way a test wants.

The real one is in the tests of the whole; this one produces the ends that it has seldom.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.wire.task import Result, Task

TASK = Task(
    attempt="a" * 32,
    fence=1,
    source="hello",
    version="1.0~test13+1",
    dsc="/archive/hello_1.0~test13+1.dsc",
    codename="trixie",
    distribution="trixie-test-unstable",
    architecture="amd64",
    builds_any=True,
    builds_all=True,
    backend="unshare",
    chroot="/chroots/trixie-amd64.tar.zst",
    apt_sources=(),
)

SUMMARY = """
cat <<END

+------------------------------------------------------------------------------+
| Summary                                                                      |
+------------------------------------------------------------------------------+

{fields}
END
"""


def summary(**fields: str) -> str:
    """Shell that prints sbuild's summary with these fields."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return SUMMARY.format(fields="\n".join(lines))


GOOD = """
echo building
echo package > hello_1.0~test13+1_amd64.deb
echo changes > hello_1.0~test13+1_amd64.changes
""" + summary(Status="successful")


@dataclass
class Bench:
    """A builder's folder, and a PATH with the stand-in first."""

    root: Path

    def sbuild(self, script: str) -> None:
        """From now on sbuild is this."""
        path = self.root / "bin" / "sbuild"
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name("new")
        new.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        new.chmod(0o755)
        new.rename(path)

    @property
    def path(self) -> str:
        """For the environment."""
        return f"{self.root / 'bin'}:{os.environ['PATH']}"

    @property
    def folder(self) -> TaskFolder:
        """Where TASK is built."""
        return TaskFolder(self.root / "builds" / TASK.attempt)

    def log(self) -> str:
        """What was said so far."""
        return self.folder.log.read_text(encoding="utf-8") if self.folder.log.exists() else ""

    def said(self, text: str) -> Callable[[], bool]:
        """Whether the log has *text*, for waiting."""
        return lambda: text in self.log()

    def result(self) -> Result | None:
        """How it ended."""
        return self.folder.result()
