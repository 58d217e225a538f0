"""Home: what is going on now."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.builders import list_aside
from mini_buildd.db.queries.builds import BuildRow, last_good_seconds
from mini_buildd.db.queries.chroots import list_chroots
from mini_buildd.db.queries.now import find_now
from mini_buildd.db.queries.uploader_keys import waiting_keys
from mini_buildd.db.queries.uploads import UploadRow
from mini_buildd.domain.chroot_age import Health
from mini_buildd.domain.key_expiry import running_out
from mini_buildd.flow.first_administrator import is_offered
from mini_buildd.flow.first_steps import is_over, look
from mini_buildd.flow.hosted import instance, outlook, places, troubles
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.web.administrators import may_in
from mini_buildd.web.health import health
from mini_buildd.web.views.first_steps import shown_steps

Row = TypeVar("Row", UploadRow, BuildRow)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The home page."""
    at, ahead = now(), outlook()
    found = find_now(at, ahead.order)
    expected = last_good_seconds(found.running)
    may, me = may_in(request), request.user.get_username()
    chroots, in_trouble = list_chroots(at), troubles()
    context = {
        "now": found,
        "me": me,
        "rejected": _mine_first(found.rejected, me),
        "failed": _mine_first(found.failed, me),
        "running": [(row, expected.get((row.source, row.architecture))) for row in found.running],
        "waiting": [(row, ahead.why(row.id) or row.reason) for row in found.waiting],
        "waiting_count": len(ahead.order),
        "ending_keys": running_out(ArchiveKeys(places().gnupg).listing(), at),
        "troubles": in_trouble,
        "expired_chroots": [row for row in chroots if row.health is Health.EXPIRED],
        "health": health(places(), chroots, in_trouble, at),
        "slots": instance().builder.slots,
        "aside": list_aside(at),
        "may": may,
        **_first_steps(may),
        "waiting_keys": len(waiting_keys(at)) if may["approve_key"] else 0,
    }
    return render(request, "mini_buildd/now.html", context)


def _mine_first(rows: Iterable[Row], me: str) -> list[Row]:
    """What is one's own needs one most."""
    return sorted(rows, key=lambda row: not me or row.account != me)


def _first_steps(may: dict[str, bool]) -> dict[str, Any]:
    """The checklist, for an administrator as long as no package has come out."""
    if is_offered(places()):
        return {"is_new": True, "first": ()}
    if not may["configure"] or is_over(instance()):
        return {}
    return {"is_new": True, "first": shown_steps(look(instance(), places(), now))}
