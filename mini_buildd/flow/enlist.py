"""What this machine's builder says of itself, so that it is given what it can take."""

import os
import re
import shutil
from datetime import timedelta
from pathlib import Path

from mini_buildd.db.models import Builder
from mini_buildd.db.queries.queue import list_places
from mini_buildd.flow.site import Site

_MIB = 1 << 20
_KIB_A_MIB = 1024
# Room on a disk changes with every build; less of a change than that tells nobody anything.
_DISK_STEP_MB = 1024
_SEEN_EVERY = timedelta(minutes=1)


def enlist(site: Site, name: str) -> None:
    """Write down what this machine, as the builder called *name*, has; only what is new."""
    settings = site.settings.builder
    values: dict[str, object] = {
        "slots": settings.slots,
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": _memory_mb(),
        "disk_mb": _free_disk_mb(site.places.home),
        # What there is a chroot for has run here: its packages were installed.
        "architectures": " ".join(sorted({place[1] for place in list_places(settings.backend)})),
        "tags": " ".join(sorted(settings.tags)),
    }
    now = site.clock()
    defaults = {**values, "seen_at": now}
    row, is_new = Builder.objects.get_or_create(name=name, defaults=defaults)
    changed = {key: value for key, value in values.items() if getattr(row, key) != value}
    if row.seen_at is None or now - row.seen_at > _SEEN_EVERY:
        changed["seen_at"] = now
    if is_new or not changed:
        return
    Builder.objects.filter(pk=row.pk).update(**changed)


def _memory_mb() -> int:
    """All memory that this machine has (proc_meminfo(5)); 0 when it does not tell."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^MemTotal: +([0-9]+) kB$", text, re.MULTILINE)
    return int(found[1]) // _KIB_A_MIB if found else 0


def _free_disk_mb(folder: Path) -> int:
    free = shutil.disk_usage(folder).free // _MIB
    return free // _DISK_STEP_MB * _DISK_STEP_MB
