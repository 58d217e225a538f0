"""Events on the pages: found, linked, told in sentences; and as a feed."""

import base64
import re
from collections.abc import Mapping
from datetime import timedelta
from string import Formatter
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.utils.timezone import now

from mini_buildd.db import models
from mini_buildd.db.queries.events import list_events
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.permission import Role
from mini_buildd.tests.api.conftest import Enter, enter
from mini_buildd.tests.web.builder import Builder
from mini_buildd.web.event_words import _SENTENCES, FAMILIES, kinds, plain

__all__ = ["enter"]

_ATOM = "{http://www.w3.org/2005/Atom}"


def told(client: Client, query: str = "") -> list[str]:
    """The sentences of the list."""
    html = client.get(f"/events/{query}").content.decode()
    found = re.findall(r'<li data-key="event-\d+">.*?<p>(.*?)</p>', html, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", "", each).split()) for each in found]


def test_every_kind_of_event_has_its_sentence_and_its_family(busy: Builder) -> None:
    assert set(_SENTENCES) == set(EventKind)
    assert frozenset().union(*map(kinds, FAMILIES)) == set(EventKind)
    known = {"package", "build", "suite", "version", "snapshot", "repository", "detail"}
    for kind, text in _SENTENCES.items():
        assert {name for _, name, _, _ in Formatter().parse(text) if name} <= known
        busy.event(kind, 0)
        assert plain(list_events(count=1).rows[0])


def test_events_are_sentences_with_links(client: Client, busy: Builder) -> None:
    del busy
    html = client.get("/events/?source=zlib&kind=job.failed").content.decode()
    (found,) = told(client, "?source=zlib&kind=job.failed")
    assert found.startswith("zlib 1:1.3.dfsg+really1.3.1-1~test13+1 i386 failed to build")
    job = models.Job.objects.get(source__name="zlib", state="failed")
    assert f'<a href="/builds/{job.pk}/">' in html


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("?kind=snapshot", "snapshot"),
        ("?source=hello&kind=upload", "hello"),
        ("?person=ada&kind=upload", "ada"),
        ("?distribution=trixie-test-unstable&kind=suite.published", "trixie-test-unstable"),
    ],
)
def test_what_is_looked_for_is_found_alone(
    client: Client, busy: Builder, query: str, part: str
) -> None:
    del busy
    found = told(client, query)
    assert found
    assert all(part in each for each in found)
    assert len(found) < len(told(client))


@pytest.mark.parametrize("query", ["?kind=nonsense", "?since=yesterday", "?before=x"])
def test_what_cannot_be_meant_is_not_there(client: Client, busy: Builder, query: str) -> None:
    del busy
    assert client.get(f"/events/{query}").status_code == 404
    assert client.get(f"/events/feed.atom{query.replace('before', 'upload')}").status_code == 404


def test_a_live_page_listens_from_before_what_it_shows_was_read(
    client: Client, busy: Builder
) -> None:
    """Else what happens between that and the end of the page would be told to nobody."""
    models.Event.objects.update(at=now() - timedelta(seconds=30))
    before = models.Event.objects.latest("pk").pk
    busy.event(EventKind.KEY_ROTATED, 0)
    models.Event.objects.filter(pk__gt=before).update(at=now())
    html = client.get("/events/").content.decode()
    assert f'data-after="{before}"' in html


def test_pages_lead_back_and_forth_and_only_the_newest_is_live(
    client: Client, busy: Builder
) -> None:
    for _ in range(120):
        busy.event(EventKind.KEY_ROTATED, 0)
    first = client.get("/events/?kind=key").content.decode()
    assert "data-live-url" in first
    older = re.search(r'href="(\?[^"]*before=[^"]*)" rel="next"', first)
    assert older is not None
    second = client.get("/events/" + older[1].replace("&amp;", "&")).content.decode()
    assert "data-live-url" not in second
    newer = re.search(r'href="(\?[^"]*after=[^"]*)" rel="prev"', second)
    assert newer is not None
    back = client.get("/events/" + newer[1].replace("&amp;", "&")).content.decode()
    rows = re.compile(r'data-key="(event-\d+)"')
    assert rows.findall(back) == rows.findall(first)
    assert not set(rows.findall(second)) & set(rows.findall(first))


def test_an_event_has_an_address(client: Client, busy: Builder) -> None:
    del busy
    row = list_events(count=1).rows[0]
    assert f"Event {row.id}" in client.get(f"/events/{row.id}/").content.decode()
    assert client.get("/events/999999/").status_code == 404


def feed(client: Client, query: str = "", **fields: str) -> ET.Element:
    """The feed as a reader has it."""
    answer = client.get(f"/events/feed.atom{query}", headers=_headers(fields))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.content)  # noqa: S314  # our own


def _headers(fields: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in fields.items()}


def test_the_feed_has_what_the_list_has_and_says_when_nothing_is_new(
    client: Client, busy: Builder
) -> None:
    root = feed(client, "?source=hello")
    entries = root.findall(f"{_ATOM}entry")
    rows = [row for row in list_events(count=500).rows if row.source == "hello"]
    assert [entry.findtext(f"{_ATOM}title") for entry in entries] == [plain(row) for row in rows]
    first = f"http://buildd.example:8066/events/{rows[0].id}/"
    assert entries[0].findtext(f"{_ATOM}id") == first
    answer = client.get("/events/feed.atom?source=hello")
    known = {"If-None-Match": answer["ETag"]}
    assert client.get("/events/feed.atom?source=hello", headers=known).status_code == 304
    known = {"If-Modified-Since": answer["Last-Modified"]}
    assert client.get("/events/feed.atom?source=hello", headers=known).status_code == 304
    busy.published("hello", "2.10-6~test13+1", minutes=0)
    known = {"If-None-Match": answer["ETag"]}
    assert client.get("/events/feed.atom?source=hello", headers=known).status_code == 200


def test_the_feed_bears_any_text(client: Client, busy: Builder) -> None:
    busy.event(EventKind.BUILDER_SET_ASIDE, 0, detail="<b>&\x00\x1b[31m</b> \U0001f600")
    entry = feed(client, "?kind=builder").find(f"{_ATOM}entry")
    assert entry is not None
    summary = entry.findtext(f"{_ATOM}summary") or ""
    assert summary.startswith("&lt;b&gt;&amp;")
    assert "\U0001f600" in summary


def _basic(secret: str, name: str = "ada-reads") -> str:
    return f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"


def test_a_private_feed_is_only_for_who_comes_with_a_right_to_it(
    client: Client, busy: Builder, enter: Enter
) -> None:
    reader = enter("ada-reads", role=Role.READER)
    models.Repository.objects.update(is_private=True)
    assert not [e for e in feed(client).iter(f"{_ATOM}title") if "hello" in (e.text or "")]
    for name in ("test", "there-is-none"):
        asked = client.get(f"/events/feed.atom?repository={name}")
        assert asked.status_code == 401
        assert asked["WWW-Authenticate"].startswith("Basic ")
    root = feed(client, "?repository=test", Authorization=_basic(reader.secret))
    assert root.findall(f"{_ATOM}entry")
    wrong = {"Authorization": _basic("mbd_" + "x" * 43)}
    assert client.get("/events/feed.atom", headers=wrong).status_code == 401
    assert b"hello" not in client.get(f"/events/feed.atom?token={reader.secret}").content
    assert client.get("/events/feed.atom")["Cache-Control"] == "private, no-cache"
    assert "Authorization" in client.get("/events/feed.atom")["Vary"]
    del busy
