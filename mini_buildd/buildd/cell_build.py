"""A build in a cell: its dependencies out of a layer, the rest by sbuild.

The layer is only a short cut: sbuild resolves and checks the build dependencies itself, and finds
them installed. Where there is no layer to be had, it installs them.
"""

import fcntl
import os
import pwd
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from mini_buildd.buildd.cell import Cell, CellImpossible, open_cell, run_in
from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.buildd.layers import Layer, Layers, layer_key
from mini_buildd.buildd.room import Room, measured, room_for
from mini_buildd.buildd.sbuild_run import run_sbuild
from mini_buildd.buildd.watch import Stopped, Watch
from mini_buildd.deb.names import Architecture
from mini_buildd.tools import cell_setup
from mini_buildd.tools.cell import CellPlan, enter_script, testbed_script
from mini_buildd.tools.foreign import (
    private_registration,
    register_script,
    runnable_architectures,
)
from mini_buildd.tools.namespace import Subids, enter_command, find_own_subids
from mini_buildd.tools.sbuild import Ending
from mini_buildd.tools.sbuild_log import heading
from mini_buildd.wire.task import BuildStatus, Limits, Task


@dataclass(slots=True)
class CellBuild:
    """One task on its way through its cells; *layer* is the name of that which it used."""

    folder: TaskFolder
    task: Task
    watch: Watch
    is_for_debugging: bool = False
    layer: str = ""
    is_in_memory: bool = field(default=False, init=False)
    is_full: bool = field(default=False, init=False)
    _used: Layer | None = field(default=None, init=False)
    _subids: Subids = field(init=False)

    def __post_init__(self) -> None:
        self._subids = own_subids()

    def run(self) -> int:
        """Build; gives sbuild's exit status. Raises Stopped, CellImpossible."""
        with _held(Path(self.task.base) / "lock"), self.folder.log.open("ab") as log:
            if self.task.ccache:
                Path(self.task.ccache).mkdir(parents=True, exist_ok=True)
            try:
                self._head(log, "Prepare")
                status = self._build_as_last_time(log)
                if status is not None:
                    return status
                self._take(self._layer(log))
                return self._build(self._used, log)
            finally:
                self._remove(self._work)

    def close(self) -> None:
        """Let go of the layer; a result need not wait for that."""
        if self._used is not None:
            self._used.settle()
            os.close(self._used.descriptor)
            self._used = None

    def _take(self, layer: Layer | None) -> None:
        self._used = layer
        self.layer = layer.key if layer else ""

    # --- build dependencies -----------------------------------------------------

    def _build_as_last_time(self, log: IO[bytes]) -> int | None:
        """Build on the layer of the last build of this kind, if that is the one that it needs.

        That saves a cell: what apt would install on the base can be asked in this one, too.
        """
        guess = self._layers.recall(self._kind) if self.task.layers else None
        if guess is None:
            return None
        self._take(guess)
        with self._prepared_cell(guess, log) as (cell, room):
            if self._key(cell) == guess.key:
                return self._run_sbuild(cell, room)
        self.close()
        self._remove(self._work)
        return None

    def _layer(self, log: IO[bytes]) -> Layer | None:
        """The layer with the build dependencies, made now when there is none; or None."""
        if not self.task.layers:
            return None
        layers = self._layers
        making = layers.begin(self.task.attempt)
        try:
            with self._cell((self._base,), Room(making, 0)) as cell:
                self._prepare(cell, log, with_setup=True)
                key = self._key(cell)
                if key:
                    layers.remember(self._kind, key)
                found = layers.find(key) if key else None
                if not key or found is not None:
                    return found
                self._head(log, "Build dependencies")
                if self._in(cell, cell_setup.fetch_script(self.task), log) != 0:
                    return None  # sbuild says it better
                # What packages run as they are installed needs no network either.
                if self._in(cell, cell_setup.install_script(self.task), log, online=False) != 0:
                    return None
            self._remove(making / "overlay")
            return layers.keep(making, key)
        finally:
            self._remove(making)

    def _key(self, cell: Cell) -> str:
        """The name of the layer that this build needs; empty when apt finds no solution."""
        path = self.folder.path / "resolved"
        with path.open("w+b") as told:
            if self._in(cell, cell_setup.resolve_script(self.task), told) != 0:
                return ""
            told.seek(0)
            resolved = told.read().decode(errors="replace")
        path.unlink()
        return layer_key(os.path.realpath(self.task.base), self.task.setup, resolved)

    # --- the build ----------------------------------------------------------------

    def _build(self, layer: Layer | None, log: IO[bytes]) -> int:
        with self._prepared_cell(layer, log) as (cell, room):
            return self._run_sbuild(cell, room)

    @contextmanager
    def _prepared_cell(self, layer: Layer | None, log: IO[bytes]) -> Iterator[tuple[Cell, Room]]:
        """A cell on *layer*, in which sbuild can begin."""
        room = room_for(self.task, self._work)
        self.is_in_memory = room.upper is None
        lower = (layer.tree, self._base) if layer else (self._base,)
        if room.upper is not None:
            room.upper.mkdir(parents=True, exist_ok=True)
        with self._cell(lower, room) as cell:
            self._prepare(cell, log, with_setup=layer is None)
            yield cell, room

    def _run_sbuild(self, cell: Cell, room: Room) -> int:
        measure = partial(measured, cell, room, self._subids)
        self.watch.over(cell, measure if room.upper is None else _seldom(measure))
        enter, testbed = self.folder.path / "enter", self.folder.path / "testbed"
        _write_program(enter, enter_script(cell.door, _limits(self.task.limits)))
        _write_program(testbed, testbed_script(enter))
        try:
            return run_sbuild(
                self.folder,
                self.task,
                self.watch.look,
                testbed=testbed,
                is_for_debugging=self.is_for_debugging,
            )
        finally:
            used = measure()
            self.watch.disk_bytes = max(self.watch.disk_bytes, used)
            self.is_full = room.is_full(self.watch.disk_bytes)

    def _prepare(self, cell: Cell, log: IO[bytes], *, with_setup: bool) -> None:
        """What the setup of the suite does is in the layer, where there is one."""
        caller = pwd.getpwuid(os.getuid()).pw_name
        script = cell_setup.prepare_script(self.task, caller, with_setup=with_setup)
        if self._in(cell, script, log) != 0:
            reason = "the build's environment could not be prepared; the log says why"
            raise Stopped(Ending(BuildStatus.INFRASTRUCTURE, "prepare", reason))

    def _in(self, cell: Cell, script: str, output: IO[bytes], *, online: bool = True) -> int:
        return run_in(cell, script, output, self.watch.look, online=online)

    # --- pieces -------------------------------------------------------------------

    @property
    def _layers(self) -> Layers:
        return Layers(Path(self.task.layers))

    @property
    def _kind(self) -> str:
        """What builds have in common that probably need the same layer."""
        task = self.task
        parts = (task.source, task.architecture, task.build_architecture, *task.profiles)
        flags = f"{task.builds_any} {task.builds_all}"
        return "\n".join([*parts, flags, os.path.realpath(task.base), task.setup])

    @property
    def _base(self) -> Path:
        return Path(self.task.base) / "root"

    @property
    def _work(self) -> Path:
        return self.folder.path / "work"

    def _head(self, log: IO[bytes], title: str) -> None:
        log.write(heading(title).encode())
        log.flush()
        self.watch.look()

    @contextmanager
    def _cell(self, lower: tuple[Path, ...], room: Room) -> Iterator[Cell]:
        plan = CellPlan(
            lower,
            self._work,
            room.upper,
            room.tmpfs_bytes,
            cell_setup.binds(self.task),
            _emulation(Architecture(self.task.build_architecture or self.task.architecture)),
        )
        with (self.folder.path / "supervisor.err").open("ab") as complaints:
            cell = open_cell(plan, self._subids, complaints)
        try:
            yield cell
        finally:
            cell.close()

    def _remove(self, folder: Path) -> None:
        """Remove what belongs to ids of the cell as well as to us."""
        if folder.exists():
            command = [*enter_command(self._subids), "rm", "-rf", "--", str(folder)]
            subprocess.run(command, check=False, stdin=subprocess.DEVNULL)


def own_subids() -> Subids:
    """The subordinate ids of whoever runs this; raises CellImpossible."""
    found = find_own_subids()
    if found is None:
        raise CellImpossible(
            "no subordinate ids in /etc/subuid and /etc/subgid: mini-buildd doctor"
        )
    return found


def _emulation(architecture: Architecture) -> str:
    """What has to be done for programs of *architecture* to run; raises CellImpossible."""
    if architecture in runnable_architectures():
        return ""
    registration = private_registration(architecture)
    if not registration:
        raise CellImpossible(f"this machine cannot run {architecture}: mini-buildd doctor")
    return register_script(registration)


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    """Keep what *lock* stands for from being removed; raises OSError when it just was."""
    descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        lock.stat()
        yield
    finally:
        os.close(descriptor)


def _write_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def _limits(limits: Limits) -> list[str]:
    """Options of prlimit(1)."""
    found = {"nproc": limits.processes, "fsize": limits.disk_bytes}
    return [f"--{name}={value}" for name, value in found.items() if value]


def _seldom(measure: Callable[[], int], turns: int = 10) -> Callable[[], int]:
    """The same, but going through a folder only at every so many looks."""
    count, last = 0, 0

    def look() -> int:
        nonlocal count, last
        count += 1
        if count % turns == 0:
            last = measure()
        return last

    return look
