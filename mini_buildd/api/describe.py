"""The OpenAPI document, completed: refusals, ways to sign in, headers."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter

from mini_buildd.api.event_stream import MEDIA_TYPE as EVENT_STREAM
from mini_buildd.api.once import KEY_PATTERN
from mini_buildd.wire.api.incoming_calls import ARRIVED, CALLS
from mini_buildd.wire.api.problem import MEDIA_TYPE, ProblemDetails

DESCRIPTION = """\
What the pages show and do, for programs. `mini-buildd-api` is a client for it.

- **Who asks.** `Authorization: Bearer` with an API token; or Basic with the name of an account and
  such a token, for tools that know nothing else. Pages use the session with `X-CSRFToken`. Who
  comes with nothing sees what everybody may see.
- **Lists** come in pages; `next` is where the list goes on, or null. A page stays the same page
  while new items arrive.
- **Refusals** are problem details (RFC 9457) with a stable `code`, what was `expected`, what was
  `found`, and a `hint` what to do.
- **Unchanged?** Send the `ETag` of an answer as `If-None-Match`, and get 304 if nothing is new.
- **202** says that something has begun; `Location` is where to watch it.
- **Once.** Give a POST an `Idempotency-Key` of your choice; the same request with the same key is
  done once, and answered alike for a day.
- Addresses in answers are relative to the instance. Times are UTC.
"""
_TAGS = {
    "instance": "The instance and its builders.",
    "you": "Who you are, your tokens, and what you are told by mail.",
    "webhooks": "Where events are sent to.",
    "uploads": "What was sent, and what became of it.",
    "builds": "Builds, their logs, the queue.",
    "events": "What happens, as it happens.",
    "packages": "Source packages across all suites, and the search.",
    "repositories": "Repositories, their suites, and what those have.",
    "changes": "Changing suites: shown before by `dry_run`, then done as `expected`.",
    "people": "Who may what, and who did what.",
}
_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token, which begins with mbd_.",
    },
    "name_and_token": {
        "type": "http",
        "scheme": "basic",
        "description": "The name of an account and a token of it; to make tokens, the password.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "mini_buildd_session",
        "description": "Of a browser that has signed in on the pages; changes need X-CSRFToken.",
    },
}
_NEVER_BY_NOBODY = frozenset(
    {
        "list_of_tokens",
        "show_configuration",
        "make_one",
        "revoke_one",
        "cancel_build",
        "retry_build",
        "cancel_builds",
        "retry_builds",
        "list_of_subscriptions",
        "subscribe",
        "choose_own_uploads",
        "end_subscription",
        "list_of_webhooks",
        "make_webhook",
        "show_webhook",
        "switch_webhook",
        "remove_webhook",
        "renew_webhook_secret",
        "ping_webhook",
        "list_of_deliveries",
        "replay_deliveries",
        "replay_delivery",
        "show_first_steps",
        "build_for_release",
        "make_chroots",
        "make_repository",
        "let_upload",
        "migrate_packages",
        "remove_packages",
        "copy_packages",
        "roll_back",
        "rebuild_packages",
        "freeze_suite",
        "thaw_suite",
        "take_snapshot",
        "drop_snapshot",
        "list_of_rights",
        "give_one_right",
        "withdraw_one_right",
        "give_key",
        "remove_own_key",
        "give_ssh_key",
        "remove_own_ssh_key",
        "list_all_keys",
        "approve_one_key",
        "refuse_one_key",
        "set_builder_aside",
        "take_builder_back",
        "refresh_chroot",
        "list_of_audit",
        "list_of_accounts",
    }
)
_ALWAYS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS)
_CHANGES = (
    HTTPStatus.FORBIDDEN,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INSUFFICIENT_STORAGE,
)
_ETAG = {"description": "Of this answer, for If-None-Match.", "schema": {"type": "string"}}
_ONCE = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "pattern": KEY_PATTERN},
    "description": "Of your choice; the same request with the same key is done once.",
}
_TEXT = {"text/plain": {"schema": {"type": "string"}}}
_LOG_HEADERS = {
    "X-Log-Next-Offset": {
        "description": "Where to go on.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "X-Log-State": {
        "description": "Whether more may come.",
        "schema": {"type": "string", "enum": ["running", "ended"]},
    },
}


def described(schema: Any) -> Any:
    """*schema*, as ninja makes it, with what it lacks."""
    components = schema["components"]
    adapter: TypeAdapter[ProblemDetails] = TypeAdapter(ProblemDetails)
    components["schemas"]["ProblemDetails"] = adapter.json_schema(mode="serialization")
    components["schemas"]["Arrived"] = dict(ARRIVED)
    components["securitySchemes"] = dict(_SCHEMES)
    schema["paths"].update(deepcopy(dict(CALLS)))
    schema["tags"] = [{"name": name, "description": text} for name, text in _TAGS.items()]
    schema["servers"] = [{"url": "/"}]
    for path, method, call in calls(schema):
        _complete(path, method, call)
    return schema


def calls(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every call: path, method in lower case, and what is said of it."""
    for path, methods in schema["paths"].items():
        for method, call in methods.items():
            if method in {"get", "put", "post", "delete", "head", "patch", "options"}:
                yield path, method, call


def parameters(schema: Mapping[str, Any]) -> Mapping[tuple[str, str], frozenset[str]]:
    """The names of the query parameters of each call, by path and method in upper case."""
    return {
        (path, method.upper()): frozenset(
            each["name"] for each in call["parameters"] if each["in"] == "query"
        )
        for path, method, call in calls(schema)
    }


def _complete(path: str, method: str, call: dict[str, Any]) -> None:
    signed_in: list[dict[str, list[str]]] = [{name: []} for name in _SCHEMES]
    call["security"] = signed_in if call["operationId"] in _NEVER_BY_NOBODY else [{}, *signed_in]
    responses = call["responses"]
    if method == "post" and path not in CALLS:
        call["parameters"].append(dict(_ONCE))
    for status in _refusals(path, method, call):
        responses[int(status)] = _refusal(status)
    if call["operationId"] == "read_log":
        responses[200] = {"description": "OK", "content": dict(_TEXT), "headers": _LOG_HEADERS}
    elif call["operationId"] == "stream_events":
        stream = {EVENT_STREAM: {"schema": {"type": "string"}}}
        responses[200] = {"description": "Events, one after the other.", "content": stream}
        responses[503] = _refusal(HTTPStatus.SERVICE_UNAVAILABLE)
    elif method == "get":
        if call["operationId"] == "read_sources":
            responses[200] = {"description": "OK", "content": dict(_TEXT)}
        responses[200]["headers"] = {"ETag": _ETAG}
        responses[304] = {"description": "It is as it was."}
    for made in (201, 202):
        if made in responses:
            location = {"description": "Where to watch it.", "schema": {"type": "string"}}
            headers = responses[made].setdefault("headers", {})
            headers["Location"] = location
    call["responses"] = {str(status): responses[status] for status in sorted(responses)}


def _refusals(path: str, method: str, call: Mapping[str, Any]) -> list[HTTPStatus]:
    found = list(_ALWAYS)
    if "{" in path or call["operationId"] == "remove_own_ssh_key":  # its body names it
        found.append(HTTPStatus.NOT_FOUND)
    if method != "get":
        found.extend(_CHANGES)
    elif call["parameters"]:
        found.append(HTTPStatus.UNPROCESSABLE_ENTITY)
    if call["operationId"] in _NEVER_BY_NOBODY:
        found.append(HTTPStatus.FORBIDDEN)
    return found


def _refusal(status: HTTPStatus) -> dict[str, Any]:
    found: dict[str, Any] = {
        "description": status.phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    }
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = {"description": "Seconds to wait.", "schema": {"type": "string"}}
        found["headers"] = {"Retry-After": seconds}
    return found
