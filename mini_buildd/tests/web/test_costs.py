"""What pages and calls cost on an instance with some thousand rows: few questions, none a long one.

Pages are found by going wherever pages lead, calls in the API's own description: a new one is held
to the same by itself. ``./devel bench web`` measures the same ones with a hundred times as much.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from mini_buildd.config.settings import Settings
from mini_buildd.db.connect import analyze
from mini_buildd.tests.bench.web_fill import fill, furnish, plugged_in
from mini_buildd.tests.bench.web_story import Size
from mini_buildd.tests.web.addresses import addresses as filled_routes
from mini_buildd.tests.web.api_calls import addresses as api_addresses
from mini_buildd.tests.web.crawl import Crawl, Seen, is_elsewhere, kind_of
from mini_buildd.tests.web.plans import Costs, pretend_large, read_whole

MOST = 10
# On top of that, of those who have signed in: their session, their account, their rights by
# themselves and by their groups.
WHO_ASKS = 4

_SIZE = Size(packages=80, builds=500, events=4000, people=15, waiting=15, running=3)

# Pages that may ask more, and why.
_QUEUE = "a short queue is compared with all of its rows each time"
_KINDS = "one for each kind of things that are configured"
MORE: Mapping[str, tuple[int, str]] = {
    "/": (21, f"it has a bit of everything, and {_QUEUE}"),
    "/queue/": (17, _QUEUE),
    "/packages/<str:name>/compare/": (14, "two versions are compared"),
    "/first/": (24, "each step looks whether it is done"),
    "/configuration/download/": (21, _KINDS),
    "/uploads/<int:upload_id>/": (23, "what may be done with each of its builds"),
    "/suites/<str:distribution>/<int:number>/": (17, "two versions are compared"),
    "/suites/<str:distribution>/compare/": (15, "two versions are compared"),
    "/api/v1/status": (12, _QUEUE),
    "/api/v1/queue/": (12, _QUEUE),
    "/api/v1/first-steps": (16, "each step looks whether it is done"),
    "/api/v1/suites/{distribution}/diff": (21, "two versions are compared"),
    "/api/v1/configuration": (21, _KINDS),
}
# What reads a table whole here, where it is short, and why that is no fault.
_LATEST = "the latest attempts only, which are all of them here"
READ_WHOLE: Mapping[str, str] = {"/api/v1/builders/": _LATEST, "/builders/": _LATEST}

# Pages to which no page leads, and why.
ALONE: Mapping[str, str] = {
    "/builds/<int:job_id>/compare/": "from builds of whose package there is a good one",
    "/builds/<int:job_id>/log": "the page of a build reads it while the log grows",
    "/problems/": "the API's refusals name it",
}

# Also where what is asked for is not there, or makes sense with something else only.
_ANSWERS = (200, 404, 422)


@pytest.fixture
def filled(tmp_path: Path, db: None) -> Iterator[Path]:
    """An instance with some thousand rows, in a folder of its own."""
    del db
    with override_settings(MINI_BUILDD=Settings(home=tmp_path, identity="example")):
        fill(tmp_path, _SIZE)
        furnish(tmp_path)
        analyze()
        with plugged_in(tmp_path):
            pretend_large()
            yield tmp_path


def _client(name: str) -> Client:
    client = Client()
    if name:
        client.force_login(User.objects.get(username=name))
    return client


def _crawl(costs: Costs) -> list[Seen]:
    return list(Crawl(costs, 1, is_elsewhere).pages("/"))


def test_pages_ask_little_and_read_no_big_table_whole(filled: Path) -> None:
    del filled
    wrong, reached = [], set()
    for name in ("", "root"):
        costs = Costs(_client(name).get)
        for seen in _crawl(costs):
            route = kind_of(seen.path, {}).partition("?")[0]
            reached.add(route)
            most = MORE.get(route, (MOST, ""))[0] + WHO_ASKS * bool(name)
            count = costs.counted[seen.path]
            if count > most or seen.answer.status_code >= 400:
                status = seen.answer.status_code
                wrong.append(f"{seen.path} for {name or 'a visitor'}: {count} questions, {status}")
        wrong += [each for each in costs.scans() if not each.startswith(tuple(READ_WHOLE))]
    client = _client("root")
    for path in filled_routes():
        kind = kind_of(path, {})
        if kind and kind not in reached and not is_elsewhere(path) and kind not in ALONE:
            if client.get(path).status_code == 200:
                wrong.append(f"no page leads to {path}: give a link, or say why in ALONE")
            reached.add(kind)
    assert not wrong, "\n".join(wrong)


def test_calls_ask_little_and_read_no_big_table_whole(filled: Path) -> None:
    del filled
    costs, wrong = Costs(_client("root").get), []
    for described, path in api_addresses():
        status = costs(path).status_code
        most = MORE.get(described, (MOST, ""))[0] + WHO_ASKS
        if costs.counted[path] > most or status not in _ANSWERS:
            wrong.append(f"{path}: {costs.counted[path]} questions, {status}")
    wrong += [each for each in costs.scans() if not each.startswith(tuple(READ_WHOLE))]
    assert not wrong, "\n".join(wrong)


def test_a_question_that_reads_a_big_table_whole_is_seen_as_such(db: None) -> None:
    del db
    whole = 'SELECT COUNT(*) FROM "mini_buildd_job" U0 WHERE U0."reason" = \'x\''
    walk = 'SELECT "id" FROM "mini_buildd_job" ORDER BY "id" DESC LIMIT 50'
    assert read_whole(whole) == {"mini_buildd_job"}
    assert read_whole(walk) == set()
    assert read_whole(walk.replace('"id" DESC', '"reason"')) == {"mini_buildd_job"}
