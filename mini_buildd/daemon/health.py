"""Looking whether the daemon can do its work.

Anybody may ask, so nothing is told that is not everybody's: no paths, and no names of suites.
"""

from django.db import DatabaseError

from mini_buildd.daemon.ground import Ground
from mini_buildd.daemon.pulse import StepWatch
from mini_buildd.daemon.report import Check, Report
from mini_buildd.db.connect import check_writable, in_thread
from mini_buildd.flow.figures import disks
from mini_buildd.kit.full_disk import free_bytes

_LEAST_FREE_BYTES = 64 << 20
_FAILURES = 3
_HOUR_SECONDS = 3600.0
# A step that takes longer hangs; these do what may take long.
_LONGEST_SECONDS = _HOUR_SECONDS / 4
_LONGEST_OF_LONG_ONES_SECONDS = 6 * _HOUR_SECONDS
_LONG_ONES = frozenset({"chroots", "hash", "keyring", "origs", "publish suites", "tidy"})


def thd_check(ground: Ground, steps: StepWatch) -> Report:
    """Look at everything."""
    with in_thread():
        return Report(
            [_database(), _disks(ground), _archive(ground), check_steps(steps)],
        )


def _database() -> Check:
    try:
        check_writable()
    except DatabaseError:
        return Check("database", ok=False, text="it cannot be written")
    return Check("database", ok=True)


def _disks(ground: Ground) -> Check:
    full = []
    for name, folder in disks(ground.site).items():
        try:
            free = free_bytes(folder)
        except OSError:
            full.append(f"that of {name} cannot be asked")
            continue
        if free < _LEAST_FREE_BYTES:
            full.append(f"that of {name} has {free >> 20} MB left")
    return Check("disk", ok=not full, text="; ".join(full))


def _archive(ground: Ground) -> Check:
    count = sum(each.what == "cannot be published" for each in ground.troubles.listing())
    said = f"{count} suite{'s' if count > 1 else ''} cannot be published"
    return Check("archive", ok=not count, text=said if count else "")


def check_steps(steps: StepWatch) -> Check:
    """Whether none hangs, and none fails again and again."""
    late = sorted({run.label for run in steps.runs() if run.seconds > _longest(run.label)})
    failing = steps.failing(_FAILURES)
    said = [*[f"{', '.join(late)} works for too long"] * bool(late)]
    said += [f"{failing} failed again and again"] * bool(failing)
    return Check("steps", ok=not said, text="; ".join(said))


def _longest(label: str) -> float:
    return _LONGEST_OF_LONG_ONES_SECONDS if label in _LONG_ONES else _LONGEST_SECONDS
