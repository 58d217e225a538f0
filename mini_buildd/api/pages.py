"""The API's description, for programs and for people, and the answer where there is no call."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from mini_buildd.api.application import document
from mini_buildd.api.describe import calls
from mini_buildd.api.problems import by_status
from mini_buildd.domain.problem import Problem


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the page shows it."""

    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Mapping[str, Any], ...]
    answer: str
    body: str
    needs_account: bool


@dataclass(frozen=True, slots=True)
class Code:
    """A code that a refusal may have."""

    code: str
    title: str
    meaning: str


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The description as OpenAPI 3.1."""
    del request
    return HttpResponse(
        json.dumps(document()),
        content_type="application/json",
        headers={"Cache-Control": "no-cache"},
    )


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The calls and the codes, to read."""
    schema = document()
    sections: defaultdict[str, list[Call]] = defaultdict(list)
    for path, method, call in calls(schema):
        sections[call["tags"][0]].append(_shown(schema, path, method, call))
    texts = {tag["name"]: tag["description"] for tag in schema["tags"]}
    context = {
        "sections": [(tag, texts[tag], sections[tag]) for tag in texts if sections[tag]],
        "shapes": _shapes(schema),
        "codes": sorted(_codes(Problem), key=lambda found: found.code),
    }
    return render(request, "mini_buildd/api.html", context)


@csrf_exempt
def no_such_call(request: HttpRequest) -> HttpResponse:
    """There is nothing at that address."""
    del request
    return by_status(HTTPStatus.NOT_FOUND, "GET /api/v1/openapi.json describes all calls.")


def _shown(schema: Mapping[str, Any], path: str, method: str, call: Mapping[str, Any]) -> Call:
    del schema
    return Call(
        method=method.upper(),
        path=path,
        summary=call["summary"],
        text=call.get("description", ""),
        parameters=tuple(call.get("parameters", ())),
        answer=_answer(call),
        body=_shape(call.get("requestBody", {})),
        needs_account={} not in call["security"],
    )


def _answer(call: Mapping[str, Any]) -> str:
    for status, said in call["responses"].items():
        if status.startswith("2"):
            return f"{status} {_shape(said) or ''}".strip()
    return ""


def _shape(said: Mapping[str, Any]) -> str:
    """The name of the schema of a body, if it has one."""
    for media_type, content in said.get("content", {}).items():
        reference: str = content["schema"].get("$ref", "")
        return reference.rpartition("/")[2] or media_type
    return ""


def _shapes(schema: Mapping[str, Any]) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Every object: its name, what it is, and its fields with their types and texts."""
    return [
        (
            name,
            found.get("description", ""),
            [
                (field, _type(said), said.get("description", ""))
                for field, said in found.get("properties", {}).items()
            ],
        )
        for name, found in sorted(schema["components"]["schemas"].items())
        if "properties" in found
    ]


def _type(said: Mapping[str, Any]) -> str:
    if "$ref" in said:
        return str(said["$ref"]).rpartition("/")[2]
    if "anyOf" in said:
        return " or ".join(map(_type, said["anyOf"]))
    if said.get("type") == "array":
        return f"list of {_type(said['items'])}" if "items" in said else "list"
    return str(said.get("format") or said.get("type") or "anything")


def _codes(kind: type[Problem]) -> Iterator[Code]:
    for found in kind.__subclasses__():
        meaning = (found.__doc__ or "").strip().splitlines()[0]
        yield Code(found.code, found.title, meaning)
        yield from _codes(found)
