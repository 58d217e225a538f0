"""What a command takes: wall and CPU seconds and peak memory, its children's included."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_RUNNER = Path(__file__).with_name("runner.py")


class CommandFailed(Exception):
    """A measured command did not end with status 0; the text holds its last lines."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One operation; the memory is the most that any one of its processes had at a time."""

    wall_seconds: float
    cpu_seconds: float
    peak_rss_bytes: int

    def then(self, other: "Measured") -> "Measured":
        """Both, one after the other, as one operation."""
        return Measured(
            self.wall_seconds + other.wall_seconds,
            self.cpu_seconds + other.cpu_seconds,
            max(self.peak_rss_bytes, other.peak_rss_bytes),
        )


def median(rounds: Sequence[Measured]) -> Measured:
    """The median of each figure; of the memory, the most."""
    return Measured(
        statistics.median(each.wall_seconds for each in rounds),
        statistics.median(each.cpu_seconds for each in rounds),
        max(each.peak_rss_bytes for each in rounds),
    )


def measure(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str]
) -> tuple[Measured, str]:
    """Run *command* in *folder*; returns what it took and what it printed.

    Raises CommandFailed. Daemons that it finds or leaves running (gpg-agent) do not count.
    """
    with tempfile.TemporaryDirectory(prefix="mbd-measure-") as notes:
        figures, output = Path(notes, "figures"), Path(notes, "output")
        with output.open("wb") as out, Path(notes, "errors").open("wb") as err:
            subprocess.run(
                [sys.executable, "-I", "-S", str(_RUNNER), str(figures)],
                input=b"".join(os.fsencode(word) + b"\0" for word in command),
                stdout=out,
                stderr=err,
                cwd=folder,
                env=environment,
                check=False,
            )
        said = output.read_text(encoding="utf-8", errors="replace")
        words = figures.read_text(encoding="ascii").split() if figures.exists() else []
        if not words or words[3] != "0":
            errors = Path(err.name).read_text(encoding="utf-8", errors="replace")
            raise CommandFailed(_failure(command, words, said + errors))
    return Measured(float(words[0]), float(words[1]), int(words[2]) * 1024), said


def _failure(command: Sequence[str], words: Sequence[str], said: str) -> str:
    status = f"ended with status {words[3]}" if words else "could not be run"
    last = "\n".join(said.splitlines()[-12:])
    return f"{' '.join(command[:12])} {status}:\n{last}"
