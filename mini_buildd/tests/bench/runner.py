"""Run one command and write down what it took; a script for measure.py, tiny on purpose.

Linux counts the memory that a process had before its exec to the command that comes after it. So
the command must not be started by the benchmark, which holds much, but from here, which holds 9 MB.

The arguments are the file for the figures, and then the command by way of standard input, each
word followed by NUL: 60,000 file names are more than a command line of the usual size can hold.
"""

import os
import resource
import sys
import time

# A command line gets a quarter of the stack's limit, and never more than 6 MB (execve(2)).
_STACK_BYTES = 32 << 20


def _widen_command_line() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    wanted = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(hard, _STACK_BYTES)
    resource.setrlimit(resource.RLIMIT_STACK, (wanted, hard))


def _run(command: list[bytes]) -> str:
    """Wall and CPU seconds, kilobytes of peak memory, exit status: of it and its children."""
    nothing = (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)
    started = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[nothing])
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    cpu = usage.ru_utime + usage.ru_stime
    return f"{wall} {cpu} {usage.ru_maxrss} {os.waitstatus_to_exitcode(status)}"


if __name__ == "__main__":
    _widen_command_line()
    figures = _run(sys.stdin.buffer.read().split(b"\0")[:-1])
    with open(sys.argv[1], "w", encoding="ascii") as note:  # noqa: PTH123  # pathlib is 2 MB
        note.write(figures)
