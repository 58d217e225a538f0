"""Reading what is offered from outside, part by part, until only the decision is left to make."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from django.db import transaction

from mini_buildd.archive.offer import Offer, Offered, OfferedBinary, OfferedSource, Refused
from mini_buildd.archive.read_offers import read_all
from mini_buildd.db.models import Distribution
from mini_buildd.flow.intake import Intake, refuse
from mini_buildd.flow.revise import Order, revise
from mini_buildd.flow.site import Site
from mini_buildd.kit.atomic import beside

# What is held in memory at a time, before it is made durable and gets its rows.
_PART = 5000
_PART_BYTES = 32 << 20


def demand_open(site: Site, distribution: Distribution, order: Order) -> None:
    """Raise SuiteFrozen now rather than after all the reading."""
    with transaction.atomic():
        revise(site, distribution, order)
        transaction.set_rollback(True)


def gather(intake: Intake, offers: Iterable[Offer], *, dry_run: bool) -> list[Offered]:
    """Read everything and take it in, but for the rows of what is returned.

    These belong into the transaction of the decision: of few packages all, in a dry run all of
    any number. Raises PackageRefused.
    """
    held: list[Offered] = []
    for part in _parts(intake.distribution, offers):
        if dry_run:
            held += map(_slim, part)
            continue
        if held:
            with transaction.atomic():
                intake.save(held)
        intake.place(part)
        held = part
    return held


def _parts(distribution: Distribution, offers: Iterable[Offer]) -> Iterator[list[Offered]]:
    architectures = {row.architecture for row in distribution.architectures.all()} | {"all"}
    part: list[Offered] = []
    reasons: list[str] = []
    size_bytes = 0
    for answer in read_all(offers):
        if isinstance(answer, Refused):
            reasons.append(f"{answer.name}: {answer.reason}")
            continue
        if isinstance(answer, OfferedBinary) and answer.architecture not in architectures:
            reasons.append(f"{answer.package} for {answer.architecture}, which it is not for")
        part.append(answer)
        size_bytes += _weight(answer)
        if len(part) == _PART or size_bytes > _PART_BYTES:
            if reasons:
                break
            yield part
            part, size_bytes = [], 0
    if reasons:
        raise refuse(reasons)
    if part:
        yield part


def _weight(offered: Offered) -> int:
    """Bytes in memory, nearly."""
    if isinstance(offered, OfferedSource):
        return len(offered.paragraph)
    return len(offered.paragraph) + len(offered.listing) + len(offered.changelog or b"")


def _slim(offered: Offered) -> Offered:
    """Without what no dry run shows."""
    if isinstance(offered, OfferedSource):
        return msgspec.structs.replace(offered, paragraph="-")
    return msgspec.structs.replace(offered, paragraph="-", listing=b"", changelog=None)


@contextmanager
def copies_in(root: Path) -> Iterator[bytes]:
    """A passing folder for copies of what is offered, beside the pool below *root*.

    What is placed are then these: nobody else can write into them, also later.
    """
    root.mkdir(parents=True, exist_ok=True)
    folder = beside(root / "intake")
    folder.mkdir(mode=0o700)
    try:
        yield os.fsencode(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
