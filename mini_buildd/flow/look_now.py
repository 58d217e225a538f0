"""Let a step of the daemon look now for what it would look for later by itself."""

from django.db import transaction

from mini_buildd.db.audit import note
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import NothingToDo
from mini_buildd.flow.hosted import rounds, wake_step
from mini_buildd.flow.site import Site


def look_now(site: Site, actor: Actor, name: str) -> None:
    """Wake the step called *name*; raises NotAllowed, NothingToDo."""
    demand(actor, Act.RUN_STEP)
    known = [each.name for each in rounds()]
    if not wake_step(name):
        raise NothingToDo(
            expected=f"one of: {', '.join(known) or 'none, without a daemon'}",
            found=name,
            hint="The page Schedule lists them.",
        )
    with transaction.atomic():
        note(actor, "let run", at=site.clock(), kind="step", name=name)
