"""The API as a whole: its calls, who is let in, how problems and unchanged answers are told."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from mini_buildd.api import (
    builds,
    configuration,
    events,
    first_steps,
    keys,
    measures,
    office,
    packages,
    people,
    queue,
    repositories,
    rights,
    snapshots,
    status,
    subscriptions,
    suite_changes,
    suite_history,
    uploads,
    webhooks,
)
from mini_buildd.api.describe import DESCRIPTION, described, parameters
from mini_buildd.api.door import ApiDoor
from mini_buildd.api.once import AnsweredBefore, on_answered_before
from mini_buildd.api.problems import on_http_error, on_invalid, on_problem
from mini_buildd.api.unchanged import marked
from mini_buildd.domain.problem import Problem

ROOT = "api/v1/"


class Api(NinjaAPI):
    """Ninja's, with our words for what it does by itself."""

    def create_response(self, request: HttpRequest, data: Any, **kwargs: Any) -> HttpResponse:
        """An answer, with its mark.

        What names a place to watch has begun something, which a dry run of the same call has not.
        """
        response = super().create_response(request, data, **kwargs)
        if response.status_code == HTTPStatus.OK and "Location" in response:
            response.status_code = HTTPStatus.ACCEPTED
        return marked(request, response)

    def get_openapi_operation_id(self, operation: Any) -> str:
        """The name of the function, which is unique."""
        name: str = operation.view_func.__name__
        return name

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        """The description, with all that ninja does not know."""
        del kwargs
        return described(super().get_openapi_schema(path_prefix=ROOT))


@cache
def _parameters() -> Mapping[tuple[str, str], frozenset[str]]:
    return parameters(document())


def _known(route: str, method: str) -> frozenset[str]:
    return _parameters().get((route, method), frozenset())


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    return dict(api.get_openapi_schema())


api = Api(
    title="mini-buildd",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
    auth=ApiDoor(_known),
)
api.add_exception_handler(Problem, on_problem)
api.add_exception_handler(AnsweredBefore, on_answered_before)
api.add_exception_handler(ValidationError, on_invalid)
api.add_exception_handler(HttpError, on_http_error)
for prefix, router in (
    ("status", status.status),
    ("me", people.me),
    ("me/", keys.mine),
    ("tokens/", people.tokens),
    ("subscriptions/", subscriptions.router),
    ("webhooks/", webhooks.router),
    ("uploads/", uploads.router),
    ("builds/", builds.router),
    ("build-days/", measures.days),
    ("queue/", queue.router),
    ("queue-samples/", measures.samples),
    ("events/", events.router),
    ("repositories/", repositories.repositories),
    ("repositories/", snapshots.router),
    ("repositories/", rights.router),
    ("suites/", repositories.suites),
    ("suites/", suite_history.router),
    ("suites/", suite_changes.router),
    ("packages/", packages.packages),
    ("search", packages.searching),
    ("builders/", status.builders),
    ("schedule/", measures.schedule),
    ("builders/", office.builders),
    ("chroots/", office.chroots),
    ("keys/", keys.all_keys),
    ("accounts/", office.accounts),
    ("audit/", office.audit),
    ("dput", status.dput),
    ("configuration", configuration.configuration),
    ("first-steps", first_steps.router),
):
    api.add_router(prefix, router)
