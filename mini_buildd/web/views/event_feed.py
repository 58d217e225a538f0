"""Events as an Atom feed (RFC 4287).

What belongs to a private repository is only for who comes with a right to it: the session of a
browser, or, as feed readers do, HTTP Basic with a name and a token. There is no token in the
address: readers keep addresses, share them, and hand them to services that fetch for them, and
proxies write them into logs. Readers send a name only when they are asked for one (401), so
whoever asks for a repository or a suite that they may not see, or that there is not, is asked: by
that nobody learns which ones there are.
"""

import hashlib
import re
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.http import http_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.choices import distribution_names, repository_names
from mini_buildd.db.queries.events import list_events
from mini_buildd.domain.event_filter import EventFilter
from mini_buildd.domain.event_row import EventRow
from mini_buildd.domain.problem import SignInFailed, TooManyAttempts
from mini_buildd.flow.hosted import instance
from mini_buildd.web.event_words import plain
from mini_buildd.web.viewer import demand_given
from mini_buildd.web.views.events import wanted

_ENTRIES = 50
# XML has no place for these (XML 1.0 §2.2).
_UNPRINTABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The newest events that fit what the query string asks for, as the list has it."""
    try:
        demand_given(request)
    except (SignInFailed, TooManyAttempts):
        return _ask()
    wish = wanted(request)
    if not _is_known(wish) and "Authorization" not in request.headers:
        return _ask()
    rows = list_events(wish, count=_ENTRIES).rows
    response = _answer(request, rows)
    patch_vary_headers(response, ("Authorization", "Cookie"))
    response["Cache-Control"] = "private, no-cache"
    return response


def _is_known(wish: EventFilter) -> bool:
    """Whether what *wish* names may be seen by whoever looks."""
    repositories = repository_names()
    return (not wish.repository or wish.repository in repositories) and (
        not wish.distribution or wish.distribution in distribution_names()
    )


def _ask() -> HttpResponse:
    text = _("This needs an account: its name, and an API token instead of the password.")
    response = HttpResponse(f"{text}\n", status=401, content_type="text/plain; charset=utf-8")
    response["WWW-Authenticate"] = 'Basic realm="mini-buildd", charset="UTF-8"'
    return response


def _answer(request: HttpRequest, rows: Sequence[EventRow]) -> HttpResponse:
    # Not of the text: without events, that says when it was made.
    facts = [request.get_full_path(), get_language(), *(row.id for row in rows)]
    etag = f'"{hashlib.sha256(repr(facts).encode()).hexdigest()[:32]}"'
    modified = int(rows[0].at.timestamp()) if rows else None
    response = HttpResponse(
        _write(request, rows), content_type="application/atom+xml; charset=utf-8"
    )
    response["ETag"] = etag
    if modified is not None:
        response["Last-Modified"] = http_date(modified)
    found = get_conditional_response(request, etag, modified, response)
    return found if isinstance(found, HttpResponse) else response


def _write(request: HttpRequest, rows: Sequence[EventRow]) -> str:
    root = instance().url
    page = f"{root}/events/"
    query = request.META.get("QUERY_STRING", "")
    atom = Atom1Feed(
        title=_("Events of {identity}").format(identity=instance().identity),
        link=_clean(f"{page}?{query}" if query else page),
        description="",
        feed_url=_clean(f"{page}feed.atom?{query}" if query else f"{page}feed.atom"),
        author_name=instance().identity,
    )
    for row in rows:
        address = f"{page}{row.id}/"
        atom.add_item(
            title=_clean(plain(row)),
            link=address,
            unique_id=address,
            description=escape(_clean(row.detail)),  # readers take it for HTML
            author_name=_clean(row.person) or None,
            categories=[row.kind.value],
            pubdate=row.at,
            updateddate=row.at,
        )
    return atom.writeString("utf-8")


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
