"""The instance of the tests of the pages, and people who come with tokens."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mini_buildd.db import models
from mini_buildd.domain.permission import Actor, Role, Scope
from mini_buildd.domain.token import TokenWish
from mini_buildd.flow import hosted
from mini_buildd.flow.token import make_token
from mini_buildd.tests.web.conftest import builder, busy, wakes

__all__ = ["builder", "busy", "wakes"]

ALL = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls the API with a token, or with nothing."""

    secret: str = ""

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer to a request."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.secret:
            fields.setdefault("Authorization", f"Bearer {self.secret}")
        return Client().generic(
            method,
            f"/api/v1/{path}",
            data=b"" if body is None else _json(body),
            content_type="application/json" if body is not None else "",
            headers=fields,
        )

    def get(self, path: str, **headers: str) -> Any:
        """The JSON that is found at *path*."""
        answer = self("GET", path, **headers)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def refused(self, status: int, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The problem that is told."""
        answer = self(method, path, body, **headers)
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"] == "application/problem+json"
        told = answer.json()
        assert told["status"] == status
        assert told["type"] == f"/api/#{told['code']}"
        return told


def _json(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


Enter = Callable[..., Caller]


@pytest.fixture
def visitor(wakes: list[str]) -> Caller:
    """Nobody, in an instance that can be changed."""
    del wakes
    return Caller()


@pytest.fixture
def enter(wakes: list[str]) -> Enter:
    """Gives the account of a name, with a token for some scopes."""
    del wakes

    def given(
        name: str,
        scopes: frozenset[Scope] = ALL,
        *,
        role: Role | None = None,
        is_admin: bool = False,
    ) -> Caller:
        user, _ = User.objects.get_or_create(username=name)
        if is_admin:
            user.is_staff = user.is_superuser = True
            user.save()
        if role is not None:
            repository = models.Repository.objects.get(name="test")
            models.Grant.objects.create(user=user, repository=repository, role=role)
        made = make_token(hosted.site(), Actor(name), name, TokenWish("tests", scopes))
        return Caller(made.secret)

    return given
