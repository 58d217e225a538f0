"""The plots of a package's page: which suite had which version, and how long its builds took."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mini_buildd.db.queries.package import Span, Timed
from mini_buildd.deb.version import Version
from mini_buildd.domain.suite_version import latest_first
from mini_buildd.web.plots.columns import Column, Series, lines
from mini_buildd.web.plots.figure import PLAIN_KINDS, Figure, Words
from mini_buildd.web.plots.history import Held, Suite, history
from mini_buildd.web.plots.unit import SECONDS

# More would be too narrow to be told apart.
_MOST_VERSIONS = 60


def suites_over_time(spans: Sequence[Span], until: datetime) -> Figure | None:
    """Which version each suite had when; None when none was published."""
    suites = [
        Suite(
            name,
            reverse("suite", args=[name]),
            [
                Held(span.version, span.since, span.until)
                for span in spans
                if span.distribution == name and span.since is not None
            ],
        )
        for name in sorted({span.distribution for span in spans})
    ]
    heads = (_("Version"), _("Since"), _("Until"))
    words = Words("suites-over-time", _("Versions over time"))
    return history(words, [suite for suite in suites if suite.held], until, heads)


def build_times(times: Sequence[Timed]) -> Figure | None:
    """How long good builds took over the versions; None of fewer than two versions."""
    latest: dict[tuple[str, str], Timed] = {
        (each.version, each.architecture): each for each in times
    }
    versions = latest_first([Version(text) for text in {each.version for each in times}])
    shown = versions[:_MOST_VERSIONS][::-1]
    if len(shown) < 2:  # noqa: PLR2004  # a point is no line
        return None
    # Versions may be long, so only the first and the last one are written.
    columns = [
        Column(version, place=place / (len(shown) - 1)) for place, version in enumerate(shown)
    ]
    series = [
        Series(
            architecture,
            PLAIN_KINDS[place % len(PLAIN_KINDS)],
            [
                found.seconds if (found := latest.get((version, architecture))) else None
                for version in shown
            ],
        )
        for place, architecture in enumerate(sorted({each.architecture for each in times}))
    ]
    summary = ngettext(
        "over its latest %(count)d version", "over its latest %(count)d versions", len(shown)
    ) % {"count": len(shown)}
    return lines(
        Words("build-times", _("How long its builds take"), summary), columns, series, SECONDS
    )
