"""Building as people do without us: plain sbuild, set up as Debian's wiki tells.

Either unprivileged, with a tarball that is unpacked for each build, or with schroot: a folder that
root has prepared, and an overlay over it. Each build updates the package lists, as sbuild does when
nobody tells it otherwise.
"""

import os
import resource
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.buildd.follow import follow
from mini_buildd.buildd.phases import PhaseTimes
from mini_buildd.wire.task import PhaseTime


@dataclass(frozen=True, slots=True)
class Taken:
    """What one build took; *wall* and *cpu* in seconds."""

    wall: float
    cpu: float
    phases: tuple[PhaseTime, ...]

    def seconds(self, *titles: str) -> float:
        """What the phases called *titles* took together."""
        return sum(phase.seconds for phase in self.phases if phase.title in titles)


def build_by_hand(dsc: Path, folder: Path, *, codename: str, mode: str, chroot: str) -> Taken:
    """Build *dsc* in *folder*, which is removed afterwards; raises AssertionError."""
    folder.mkdir(parents=True)
    config = folder / "sbuildrc"
    config.write_text("$run_lintian = 0;\n1;\n", encoding="ascii")
    phases, log = PhaseTimes(time.monotonic), folder / "log"
    before, began = _cpu(), time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                "sbuild",
                f"--dist={codename}",
                "--arch-all",
                "--nolog",
                "--verbose",
                f"--chroot-mode={mode}",
                f"--chroot={chroot}",
                str(dsc),
            ],
            cwd=folder,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "SBUILD_CONFIG": str(config)},
        )
        status = follow(process, lambda: phases.look(log))
    wall = time.monotonic() - began
    if status:
        raise AssertionError(f"{mode}: {log.read_text(errors='replace')[-1500:]}")
    phases.look(log)
    shutil.rmtree(folder)
    return Taken(wall, _cpu() - before, phases.finish())


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
