"""The API answers as it is described, to whatever it is asked by whomever."""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from mini_buildd.api.application import document
from mini_buildd.domain.permission import Role
from mini_buildd.tests.api.conftest import Enter
from mini_buildd.tests.api.trial import try_all
from mini_buildd.web.application import application

# Many more are made up by: ./devel campaign api
EXAMPLES = 3


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """The application shares the transaction of the test, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("who", ["nobody", "an uploader", "root"])
def test_every_call_answers_as_described(enter: Enter, who: str) -> None:
    headers = {}
    if who != "nobody":
        role = Role.UPLOADER if who == "an uploader" else None
        caller = enter(who.replace(" ", "-"), role=role, is_admin=who == "root")
        headers = {"Authorization": f"Bearer {caller.secret}"}
    assert "/api/v1/uploads/precheck" in document()["paths"]
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application())
    tried = list(try_all(schema, headers, EXAMPLES))
    assert len(tried) >= 20
    for each in tried:
        assert not each.wrong, each.wrong
    assert all(each.requests for each in tried)
    assert any(each.requests > each.refused for each in tried)
