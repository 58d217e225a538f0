"""Who runs a command: whoever owns the instance's files is its administrator."""

import os
import pwd

from mini_buildd.domain.permission import Actor


def owner() -> Actor:
    """Whoever runs this process."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = f"user {uid}"
    return Actor(name, is_admin=True)
