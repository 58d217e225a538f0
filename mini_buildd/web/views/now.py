"""Home: what is going on now."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.builds import last_good_seconds
from mini_buildd.db.queries.now import find_now
from mini_buildd.domain.key_expiry import running_out
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.web.instance import instance, outlook, places, troubles


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The home page."""
    ahead = outlook()
    found = find_now(now(), ahead.order)
    expected = last_good_seconds(found.running)
    context = {
        "now": found,
        "running": [(row, expected.get((row.source, row.architecture))) for row in found.running],
        "waiting": [(row, ahead.why(row.id) or row.reason) for row in found.waiting],
        "waiting_count": len(ahead.order),
        "ending_keys": running_out(ArchiveKeys(places().gnupg).listing(), now()),
        "troubles": troubles(),
        "slots": instance().builder.slots,
    }
    return render(request, "mini_buildd/now.html", context)
