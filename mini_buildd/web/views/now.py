"""Home: what is going on now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.builders import list_aside
from mini_buildd.db.queries.builds import last_good_seconds
from mini_buildd.db.queries.now import find_now
from mini_buildd.db.queries.uploader_keys import waiting_keys
from mini_buildd.domain.key_expiry import running_out
from mini_buildd.flow.hosted import instance, outlook, places, troubles
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.web.administrators import may_in
from mini_buildd.web.views.builders import expired_chroots


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The home page."""
    ahead = outlook()
    found = find_now(now(), ahead.order)
    expected = last_good_seconds(found.running)
    may = may_in(request)
    context = {
        "now": found,
        "running": [(row, expected.get((row.source, row.architecture))) for row in found.running],
        "waiting": [(row, ahead.why(row.id) or row.reason) for row in found.waiting],
        "waiting_count": len(ahead.order),
        "ending_keys": running_out(ArchiveKeys(places().gnupg).listing(), now()),
        "troubles": troubles(),
        "expired_chroots": expired_chroots(),
        "slots": instance().builder.slots,
        "aside": list_aside(now()),
        "may": may,
        "waiting_keys": len(waiting_keys(now())) if may["approve_key"] else 0,
    }
    return render(request, "mini_buildd/now.html", context)
