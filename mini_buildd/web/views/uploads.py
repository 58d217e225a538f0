"""The list of uploads, and one upload."""

from collections.abc import Mapping, Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.builds import BuildRow
from mini_buildd.db.queries.choices import distribution_names
from mini_buildd.db.queries.events import list_events_after
from mini_buildd.db.queries.page import Order
from mini_buildd.db.queries.timeline import timeline_of
from mini_buildd.db.queries.uploads import find_upload, list_uploads
from mini_buildd.domain.event_filter import EventFilter
from mini_buildd.domain.states import JobState, SourceState, UploadState
from mini_buildd.flow.hosted import outlook
from mini_buildd.web.filters import Filters, days, filters, order, select, text
from mini_buildd.web.upload_lanes import upload_lanes
from mini_buildd.web.views.build_acts import acts_on_upload
from mini_buildd.web.views.query_string import before, choice, day, day_after, words

_SHOWN_EVENTS = 200
# The words of the URL, and what they mean: what became of an upload is told by its source package.
_STATES: Mapping[str, tuple[UploadState | None, SourceState | None]] = {
    "checked": (UploadState.RECEIVED, None),
    "rejected": (UploadState.REJECTED, None),
    "building": (None, SourceState.BUILDING),
    "ready": (None, SourceState.READY),
    "published": (None, SourceState.PUBLISHED),
    "failed": (None, SourceState.FAILED),
    "superseded": (None, SourceState.SUPERSEDED),
}
_MOVING = (SourceState.ACCEPTED, SourceState.BUILDING, SourceState.READY)


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Uploads that fit what is asked for, newest first unless asked otherwise."""
    state, source_state = _STATES.get(words(request, "state"), (None, None))
    wanted = words(request, "source")
    page = list_uploads(
        before(request),
        state=state,
        source_state=source_state,
        source=f"{wanted}*" if wanted and not wanted.endswith("*") else wanted,
        distribution=words(request, "distribution"),
        person=words(request, "person"),
        since=day(request, "since"),
        until=day_after(request, "until"),
        order=choice(request, "order", Order) or Order.NEWEST,
    )
    return render(request, "mini_buildd/uploads.html", {"page": page, "filters": _filters(request)})


def _state_words() -> list[tuple[str, str]]:
    return [
        ("checked", _("being checked")),
        ("rejected", _("rejected")),
        ("building", _("building or waiting")),
        ("ready", _("being published")),
        ("published", _("published")),
        ("failed", _("failed")),
        ("superseded", _("superseded")),
    ]


def _filters(request: HttpRequest) -> Filters:
    suites = [(name, name) for name in distribution_names()]
    orders = [("newest", _("Newest first")), ("oldest", _("Oldest first"))]
    return filters(
        text(request, "source", _("Package"), _("how it begins")),
        select(request, "state", _("State"), _state_words(), _("any state")),
        select(request, "distribution", _("Distribution"), suites, _("all of them")),
        text(request, "person", _("Signed by")),
        *days(request),
        order(request, orders),
    )


@require_safe
def show(request: HttpRequest, upload_id: int) -> HttpResponse:
    """One upload; it refreshes itself until it has come to its end."""
    upload = find_upload(upload_id)
    if upload is None:
        raise Http404(gettext("There is no upload %(upload_id)s.") % {"upload_id": upload_id})
    row = upload.row
    is_moving = row.state is UploadState.RECEIVED or row.source_state in _MOVING
    acts = acts_on_upload(request, upload)
    timeline = timeline_of(upload_id)
    context = {
        "upload": upload,
        "row": row,
        "is_moving": is_moving,
        "builds": _with_reasons(upload.builds),
        "timeline": upload_lanes(timeline, now()) if timeline is not None else None,
        "events": list_events_after(0, EventFilter(upload_id=upload_id), count=_SHOWN_EVENTS),
        **acts,
    }
    return render(request, "mini_buildd/upload.html", context)


def _with_reasons(builds: Sequence[BuildRow]) -> list[tuple[BuildRow, str]]:
    """Each with why it waits, or what else is to be said of it."""
    waits = any(build.state is JobState.WAITING for build in builds)
    ahead = outlook() if waits else None
    return [
        (build, (ahead.why(build.id) if ahead is not None else "") or build.reason)
        for build in builds
    ]
