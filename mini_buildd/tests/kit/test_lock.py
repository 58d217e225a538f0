"""Whether a lock is held, seen from outside."""

import fcntl
import os
from pathlib import Path

from mini_buildd.kit.lock import is_held


def test_a_lock_is_seen_as_long_as_it_is_held(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    assert not is_held(path)
    for kind in (fcntl.LOCK_SH, fcntl.LOCK_EX):
        fcntl.flock(descriptor, kind)
        assert is_held(path)
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    assert not is_held(path)
    os.close(descriptor)
