"""The health of the instance in a line: what is well says so, and what is not leads to why."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mini_buildd.config.places import Places
from mini_buildd.db.queries.chroots import ChrootRow
from mini_buildd.domain.chroot_age import Health
from mini_buildd.flow.troubles import Trouble
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.web.status import Shape, Status

_FULL, _NEARLY_FULL = 0.03, 0.10
_SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class HealthItem:
    """One thing that can be well or not, and the page that tells more."""

    status: Status
    url: str


def health(
    places: Places, chroots: Sequence[ChrootRow], troubles: Sequence[Trouble], at: datetime
) -> tuple[HealthItem, ...]:
    """All there is to say."""
    return tuple(
        HealthItem(status, reverse(page))
        for status, page in (
            (_archive(troubles), "repositories"),
            *((status, "builders") for status in _chroots(chroots, at)),
            *((status, "schedule") for status in _disk(places)),
            *((status, "schedule") for status in _keys(places, at)),
        )
    )


def _archive(troubles: Sequence[Trouble]) -> Status:
    if not troubles:
        return Status(Shape.GOOD, _("archive published"))
    count = len(troubles)
    word = ngettext("%(count)d thing cannot be done", "%(count)d things cannot be done", count)
    return Status(Shape.BAD, word % {"count": count})


def _chroots(chroots: Sequence[ChrootRow], at: datetime) -> Iterator[Status]:
    made = [row.made_at for row in chroots if row.made_at is not None]
    if not made:
        return
    bad = sum(row.health in (Health.EXPIRED, Health.PROBLEM) for row in chroots)
    if bad:
        word = ngettext("%(count)d chroot has a problem", "%(count)d chroots have a problem", bad)
        yield Status(Shape.HELD, word % {"count": bad})
        return
    days = (at - min(made)).days
    word = ngettext("chroots (oldest %(count)d day)", "chroots (oldest %(count)d days)", days)
    yield Status(Shape.GOOD, word % {"count": days})


def _disk(places: Places) -> Iterator[Status]:
    try:
        usage = shutil.disk_usage(places.home)
    except OSError:
        return
    part = usage.free / usage.total
    shape = Shape.BAD if part < _FULL else Shape.HELD if part < _NEARLY_FULL else Shape.GOOD
    yield Status(shape, _("disk %(share)d %% free") % {"share": round(100 * part)})


def _keys(places: Places, at: datetime) -> Iterator[Status]:
    ends = [key.expires_at for key in ArchiveKeys(places.gnupg).listing() if key.expires_at]
    if not ends:
        return
    days = (max(ends) - at).days
    if days < 0:
        yield Status(Shape.BAD, _("the archive's key has expired"))
        return
    word = ngettext("key expires in %(count)d day", "key expires in %(count)d days", days)
    yield Status(Shape.HELD if days < _SOON_DAYS else Shape.GOOD, word % {"count": days})
