"""Every call of the API that only reads, as addresses: made from its own description.

A new call, or a new thing to ask of one, is among them by itself as long as its names are known.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from mini_buildd.api.application import document
from mini_buildd.db import models

_MOST_OPTIONS = 6


class Unknown(AssertionError):
    """A call has a parameter of which no example is known; say one in examples()."""


def examples() -> Mapping[str, Sequence[str]]:
    """What there is of everything that calls are asked for by."""
    source = models.Source.objects.filter(state="published").order_by("-pk").first()
    if source is None:
        raise AssertionError("nothing is published")
    job = models.Job.objects.filter(source=source).order_by("-pk")[0]
    binary = models.Binary.objects.filter(source=source)[0]
    suite = source.distribution
    version = models.Publication.objects.filter(distribution=suite).order_by("-number")[0].number
    return {
        "upload_id": [str(source.upload_id)],
        "upload": [str(source.upload_id)],
        "build": [str(job.pk)],
        "job": [str(job.pk)],
        "account": [models.OpenPGPKey.objects.all()[0].user.username],
        "build_id": [str(job.pk)],
        "job_id": [str(job.pk)],
        "name": [suite.repository.name],
        "repository": [suite.repository.name],
        "distribution": [suite.name],
        "suite": [suite.name],
        "codename": [suite.base.codename],
        "source": [source.name],
        "package": [source.name],
        "binary": [binary.package],
        "version": [source.version],
        "number": [str(version)],
        "architecture": [job.architecture],
        "builder": [models.Builder.objects.all()[0].name],
        "person": [models.OpenPGPKey.objects.all()[0].user.username],
        "fingerprint": [models.OpenPGPKey.objects.all()[0].fingerprint],
        "kind": ["job.failed"],
        "state": ["failed"],
        "query": ["hel", "nothing-like-it"],
        "q": ["hel", "nothing-like-it"],
        "changes_sha256": ["0" * 64],
        "before": [str(max(job.pk // 2, 1))],
        "after": [str(max(job.pk // 2, 1))],
        "beyond": [source.name],
        "other": [suite.name],
        "old": ["1"],
        "new": [str(version)],
        "at": [str(version)],
        "who": [models.OpenPGPKey.objects.all()[0].user.username],
        "maintainer": ["team"],
        "wait": ["0"],
        "find": ["error"],
        "webhook_id": ["1"],
        "limit": ["100"],
        "offset": ["0"],
        "attempt": ["1"],
        "since": ["2026-01-01T00:00:00Z"],
        "until": ["2026-06-01T00:00:00Z"],
    }


def addresses() -> Iterator[tuple[str, str]]:
    """Each call that reads, plainly and with each of what it takes: as described, and to ask."""
    known = examples()
    for path, methods in document()["paths"].items():
        call = methods.get("get")
        if call is None or "text/event-stream" in str(call["responses"]):  # that never ends
            continue
        parameters = call.get("parameters", [])
        filled = path
        for each in parameters:
            if each["in"] == "path":
                filled = filled.replace(
                    f"{{{each['name']}}}", quote(_values(each, known, path)[0], safe="")
                )
        yield path, filled
        for each in parameters:
            if each["in"] == "query":
                for value in _values(each, known, path):
                    yield path, f"{filled}?{urlencode({each['name']: value})}"


def _values(
    parameter: Mapping[str, Any], known: Mapping[str, Sequence[str]], path: str
) -> list[str]:
    name = parameter["name"]
    offered = _enumerated(parameter["schema"])
    if offered:
        return offered[:_MOST_OPTIONS]
    if name not in known:
        raise Unknown(f"{path}: {name}")
    return list(known[name])


def _enumerated(schema: Mapping[str, Any]) -> list[str]:
    """What *schema* lists as its values, if it does."""
    if "$ref" in schema:
        parts = schema["$ref"].removeprefix("#/").split("/")
        found: Any = document()
        for part in parts:
            found = found[part]
        return _enumerated(found)
    if schema.get("type") == "boolean":
        return ["true", "false"]
    if "enum" in schema:
        return [str(each) for each in schema["enum"]]
    return [value for each in _choices(schema) for value in _enumerated(each)]


def _choices(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*schema.get("anyOf", ()), *schema.get("allOf", ())]
