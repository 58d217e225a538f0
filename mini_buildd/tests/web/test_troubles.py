"""The home page tells which suites cannot be published, and why."""

from collections.abc import Iterator

import pytest
from django.test import Client

from mini_buildd.flow.hosted import show_troubles
from mini_buildd.flow.troubles import Troubles
from mini_buildd.kit.clock import utc_now
from mini_buildd.tests.web.builder import Builder


@pytest.fixture
def troubles() -> Iterator[Troubles]:
    made = Troubles(utc_now)
    show_troubles(made)
    yield made
    show_troubles(Troubles(utc_now))


def test_a_suite_that_cannot_be_published_is_told_until_it_can(
    busy: Builder, client: Client, troubles: Troubles
) -> None:
    del busy
    troubles.note("trixie-test-unstable", "The disk is <full>: make room.")
    troubles.note("trixie-test-unstable", "The disk is <full>: make room.")
    shown = client.get("/").content.decode()
    assert shown.count("trixie-test-unstable cannot be published") == 1
    assert "The disk is &lt;full&gt;: make room. What was published before is served" in shown
    troubles.over("trixie-test-unstable")
    troubles.over("trixie-test-unstable")
    assert "cannot be published" not in client.get("/").content.decode()
