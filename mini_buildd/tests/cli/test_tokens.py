"""``mini-buildd token``: what an administrator types, and what they read."""

import sys
from datetime import UTC, datetime

import pytest

from mini_buildd.cli import main as command_line
from mini_buildd.cli.screen import Screen
from mini_buildd.cli.tokens import run_token
from mini_buildd.db import models
from mini_buildd.domain.permission import Scope
from mini_buildd.domain.problem import TokenImpossible
from mini_buildd.flow.token import actor_of_token
from mini_buildd.tests.cli.conftest import Desk


def say(desk: Desk, *words: str) -> str:
    """Type it; gives what it says."""
    options = command_line._parser().parse_args(["token", *words])
    desk.capsys.readouterr()
    places = desk.scene.site.places
    assert run_token(options, desk.scene.settings, places, Screen.of(sys.stdout)) == 0
    return desk.capsys.readouterr().out


def test_a_token_is_made_shown_once_listed_and_revoked(desk: Desk) -> None:
    assert say(desk, "list", "pat") == "no tokens\n"
    secret = say(desk, "make", "pat", "the laptop", "--scope", "read", "--days", "7").strip()
    found = actor_of_token(secret, datetime.now(UTC))
    assert found is not None
    assert (found.name, found.scopes) == ("pat", frozenset({Scope.READ}))
    listed = say(desk, "list", "pat")
    assert "● good" in listed
    assert "the laptop" in listed
    assert secret not in listed
    row = models.ApiToken.objects.get()
    assert say(desk, "revoke", str(row.pk)) == f"{row.hint}… of pat is good for nothing now\n"
    assert actor_of_token(secret, datetime.now(UTC)) is None
    assert "– revoked" in say(desk, "list", "pat")
    entry = models.AuditEntry.objects.order_by("id").last()
    assert entry is not None
    assert (entry.door, entry.act) == ("command", "revoked a token")


def test_only_here_a_token_lasts_until_it_is_revoked(desk: Desk) -> None:
    say(desk, "make", "pat", "ci", "--scope=read", "--scope=upload", "--days=0")
    row = models.ApiToken.objects.get()
    assert (row.expires_at, row.scopes) == (None, "read upload")
    assert "never" in say(desk, "list", "pat")


def test_an_account_that_is_not_there_gets_none(desk: Desk) -> None:
    with pytest.raises(TokenImpossible, match="nobody"):
        say(desk, "make", "nobody", "ci", "--scope=read")
