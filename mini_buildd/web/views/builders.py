"""Builders, and the chroots that builds start from."""

from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.builders import list_builders
from mini_buildd.db.queries.chroots import ChrootRow, list_chroots
from mini_buildd.domain.permission import Act
from mini_buildd.flow.chroot import chroot_by_id
from mini_buildd.flow.hosted import instance, places, site
from mini_buildd.flow.refresh import ask_refresh
from mini_buildd.kit.lock import is_held
from mini_buildd.web.administrators import actor_of, for_those_who_may, may_in
from mini_buildd.web.views.changes import Wish, answer, at_once


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All of them."""
    context = {
        "builders": list_builders(now(), instance().builder.lease_seconds),
        "chroots": [seen(row) for row in list_chroots(now())],
        "may": may_in(request),
    }
    return render(request, "mini_buildd/builders.html", context)


def seen(row: ChrootRow) -> ChrootRow:
    """*row* with what only the disk tells."""
    folder = places().chroots / f"{row.codename}-{row.architecture}"
    return replace(row, is_being_made=is_held(folder))


@for_those_who_may(Act.REFRESH_CHROOT)
def refresh(request: HttpRequest, chroot_id: int) -> HttpResponse:
    """Make a chroot anew."""
    chroot = chroot_by_id(chroot_id)
    if chroot is None:
        raise Http404

    wish = Wish(
        title=gettext("Make the chroot %(chroot)s anew") % {"chroot": chroot},
        button=gettext("Make it anew"),
        done=gettext("%(chroot)s is made anew in a moment.") % {"chroot": chroot},
        verb=at_once(lambda _: ask_refresh(site(), actor_of(request), chroot)),
        back=reverse("builders") + "#chroots",
        is_planned=False,
        asks_reason=False,
        consequences=gettext(
            "It takes a minute or some. Builds go on with the one that is there, until "
            "the new one has passed its checks."
        ),
    )
    return answer(request, wish)
