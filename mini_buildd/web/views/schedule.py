"""The schedule: what the daemon does by itself, when it did it last, and when it does it next."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.chroots import list_chroots
from mini_buildd.db.queries.schedule import list_renewals, list_snapshot_plans
from mini_buildd.domain.permission import Act
from mini_buildd.flow.hosted import places, rounds, site
from mini_buildd.flow.look_now import look_now
from mini_buildd.flow.rounds import Round
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.web.administrators import actor_of, for_those_who_may, may_in

# What each step of the daemon is for; those that publish one suite each have its name behind.
_STEPS: Mapping[str, str] = {
    "intake": gettext_noop("Looks at what has arrived, and accepts or rejects it."),
    "hash": gettext_noop("Computes the checksums of large files that have arrived."),
    "origs": gettext_noop("Fetches upstream tarballs that uploads leave out."),
    "build": gettext_noop("Gives waiting builds to builders, and takes in their results."),
    "order": gettext_noop("Lets builds go on that waited for other packages."),
    "publish": gettext_noop("Judges what was built, and decides on new versions of suites."),
    "mail": gettext_noop("Tells people by mail."),
    "keyring": gettext_noop("Keeps the packages with the archive's keys up to date."),
    "tidy": gettext_noop(
        "Takes snapshots, lets old versions and files go, compresses logs, looks after keys and "
        "the certificate."
    ),
    "measure": gettext_noop("Counts builds and the length of the queue, for plots."),
    "chroots": gettext_noop("Makes chroots anew."),
    "watched folders": gettext_noop("Looks into folders that are watched for uploads."),
}


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step, and what it is for."""

    round: Round
    purpose: str


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """All of it."""
    at = now()
    context = {
        "steps": [StepRow(each, _purpose(each.name)) for each in rounds()],
        "chroots": [row for row in list_chroots(at) if row.next_at is not None],
        "snapshots": list_snapshot_plans(at),
        "renewals": list_renewals(),
        "keys": [key for key in ArchiveKeys(places().gnupg).listing() if key.expires_at],
        "may": may_in(request),
    }
    return render(request, "mini_buildd/schedule.html", context)


def _purpose(name: str) -> str:
    if name.startswith("publish "):
        return _("Writes and signs a suite that has changed, or must be signed anew.")
    return _(_STEPS[name]) if name in _STEPS else ""


@for_those_who_may(Act.RUN_STEP)
def run_now(request: HttpRequest, name: str) -> HttpResponse:
    """Let a step look now."""
    look_now(site(), actor_of(request), name)
    messages.success(request, _("“%(name)s” looks now.") % {"name": name})
    return redirect("schedule")
