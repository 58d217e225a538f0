"""Debug: what a builder is told to build an attempt once more, for somebody who looks on.

There is no row of it, so whatever it makes can never be published.
"""

from msgspec import structs

from mini_buildd.config.places import Places
from mini_buildd.db.models import Chroot
from mini_buildd.flow.chroot import generation_of
from mini_buildd.flow.repeat import task_of
from mini_buildd.wire.task import Limits, Task


def debug_task(places: Places, token: str, name: str) -> Task | None:
    """The task of the attempt of that *token*, to be built in the folder called *name*.

    It begins with today's base, since that of then may be gone, and nothing limits it. None when it
    is not kept what its builder was told.
    """
    task = task_of(places, token)
    if task is None:
        return None
    base = task.base
    chroot = Chroot.objects.select_related("base").filter(
        base__codename=task.codename,
        architecture=task.build_architecture or task.architecture,
        backend=task.backend,
    )
    if base and (found := chroot.first()) is not None:
        base = str(generation_of(places, found) or "")
    limits = Limits(cores=task.limits.cores)
    return structs.replace(task, attempt=name, base=base, limits=limits)
