"""What is made once for many: it is never one that was true before, nor one for somebody else."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from mini_buildd.config.settings import Settings
from mini_buildd.db.events import record
from mini_buildd.db.models import Layout, Repository
from mini_buildd.domain.event import EventKind
from mini_buildd.tests.flow.threads import at_once
from mini_buildd.tests.web.test_pages import text_of

_STATUS = "/api/v1/status"
_OPEN = "Takes uploads from everybody"


@pytest.fixture
def client(tmp_path: Path, transactional_db: None) -> Iterator[Client]:
    """A visitor of an instance whose rows are committed: before, nobody can tell of a change."""
    del transactional_db
    with override_settings(MINI_BUILDD=Settings(home=tmp_path, identity="example")):
        yield Client()


def _asked(look: Callable[[], object]) -> int:
    """How many questions it takes, but for the one whether anything has changed."""
    with CaptureQueriesContext(connection) as queries:
        look()
        found = [each["sql"] for each in queries.captured_queries]
    return sum("data_version" not in text for text in found)


def _freeze() -> None:
    with transaction.atomic():
        record(EventKind.SUITE_FROZEN, now())


@pytest.mark.parametrize("path", ["/", _STATUS])
def test_what_was_made_just_now_is_given_again(client: Client, path: str) -> None:
    answer = client.get(path)
    again: list[bytes] = []
    for _ in range(3):  # a second may end within one of them
        count = _asked(lambda: again.append(client.get(path).content))
        if not count:
            break
    assert (count, again[-1]) == (0, answer.content)
    assert client.get(path).headers == answer.headers


def test_what_this_thread_changes_is_seen_at_once(client: Client) -> None:
    assert _OPEN not in text_of(client, "/")
    layout = Layout.objects.create(name="Default")
    row = Repository.objects.create(name="sandbox", layout=layout, is_open=True)
    assert _OPEN in text_of(client, "/")
    row.delete()
    assert _OPEN not in text_of(client, "/")


def test_what_another_thread_changes_is_seen_at_once(client: Client) -> None:
    for _ in range(5):
        before = client.get(_STATUS).json()["last_event"]
        assert at_once(_freeze) == []
        assert client.get(_STATUS).json()["last_event"] > before


def test_nobody_is_given_what_was_made_for_another(client: Client) -> None:
    root = Client()
    root.handler = client.handler  # each client would keep its own
    root.force_login(User.objects.create_superuser("root"))
    for one, other in ((client, root), (root, client)):
        assert ("Settings" in text_of(one, "/")) is (one is root)
        assert ("Settings" in text_of(other, "/")) is (other is root)
    german = client.get("/", headers={"Accept-Language": "de"})
    english = client.get("/", headers={"Accept-Language": "en"})
    assert (german["Content-Language"], english["Content-Language"]) == ("de", "en")
    assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 400


def test_a_parameter_and_an_unknown_way_to_sign_in_are_refused_as_ever(client: Client) -> None:
    wrong = {"Authorization": "Unknown word"}
    assert client.get(_STATUS, headers=wrong).status_code == 401  # this loads the API
    assert client.get(_STATUS).status_code == 200
    assert client.get(_STATUS, headers=wrong).status_code == 401
    assert client.get(f"{_STATUS}?no=such").status_code == 400
    assert client.post(_STATUS).status_code == 405


def test_who_has_the_answer_already_is_told_so(client: Client) -> None:
    with closing(client.get(_STATUS)) as answer:
        etag = answer["ETag"]
    assert client.get(_STATUS, headers={"If-None-Match": etag}).status_code == 304
    assert client.get(_STATUS, headers={"If-None-Match": '"another"'}).json() == answer.json()


def test_what_goes_on_is_the_same_with_the_whole_of_the_api_and_without(client: Client) -> None:
    short, whole = client.get(_STATUS), client.head(_STATUS)
    assert whole.headers == short.headers  # the mark is made of the text
