"""What makes a page a live one (live.js), and what an event is in words."""

from datetime import timedelta
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _

from mini_buildd.db.queries.queue import last_event_before
from mini_buildd.domain.event_row import EventRow
from mini_buildd.web.event_words import sentence

register = template.Library()

# What the page shows was read before this, and something may have happened in between. So it begins
# to listen a little earlier; at worst it is fetched once more for what it shows already.
_MEANWHILE = timedelta(seconds=5)


@register.simple_tag
def live(*, url: str = "", poll: int = 30, **events: object) -> SafeString:
    """The attributes of a page that is kept up to date: *events* are those that it is about.

    It is fetched again from *url*, or else from where it is; every *poll* seconds in any case.
    """
    return format_html(
        'data-live-url="{}" data-events="{}" data-after="{}" data-poll-seconds="{}"'
        ' data-word-live="{}" data-word-lost="{}"',
        url,
        urlencode(events),
        str(last_event_before(now() - _MEANWHILE)),
        str(poll),
        _("live"),
        _("lost the connection, trying again; or load the page anew"),
    )


@register.simple_tag
def told(row: EventRow) -> SafeString:
    """The sentence that tells of the event *row*, with links to what it is about."""
    return sentence(row)
