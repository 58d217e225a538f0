"""Builds a task once more, in the foreground, and gives whoever sits there a shell where it ends.

Started as ``python -m mini_buildd.buildd.debug <folder>``, which holds the task and is removed
afterwards with all that the build has made. It goes the same way as every build.
"""

import signal
import sys
from pathlib import Path

from mini_buildd.buildd.cell import CellImpossible
from mini_buildd.buildd.folder import TaskFolder
from mini_buildd.buildd.supervisor import Work
from mini_buildd.buildd.sweep import end_stragglers, remove_folder
from mini_buildd.buildd.watch import Stopped, stop_on_signal


def debug(folder: TaskFolder) -> int:
    """Build the task in *folder*; gives the exit status: 0 when there was a shell to be had."""
    # What is typed at the terminal is for the shell, and what ends the terminal ends the build.
    signal.signal(signal.SIGINT, lambda *_: None)
    stop_on_signal(signal.SIGHUP)
    stop_on_signal(signal.SIGTERM)
    work = Work(folder, folder.task(), is_for_debugging=True)
    try:
        ending = work.run()
    except Stopped as stopped:
        ending = stopped.ending
    except (OSError, CellImpossible) as error:
        sys.stderr.write(f"mini-buildd: the build could not be run: {error}\n")
        _show_log(folder)
        return 1
    finally:
        work.close()
    sys.stdout.write(f"mini-buildd: {ending.reason or 'it was built'}; nothing of this is kept\n")
    return 0


def _show_log(folder: TaskFolder) -> None:
    """What came before sbuild, which talks to the terminal itself."""
    try:
        sys.stderr.write(folder.log.read_text(encoding="utf-8", errors="replace")[-4000:])
    except FileNotFoundError:
        return


def main(path: Path) -> int:
    """Debug, and leave nothing behind; while the lock is held, nobody takes it for left behind."""
    folder = TaskFolder(path)
    folder.lock()
    try:
        return debug(folder)
    finally:
        end_stragglers(path)
        remove_folder(path)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
