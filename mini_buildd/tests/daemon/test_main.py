"""What the one process does before it serves."""

import resource
import subprocess
import sys

_PROGRAM = """
import resource
from mini_buildd.daemon.main import open_many_files
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
open_many_files()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_it_may_have_many_open_files_as_far_as_the_machine_lets_it() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], check=True, capture_output=True, text=True
    )
    wanted = 16_384 if hard == resource.RLIM_INFINITY else min(16_384, hard)
    assert done.stdout.split() == [str(wanted), str(hard)]
