"""Take ready-made packages, built elsewhere, into a suite that allows it.

They are marked by their origin for ever. Nothing is built and no rule on versions is asked: the
word of an administrator stands for them.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from mini_buildd.archive.offer import Offer, Offered
from mini_buildd.db.models import Distribution
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import PackageRefused
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow.change import SuiteChange, decide_changes
from mini_buildd.flow.enter import enter
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.gather import copies_in, demand_open, demand_ready_made, gather
from mini_buildd.flow.intake import Intake
from mini_buildd.flow.locks import pool_lock
from mini_buildd.flow.revise import Order, Revision, revise
from mini_buildd.flow.site import Site

_ENDINGS = (".deb", ".udeb", ".dsc")


@tells_full_disk
def take_ready_made(
    site: Site,
    actor: Actor,
    distribution: Distribution,
    files: Sequence[Path],
    origin: str,
    *,
    reason: str = "",
    dry_run: bool = False,
    links: bool = False,
) -> tuple[SuiteChange, ...]:
    """Decide that the suite has the packages *files*: .deb, .udeb, and .dsc with what is beside it.

    *origin* says where they are from. The files are copied; with *links* they get a second name
    instead, if nobody is ever going to write into them. Raises NotAllowed, ReadyMadeClosed,
    SuiteFrozen, PackageRefused, and NothingToDo when the suite has them all.
    """
    demand(actor, Act.TAKE_READY_MADE, repository=distribution.repository.name)
    demand_ready_made(distribution)
    order = Order(actor, Cause.IMPORT, reason)
    demand_open(site, distribution, order)
    intake = Intake(site, distribution, origin)
    with pool_lock(site, distribution.repository.name), ExitStack() as stack:
        copies = b""
        if not (dry_run or links):
            root = site.tree(distribution.repository.name).root
            copies = stack.enter_context(copies_in(root))
        held = gather(intake, map(_offer_of(copies), _sorted(files)), dry_run=dry_run)
        return decide_changes(lambda: _revisions(site, order, intake, held), dry_run=dry_run)


def _sorted(files: Sequence[Path]) -> list[Path]:
    """Sources before what is built of them."""
    strange = [path.name for path in files if path.suffix not in _ENDINGS]
    if strange:
        raise PackageRefused(
            expected="files that end in .deb, .udeb or .dsc",
            found=", ".join(strange[:5]),
            hint="The further files of a source package are found beside its .dsc.",
        )
    return sorted(files, key=lambda path: path.suffix != ".dsc")


def _offer_of(copies: bytes) -> Callable[[Path], Offer]:
    return lambda path: Offer(os.fsencode(path.absolute()), copies=copies)


def _revisions(
    site: Site, order: Order, intake: Intake, held: Sequence[Offered]
) -> Iterator[Revision]:
    revision = revise(site, intake.distribution, order)
    intake.save(held)
    enter(revision, intake.entered())
    yield revision
