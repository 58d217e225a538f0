"""A daemon tells those who watch it how it is: /healthz, /metrics and its log."""

import json
import re
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from mini_buildd.tests.exposition import parse
from mini_buildd.tests.instance import Instance, wait_for

EXAMPLES = Path(__file__).parents[3] / "examples"
TOKEN = "mbd_" + "x" * 43


def ask(instance: Instance, path: str, **fields: str) -> tuple[int, str, Message]:
    """Status, text and header fields of what comes."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    request = urllib.request.Request(instance.url + path, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, str(answer.read(), "utf-8"), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, str(error.read(), "utf-8"), error.headers


def lines(instance: Instance) -> list[dict[str, Any]]:
    """The daemon's log."""
    text = instance.daemon_log.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """One that logs for programs."""
    made = Instance(tmp_path_factory.mktemp("watched"), extra='[log]\nformat = "json"\n')
    made.configure()
    with made:
        yield made


def test_it_says_that_all_is_well_for_people_and_for_programs(instance: Instance) -> None:
    status, text, _ = ask(instance, "/healthz")
    assert (status, text) == (200, "ok\n")
    status, text, _ = ask(instance, "/healthz/ready", Accept="application/json")
    told = json.loads(text)
    assert (status, told["status"]) == (200, "ok")
    assert {each["name"] for each in told["checks"]} == {"database", "disk", "archive", "steps"}
    assert ask(instance, "/healthz/live")[:2] == (200, "ok\n")
    assert ask(instance, "/healthz/other")[0] == 404


def test_it_is_not_ready_while_the_database_cannot_be_written_and_lives_all_the_same(
    instance: Instance,
) -> None:
    with closing(sqlite3.connect(instance.home / "db.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        wait_for("it is told", lambda: ask(instance, "/healthz")[0] == 503, seconds=20)
        found = ask(instance, "/healthz")
        assert ask(instance, "/healthz/live")[0] == 200
        other.execute("ROLLBACK")
    assert found[1].startswith("not ready\n")
    assert str(instance.home) not in found[1]
    wait_for("all is well", lambda: ask(instance, "/healthz")[0] == 200, seconds=60)


def test_its_figures_can_be_read_and_tell_of_what_it_does(instance: Instance) -> None:
    ask(instance, "/repositories/")
    status, text, fields = ask(instance, "/metrics")
    assert (status, fields["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = parse(text)
    assert found["mini_buildd_info"][0][1] == 1
    pages = [
        v for labels, v in found["mini_buildd_http_requests_total"] if labels["door"] == "pages"
    ]
    assert sum(pages) >= 1
    assert {labels["step"] for labels, _ in found["mini_buildd_step_duration_seconds_count"]} >= {
        "intake",
        "build",
        "publish",
    }
    memory = found["process_resident_memory_bytes"][0][1]
    assert 10 << 20 < memory < 1 << 30
    assert {labels["folder"] for labels, _ in found["mini_buildd_disk_free_bytes"]} > {"archive"}


def test_who_comes_by_a_proxy_is_not_told_figures_that_are_for_this_machine(
    instance: Instance,
) -> None:
    assert ask(instance, "/metrics", X_Forwarded_For="203.0.113.9")[0] == 403


def test_a_request_has_a_number_which_its_answer_and_its_line_in_the_log_have(
    instance: Instance,
) -> None:
    _, _, fields = ask(instance, "/builds/?state=failed", X_Request_ID="from-the-proxy:1")
    assert fields["X-Request-ID"] == "from-the-proxy:1"
    made = ask(instance, "/builds/", X_Request_ID="nothing; of the kind")[2]["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{16}", made)

    def told() -> list[dict[str, Any]]:
        return [line for line in lines(instance) if line.get("request") == "from-the-proxy:1"]

    line = wait_for("it is in the log", told, seconds=10)[0]
    assert line["logger"] == "mini_buildd.access"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/builds/", 200)
    assert (line["door"], line["peer"]) == ("pages", "127.0.0.1")
    assert line["milliseconds"] >= 0
    assert "X-Mini-Buildd-Account" not in fields


def test_no_secret_gets_into_the_log(instance: Instance) -> None:
    ask(instance, f"/api/v1/status?token={TOKEN}", Authorization=f"Bearer {TOKEN}")
    ask(instance, f"/{TOKEN}/")
    wait_for(
        "the last one is in the log",
        lambda: "(struck out)" in instance.daemon_log.read_text(encoding="utf-8"),
        seconds=10,
    )
    assert TOKEN not in instance.daemon_log.read_text(encoding="utf-8")
