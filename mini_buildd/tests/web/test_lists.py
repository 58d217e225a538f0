"""Lists of uploads and builds: narrowed down and sorted by the URL, page by page."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mini_buildd.db import models
from mini_buildd.db.queries.page import Order
from mini_buildd.db.queries.uploads import list_uploads
from mini_buildd.domain.states import JobState, Outcome, SourceState
from mini_buildd.flow.measure import count_days
from mini_buildd.tests.web.builder import Builder

MAX_QUERIES = 14  # of which one is each field that can be chosen from


def found(client: Client, path: str, kind: str) -> list[str]:
    """The packages with their versions in the list at *path*."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    rows = re.findall(
        rf'<a href="/{kind}/\d+/"><b>([^<]+)</b> <span class="version">([^<]+)<',
        answer.content.decode(),
    )
    return [" ".join(row) for row in rows]


@pytest.fixture
def six(builder: Builder) -> Builder:
    """Builds of other packages, days, states, people; the later they come the longer they took."""
    for number, (name, state) in enumerate(
        [
            ("zlib", JobState.SUCCEEDED),
            ("zlib1g", JobState.FAILED),
            ("hello", JobState.SUCCEEDED),
            ("hello", JobState.FAILED),
            ("tree", JobState.WAITING),
            ("bc", JobState.SUCCEEDED),
        ]
    ):
        minutes = 1440.0 * (6 - number)
        source = builder.source(name, f"{number}", minutes=minutes)
        architecture = "amd64" if number % 2 else "i386"
        job = builder.job(source, state, architecture, minutes=minutes)
        if state is not JobState.WAITING:
            outcome = Outcome(state.value)
            builder.attempt(job, None, outcome, minutes=minutes, seconds=60 * number)
            models.Job.objects.filter(pk=job.pk).update(took_seconds=60 * number)
    return builder


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["bc 5", "tree 4", "hello 3", "hello 2", "zlib1g 1", "zlib 0"]),
        ("state=failed", ["hello 3", "zlib1g 1"]),
        ("source=zlib", ["zlib 0"]),
        ("source=zlib*", ["zlib1g 1", "zlib 0"]),
        ("source=hello&state=failed", ["hello 3"]),
        ("architecture=i386", ["tree 4", "hello 2", "zlib 0"]),
        ("distribution=trixie-test-testing", []),
        ("distribution=trixie-test-unstable&state=waiting", ["tree 4"]),
        ("builder=north", ["bc 5", "hello 3", "hello 2", "zlib1g 1", "zlib 0"]),
        ("builder=south", []),
        ("person=ada", ["bc 5", "tree 4", "hello 3", "hello 2", "zlib1g 1", "zlib 0"]),
        ("person=bob", []),
        ("order=oldest", ["zlib 0", "zlib1g 1", "hello 2", "hello 3", "tree 4", "bc 5"]),
        ("order=longest", ["bc 5", "hello 3", "hello 2", "zlib1g 1", "zlib 0"]),
    ],
)
def test_builds_are_those_that_fit_all_that_is_asked_for(
    client: Client, six: Builder, query: str, expected: list[str]
) -> None:
    del six
    assert found(client, f"/builds/?{query}", "builds") == expected


def test_builds_of_some_days_include_the_last_of_them(client: Client, six: Builder) -> None:
    first, last = (six.at - timedelta(days=days) for days in (4, 3))
    query = f"since={first.date()}&until={last.date()}"
    assert found(client, f"/builds/?{query}", "builds") == ["hello 3", "hello 2"]


@pytest.mark.parametrize("order", ["newest", "oldest", "longest"])
def test_pages_of_every_order_go_on_where_the_one_before_ended(
    client: Client, builder: Builder, order: str
) -> None:
    for number in range(120):
        job = builder.job(builder.source("sl", f"{number}"), JobState.SUCCEEDED)
        # Many took as long as others: these have to be told apart as well.
        models.Job.objects.filter(pk=job.pk).update(took_seconds=number // 30)
    path, seen = f"/builds/?order={order}&state=succeeded", []
    for _ in range(3):
        seen += found(client, path, "builds")
        following = re.search(r'href="([^"]+)" rel="next"', client.get(path).content.decode())
        path = f"/builds/{following[1].replace('&amp;', '&')}" if following else ""
    assert not path
    assert len(seen) == len(set(seen)) == 120
    assert "state=succeeded" in str(client.get(f"/builds/?state=succeeded&order={order}").content)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("source=zl", ["zlib1g 1", "zlib 0"]),
        ("state=failed", ["hello 3", "zlib1g 1"]),
        ("state=published", ["bc 5", "hello 2", "zlib 0"]),
        ("state=building", ["tree 4"]),
        ("state=rejected", []),
        ("person=ada&source=hello&order=oldest", ["hello 2", "hello 3"]),
        ("distribution=trixie-test-unstable&source=bc", ["bc 5"]),
    ],
)
def test_uploads_are_those_that_fit_all_that_is_asked_for(
    client: Client, six: Builder, query: str, expected: list[str]
) -> None:
    del six
    assert found(client, f"/uploads/?{query}", "uploads") == expected


def test_what_a_keyring_s_person_signed_is_found_by_their_name(
    client: Client, builder: Builder
) -> None:
    builder.source("hello", "1")
    models.Upload.objects.update(signed_by=None, signer="Grace Hopper <grace@example.org>")
    assert found(client, "/uploads/?person=Grace+Hopper+%3Cgrace@example.org%3E", "uploads")
    assert found(client, "/builds/?person=ada", "builds") == []


def test_what_was_asked_for_stands_in_the_form(client: Client, six: Builder) -> None:
    del six
    page = client.get("/builds/?source=hello&state=failed&since=2026-01-01").content.decode()
    assert 'value="hello"' in page
    assert '<option value="failed" selected>' in page
    assert '<details class="more" open>' in page
    assert 'value="2026-01-01"' in page


@pytest.mark.parametrize(
    "query", ["state=x", "order=x", "since=yesterday", "until=2026-13-01", "before=x"]
)
def test_what_cannot_be_asked_for_is_said_to_be_so(
    client: Client, builder: Builder, query: str
) -> None:
    del builder
    assert client.get(f"/builds/?{query}").status_code == 404


@pytest.mark.parametrize("query", ["until=9999-12-31", "source=*", "source=%00", "person=%27"])
def test_odd_wishes_are_only_wishes(client: Client, six: Builder, query: str) -> None:
    del six
    assert client.get(f"/builds/?{query}").status_code == 200
    assert client.get(f"/uploads/?{query}").status_code == 200


def test_the_days_and_the_versions_are_plotted(client: Client, six: Builder) -> None:
    count_days(six.at)
    page = client.get("/builds/").content.decode()
    assert 'id="plot-outcomes"' in page
    assert "3 of 5 builds were good (60 %)" in page
    assert 'id="plot-means"' in page
    assert 'id="plot-durations"' not in page
    for number in range(3):
        job = six.job(six.source("sl", f"{number}"), JobState.SUCCEEDED)
        models.Job.objects.filter(pk=job.pk).update(took_seconds=100)
    page = client.get("/builds/?source=sl").content.decode()
    assert 'id="plot-durations"' in page
    assert 'id="plot-outcomes"' not in page


def test_private_repositories_are_in_no_list_and_no_plot(client: Client, six: Builder) -> None:
    count_days(six.at)
    models.Repository.objects.update(is_private=True)
    for path, kind in (("/builds/", "builds"), ("/uploads/", "uploads")):
        assert found(client, path, kind) == []
        assert "trixie-test" not in client.get(path).content.decode()
    assert "plot-outcomes" not in client.get("/builds/").content.decode()
    assert "plot-durations" not in client.get("/builds/?source=hello").content.decode()
    client.force_login(User.objects.create_superuser("root"))
    assert len(found(client, "/builds/", "builds")) == 6


@pytest.mark.parametrize("path", ["/builds/", "/uploads/", "/builds/?source=hello&order=longest"])
def test_lists_are_made_in_few_queries(client: Client, six: Builder, path: str) -> None:
    del six
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    assert len(queries) <= MAX_QUERIES, [query["sql"] for query in queries]


def test_what_became_of_uploads_is_found_in_order_by_an_index(builder: Builder) -> None:
    states = ["published", "failed", "published", "superseded", "published", "published"]
    for number, state in enumerate(states):
        source = builder.source("hello", f"{number}")
        models.Source.objects.filter(pk=source.pk).update(state=state)
    wanted = SourceState.PUBLISHED
    with CaptureQueriesContext(connection) as asked:
        first = list_uploads(count=2, source_state=wanted)
        second = list_uploads(first.older, count=2, source_state=wanted)
        oldest = list_uploads(count=2, source_state=wanted, order=Order.OLDEST)
    pages = [[row.version for row in each.rows] for each in (first, second, oldest)]
    assert pages == [["5", "4"], ["2", "0"], ["0", "2"]]
    assert second.older is None
    with connection.cursor() as cursor:
        for query in asked.captured_queries:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            plan = " ".join(str(row[3]) for row in cursor.fetchall())
            assert "source_state_upload" in plan
            assert "TEMP B-TREE" not in plan
