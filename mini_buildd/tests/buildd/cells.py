"""Real cells for tests: on a base of this machine's release, with room of the test's own."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mini_buildd.buildd.cell import Cell, open_cell
from mini_buildd.buildd.cell_build import own_subids
from mini_buildd.tools.cell import Bind, CellPlan
from mini_buildd.tools.namespace import enter_command


@dataclass
class Cells:
    """Cells that begin with *base*; what they need lies in *folder*."""

    base: Path
    folder: Path
    _count: int = field(default=0, init=False)

    @contextmanager
    def cell(
        self,
        *lower: Path,
        upper: Path | None = None,
        tmpfs_bytes: int = 256 << 20,
        binds: tuple[Bind, ...] = (),
        prepare: str = "",
    ) -> Iterator[Cell]:
        """A cell for the length of the block; its complaints are the test's."""
        self._count += 1
        work = self.folder / f"work-{self._count}"
        work.mkdir()
        plan = CellPlan((*lower, self.base), work, upper, tmpfs_bytes, binds, prepare)
        with ExitStack() as stack:
            complaints = stack.enter_context((work / "complaints").open("w+b"))
            cell = open_cell(plan, own_subids(), complaints)
            stack.callback(cell.close)
            yield cell

    def remove(self) -> None:
        """Remove what belongs to ids of the cells, too."""
        command = [*enter_command(own_subids()), "rm", "-rf", "--", str(self.folder)]
        subprocess.run(command, check=True)


def said_in(cell: Cell, script: str, *, online: bool = False, user: str = "root") -> str:
    """What *script* puts out in *cell*, whatever its end."""
    as_whom = [] if user == "root" else ["setpriv", f"--reuid={user}", "--clear-groups"]
    done = subprocess.run(
        cell.command(*as_whom, "sh", "-c", f"exec 2>&1\n{script}", online=online),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr
