"""Every address that this instance answers to, made from its own list of them."""

import re
from collections.abc import Iterator, Mapping
from itertools import product

from django.contrib.auth.models import Group, User
from django.urls import URLPattern, URLResolver, get_resolver

from mini_buildd.db import models

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")
_MOST = 40


def routes() -> list[str]:
    """All of them, with <kind:name> for what is to be filled in."""
    return sorted(set(_routes(get_resolver(), "")))


def _routes(resolver: URLResolver, before: str) -> Iterator[str]:
    for each in resolver.url_patterns:
        text = before + _text(str(each.pattern))
        if isinstance(each, URLPattern):
            yield text
        elif isinstance(each, URLResolver):
            yield from _routes(each, text)


def _text(pattern: str) -> str:
    return _GROUP.sub(r"<\1>", pattern).replace("^", "").replace("$", "").replace("\\", "")


def addresses() -> list[str]:
    """Each route with what there is of everything, a bounded number of each."""
    values = _values()
    found: list[str] = []
    for route in routes():
        names = [name for _, name in _PARAMETER.findall(route)]
        choices = [values[_of_what(route, name)] for name in names]
        chosen = list(product(*choices))[:_MOST]
        found += ["/" + _filled(route, iter(each)) for each in chosen]
    return found


def _filled(route: str, values: Iterator[str]) -> str:
    return _PARAMETER.sub(lambda _: next(values), route)


def _of_what(route: str, name: str) -> str:
    """Of what *name* is a name in *route*."""
    if name == "name":
        words = ("builder", "package")
        return next((each for each in words if f"{each}s/" in route), "repository")
    if name == "architecture" and route.startswith("packages/"):
        return "package_architecture"
    if name == "object_id" or (name == "id" and route.startswith("admin/")):
        return route.removeprefix("admin/").partition("/<")[0]
    return name


def _values() -> Mapping[str, list[str]]:
    def pks(model: type[models.Upload] | type[models.Job] | type[User] | type[Group]) -> list[str]:
        return [str(pk) for pk in model._default_manager.values_list("pk", flat=True)]

    distributions = list(models.Distribution.objects.values_list("name", flat=True))
    snapshots = list(models.Snapshot.objects.values_list("name", flat=True)) or ["x"]
    found = {
        "upload_id": pks(models.Upload),
        "job_id": pks(models.Job),
        "build_id": pks(models.Job),
        "distribution": distributions,
        "number": ["1", "2"],
        "repository": list(models.Repository.objects.values_list("name", flat=True)),
        "builder": list(models.Builder.objects.values_list("name", flat=True)) or ["x"],
        "package": list(models.Source.objects.values_list("name", flat=True).distinct()),
        "version": list(models.Source.objects.values_list("version", flat=True).distinct()),
        "package_architecture": ["amd64"],
        "snapshot": snapshots,
        "at": [*snapshots, "20260101T000000Z"],
        "chroot_id": [str(pk) for pk in models.Chroot.objects.values_list("pk", flat=True)]
        or ["1"],
        "token_id": ["1"],
        "key_id": ["1"],
        "id": ["1"],
        "app_label": ["auth", "mini_buildd"],
        "content_type_id": ["1"],
        "url": ["nothing/"],
        "path": ["nothing/"],
    }
    for route in routes():
        name = _of_what(route, "object_id")
        if route.startswith("admin/") and _PARAMETER.search(route):
            found.setdefault(name, ["1"])
    return _Filled(found)


class _Filled(dict[str, list[str]]):
    """What nobody has thought of is 1."""

    def __missing__(self, name: str) -> list[str]:
        return ["1"]
