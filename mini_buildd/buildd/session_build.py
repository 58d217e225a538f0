"""A build in a session that sbuild makes by itself: schroot, or a tarball that it unpacks."""

import subprocess
from collections.abc import Callable

from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.buildd.sbuild_run import run_sbuild
from mini_buildd.kit.atomic import write_file
from mini_buildd.tools.schroot import wrapper_script
from mini_buildd.wire.task import Task

_END_SECONDS = 60


def build_in_session(
    folder: TaskFolder, task: Task, look: Callable[[], None], *, is_for_debugging: bool = False
) -> int:
    """Build; gives sbuild's exit status. A session that sbuild leaves behind is ended."""
    programs = folder.path / "bin"
    programs.mkdir(exist_ok=True)
    write_file(programs / "schroot", wrapper_script(folder.session).encode(), mode=0o755)
    try:
        return run_sbuild(folder, task, look, programs=programs, is_for_debugging=is_for_debugging)
    finally:
        end_session(folder)


def end_session(folder: TaskFolder) -> None:
    """End the schroot session of the build in *folder*, by its own name, if it is still there."""
    try:
        name = folder.session.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return
    if not name:
        return
    listed = subprocess.run(
        ["schroot", "--list", "--all-sessions"], capture_output=True, text=True, check=False
    )
    if f"session:{name}" in listed.stdout.split():
        subprocess.run(
            ["schroot", "--end-session", "--force", "--chroot", name],
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_END_SECONDS,
        )
    folder.session.unlink(missing_ok=True)
