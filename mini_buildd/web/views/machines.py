"""A builder, and a chroot: how it is, and what it did lately."""

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.builders import find_builder
from mini_buildd.db.queries.chroots import list_chroots
from mini_buildd.db.queries.machines import (
    busy_times,
    has_built,
    last_builds_of,
    outcomes_of,
    use_of,
)
from mini_buildd.domain.states import Outcome
from mini_buildd.flow.generations import Generations
from mini_buildd.flow.hosted import instance, places
from mini_buildd.web.administrators import may_in
from mini_buildd.web.machine_plots import load
from mini_buildd.web.views.builders import seen

_DAY, _MONTH = timedelta(days=1), timedelta(days=30)


@require_safe
def builder(request: HttpRequest, name: str) -> HttpResponse:
    """A builder; also one that is gone, while there are builds that it had."""
    at = now()
    row = find_builder(name, at, instance().builder.lease_seconds)
    if row is None and not has_built(name):
        raise Http404(gettext("There is no builder %(name)s.") % {"name": name})
    outcomes = outcomes_of(name, at - _MONTH)
    good, failed = outcomes.get(Outcome.SUCCEEDED, 0), outcomes.get(Outcome.FAILED, 0)
    lost, ended = outcomes.get(Outcome.LOST, 0), sum(outcomes.values())
    context = {
        "name": name,
        "row": row,
        "good": good,
        "failed": failed,
        "lost": lost,
        "ended": ended,
        "share": round(100 * good / ended) if ended else None,
        "load": load("day", busy_times(name, at - _DAY), row.slots if row else 0, at),
        "builds": last_builds_of(name),
        "may": may_in(request),
    }
    return render(request, "mini_buildd/builder.html", context)


@require_safe
def chroot(request: HttpRequest, chroot_id: int) -> HttpResponse:
    """A chroot."""
    found = [row for row in list_chroots(now()) if row.id == chroot_id]
    use = use_of(chroot_id)
    if not found or use is None:
        raise Http404(gettext("There is no such chroot."))
    row = seen(found[0])
    names = Generations(places().chroots / f"{row.codename}-{row.architecture}").names()
    context = {
        "row": row,
        "use": use,
        "generations": [(name, name == row.generation) for name in reversed(names)],
        "may": may_in(request),
    }
    return render(request, "mini_buildd/chroot.html", context)
