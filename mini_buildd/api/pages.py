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
class Given:
    """A parameter of a call: where it stands, and what it may be."""

    name: str
    place: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the page shows it; *answer* and *body* are names of shapes, or types."""

    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Given, ...]
    status: str
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
        sections[call["tags"][0]].append(_shown(path, method, call))
    texts = {tag["name"]: tag["description"] for tag in schema["tags"]}
    context = {
        "sections": [(tag, texts[tag], sections[tag]) for tag in texts if sections[tag]],
        "shapes": _shapes(schema),
        "words": _words(schema),
        "names": list(schema["components"]["schemas"]),
        "codes": sorted(_codes(Problem), key=lambda found: found.code),
    }
    return render(request, "mini_buildd/api.html", context)


@csrf_exempt
def no_such_call(request: HttpRequest) -> HttpResponse:
    """There is nothing at that address."""
    del request
    return by_status(HTTPStatus.NOT_FOUND, "GET /api/v1/openapi.json describes all calls.")


def _shown(path: str, method: str, call: Mapping[str, Any]) -> Call:
    status, answer = next(
        (status, said) for status, said in call["responses"].items() if status.startswith("2")
    )
    return Call(
        method=method.upper(),
        path=path,
        summary=call["summary"],
        text=_plain(call.get("description", "")),
        parameters=tuple(map(_given, call.get("parameters", ()))),
        status=status,
        answer=_shape(answer),
        body=_shape(call.get("requestBody", {})),
        needs_account={} not in call["security"],
    )


def _given(said: Mapping[str, Any]) -> Given:
    schema = said["schema"]
    inner = [schema, *schema.get("anyOf", ())]
    text = next((each["description"] for each in (said, *inner) if "description" in each), "")
    kinds = [_type(each) for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    return Given(said["name"], said["in"], " or ".join(kinds), _plain(text))


def _shape(said: Mapping[str, Any]) -> str:
    """The name of the schema of a body, if it has one."""
    for media_type, content in said.get("content", {}).items():
        schema = content["schema"]
        for each in (schema, *schema.get("anyOf", ()), *schema.get("allOf", ())):
            if "$ref" in each:
                return str(each["$ref"]).rpartition("/")[2]
        return str(media_type)
    return ""


def _plain(text: str) -> str:
    """*text* without the marks of Markdown that ours has."""
    return text.replace("`", "")


def _shapes(schema: Mapping[str, Any]) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Every object: its name, what it is, and its fields with their types and texts."""
    return [
        (
            name,
            _plain(found.get("description", "")),
            [
                (field, _type(said), _plain(said.get("description", "")))
                for field, said in found.get("properties", {}).items()
            ],
        )
        for name, found in sorted(schema["components"]["schemas"].items())
        if "properties" in found
    ]


def _words(schema: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every set of words: its name, and the words."""
    return [
        (name, ", ".join(map(str, found["enum"])))
        for name, found in sorted(schema["components"]["schemas"].items())
        if "enum" in found
    ]


def _type(said: Mapping[str, Any]) -> str:
    if "$ref" in said:
        return str(said["$ref"]).rpartition("/")[2]
    if "anyOf" in said:
        return " or ".join(map(_type, said["anyOf"]))
    if said.get("type") == "array":
        return f"list of {_type(said['items'])}" if "items" in said else "list"
    if "enum" in said:
        return " ".join(map(str, said["enum"]))
    return str(said.get("format") or said.get("type") or "anything")


def _codes(kind: type[Problem]) -> Iterator[Code]:
    for found in kind.__subclasses__():
        meaning = (found.__doc__ or "").strip().splitlines()[0]
        yield Code(found.code, found.title, meaning)
        yield from _codes(found)
