"""Waiting for a child while looking after it."""

import os
import select
import subprocess
from collections.abc import Callable

_LOOK_SECONDS = 0.25


def follow(process: subprocess.Popen[bytes], look: Callable[[], None]) -> int:
    """Wait for *process*, calling *look* some times a second; gives its exit status.

    What *look* raises, or a signal handler, ends the process for good.
    """
    descriptor = os.pidfd_open(process.pid)
    try:
        while not select.select([descriptor], [], [], _LOOK_SECONDS)[0]:
            look()
        return process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        os.close(descriptor)
