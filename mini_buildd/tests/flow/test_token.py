"""API tokens let in whom they are of, for what and as long as they were made."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from mini_buildd.db import models
from mini_buildd.db.queries.tokens import list_tokens
from mini_buildd.domain.permission import Actor, Scope
from mini_buildd.domain.problem import NotAllowed, TokenImpossible, TokenUnknown
from mini_buildd.domain.token import TokenWish, parse_scopes
from mini_buildd.flow.token import NewToken, actor_of_token, make_token, revoke_token
from mini_buildd.tests.flow.scene import Scene

ADA, BOB, ROOT = Actor("ada"), Actor("bob"), Actor("root", is_admin=True)
READ = TokenWish("a laptop", frozenset({Scope.READ}))
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def accounts(scene: Scene) -> Scene:
    """Two who are nobody special."""
    for name in ("ada", "bob"):
        User.objects.create_user(name)
    return scene


def made(scene: Scene, wish: TokenWish = READ) -> NewToken:
    """A token of ada's."""
    return make_token(scene.site, ADA, "ada", wish)


def test_a_token_lets_its_owner_in_for_what_it_was_made_for(accounts: Scene) -> None:
    token = made(accounts)
    actor = actor_of_token(token.secret, accounts.site.clock())
    assert actor == Actor("ada", scopes=frozenset({Scope.READ}))


def test_two_tokens_differ_and_only_a_digest_is_kept(accounts: Scene) -> None:
    one, other = made(accounts), made(accounts)
    assert one.secret != other.secret
    for row in models.ApiToken.objects.values():
        assert one.secret not in str(row)
        assert one.secret[8:] not in str(row)
    assert [row.hint for row in list_tokens("ada")] == [other.secret[:8], one.secret[:8]]


@pytest.mark.parametrize("bad", ["", "mbd_", "mbd_" + "a" * 43, "mbd_" + "ä" * 43, "x" * 10**6])
def test_what_is_no_token_lets_nobody_in(accounts: Scene, bad: str) -> None:
    made(accounts)
    assert actor_of_token(bad, NOW) is None


def test_a_token_ends_when_it_was_said(accounts: Scene) -> None:
    token = made(accounts, TokenWish("x", frozenset({Scope.READ}), days=3))
    end = token.row.expires_at
    assert end is not None
    assert actor_of_token(token.secret, end - timedelta(seconds=1)) is not None
    assert actor_of_token(token.secret, end) is None


def test_a_revoked_token_lets_nobody_in_from_then_on(accounts: Scene) -> None:
    token, other = made(accounts), made(accounts)
    revoke_token(accounts.site, ADA, token.row.id)
    assert actor_of_token(token.secret, accounts.site.clock()) is None
    assert actor_of_token(other.secret, accounts.site.clock()) is not None


def test_the_token_of_an_account_that_is_switched_off_lets_nobody_in(accounts: Scene) -> None:
    token = made(accounts)
    User.objects.filter(username="ada").update(is_active=False)
    assert actor_of_token(token.secret, accounts.site.clock()) is None


def test_when_it_was_last_used_is_written_once_a_minute(accounts: Scene) -> None:
    token, begin = made(accounts), accounts.site.clock()
    seen = []
    for seconds in (0, 59, 61):
        actor_of_token(token.secret, begin + timedelta(seconds=seconds))
        (row,) = list_tokens("ada")
        assert row.used_at is not None
        seen.append((row.used_at - begin).total_seconds())
    assert seen == [0, 0, 61]


@pytest.mark.parametrize("actor", [BOB, Actor(""), Actor("ada", scopes=frozenset(Scope))])
def test_nobody_makes_a_token_for_another_nor_by_a_token(accounts: Scene, actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        make_token(accounts.site, actor, "ada", READ)
    assert not models.ApiToken.objects.exists()


def test_nobody_revokes_the_token_of_another_or_learns_that_it_is_there(accounts: Scene) -> None:
    token = made(accounts)
    told = []
    for number in (token.row.id, 4711):
        with pytest.raises(TokenUnknown) as refused:
            revoke_token(accounts.site, BOB, number)
        told.append(str(refused.value).replace(str(number), "N"))
    assert told[0] == told[1]
    with pytest.raises(NotAllowed):
        revoke_token(accounts.site, Actor("ada", scopes=frozenset(Scope)), token.row.id)
    assert actor_of_token(token.secret, accounts.site.clock()) is not None


def test_an_administrator_makes_and_revokes_tokens_of_others_for_as_long_as_they_like(
    accounts: Scene,
) -> None:
    token = make_token(accounts.site, ROOT, "ada", TokenWish("ci", frozenset(Scope), days=None))
    assert token.row.expires_at is None
    assert actor_of_token(token.secret, accounts.site.clock()) is not None
    revoke_token(accounts.site, ROOT, token.row.id)
    assert actor_of_token(token.secret, accounts.site.clock()) is None


@pytest.mark.parametrize(
    "wish",
    [
        TokenWish("", frozenset({Scope.READ})),
        TokenWish("two\nlines", frozenset({Scope.READ})),
        TokenWish("x" * 101, frozenset({Scope.READ})),
        TokenWish("x", frozenset()),
        TokenWish("x", frozenset({Scope.READ}), days=0),
        TokenWish("x", frozenset({Scope.READ}), days=367),
        TokenWish("x", frozenset({Scope.READ}), days=None),
    ],
)
def test_a_token_that_cannot_be_is_refused(accounts: Scene, wish: TokenWish) -> None:
    with pytest.raises(TokenImpossible):
        made(accounts, wish)
    assert not models.ApiToken.objects.exists()


def test_a_token_of_an_account_that_is_not_there_is_refused(accounts: Scene) -> None:
    with pytest.raises(TokenImpossible, match="nobody"):
        make_token(accounts.site, ROOT, "nobody", READ)


def test_scopes_are_parsed_by_name() -> None:
    assert parse_scopes(["read", "upload"]) == {Scope.READ, Scope.UPLOAD}
    with pytest.raises(TokenImpossible, match="write"):
        parse_scopes(["read", "write"])
