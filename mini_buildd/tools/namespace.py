"""User namespaces: commands that run as root of a range of subordinate ids (user_namespaces(7)).

Root in there is the first subordinate id, nobody that this machine knows. Whoever calls is in there
as one id more, so that root may enter the caller's closed folders; what it makes belongs to itself.
"""

import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SUBUID, SUBGID = Path("/etc/subuid"), Path("/etc/subgid")

# Less than that, and the system users of a Debian root have no id (Policy 9.2.2).
MIN_IDS = 65536

# Where login.defs(5) lets subordinate ids begin.
_FIRST_FREE = 100_000


@dataclass(frozen=True, slots=True)
class Subids:
    """A range of subordinate user ids and one of group ids, each of MIN_IDS at least."""

    first_uid: int
    first_gid: int


def read_subids(name: str, uid: int, subuid: str, subgid: str) -> Subids | None:
    """The ranges of the user called *name* in the texts of /etc/subuid and /etc/subgid.

    None when one of them has none that is wide enough (subuid(5)).
    """
    first_uid, first_gid = (_first(name, uid, text.splitlines()) for text in (subuid, subgid))
    return Subids(first_uid, first_gid) if first_uid and first_gid else None


def find_own_subids() -> Subids | None:
    """The ranges of whoever runs this; None as with read_subids."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in (SUBUID, SUBGID)]
    except (OSError, KeyError):
        return None
    return read_subids(name, os.getuid(), *texts)


def _first(name: str, uid: int, lines: Iterable[str]) -> int | None:
    for line in lines:
        who, _, numbers = line.partition(":")
        first, _, count = numbers.partition(":")
        is_ours = who in (name, str(uid)) and first.isdecimal() and count.strip().isdecimal()
        if is_ours and int(count) >= MIN_IDS:
            return int(first)
    return None


def free_range(text: str) -> int:
    """The first id after all that are given away in the text of /etc/subuid or /etc/subgid."""
    ends = [_FIRST_FREE]
    for line in text.splitlines():
        first, _, count = line.partition(":")[2].partition(":")
        if first.isdecimal() and count.strip().isdecimal():
            ends.append(int(first) + int(count))
    return max(ends)


def enter_command(subids: Subids, *flags: str) -> list[str]:
    """What a command is put behind to run as root of a namespace with *subids*.

    *flags* are further ones of unshare(1), such as --mount. As of util-linux 2.38, which takes the
    caller's one id off the end of the range; later ones do not.
    """
    return [
        "unshare",
        f"--map-user={MIN_IDS}",
        f"--map-group={MIN_IDS}",
        f"--map-users={subids.first_uid},0,{MIN_IDS}",
        f"--map-groups={subids.first_gid},0,{MIN_IDS}",
        "--setuid=0",
        "--setgid=0",
        *flags,
        "--",
    ]
