"""A name with a secret lets somebody in, at any door; and whoever guesses is made to wait."""

from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest
from django.contrib.auth.models import User

from mini_buildd.domain.permission import Actor, Door, Scope
from mini_buildd.domain.problem import SignInFailed, TooManyAttempts
from mini_buildd.domain.throttle import Throttle
from mini_buildd.domain.token import TokenWish
from mini_buildd.flow.sign_in import sign_in
from mini_buildd.flow.token import make_token
from mini_buildd.tests.flow.scene import Scene

HERE, THERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def accounts(scene: Scene) -> Scene:
    """Two who are nobody special; no time passes between attempts."""
    scene.site = replace(scene.site, throttle=Throttle(lambda: 1000.0))
    for name in ("ada", "bob"):
        User.objects.create_user(name, password=f"{name}'s secret")
    return scene


def token(scene: Scene) -> str:
    """A token of ada's."""
    wish = TokenWish("x", frozenset({Scope.READ}))
    return make_token(scene.site, Actor("ada"), "ada", wish).secret


def test_a_password_and_a_token_let_in_whom_they_are_of(accounts: Scene) -> None:
    assert sign_in(accounts.site, "ada", "ada's secret", HERE) == Actor("ada")
    of_token = Actor("ada", scopes=frozenset({Scope.READ}))
    for name in ("", "ada"):
        found = sign_in(accounts.site, name, token(accounts), HERE, Door.COMMAND)
        assert found == of_token
        assert found.door is Door.COMMAND


@pytest.mark.parametrize("name", ["ada", "nobody", "", "a\0b", "Ada"])
def test_nothing_else_does_and_all_that_is_wrong_looks_alike(accounts: Scene, name: str) -> None:
    with pytest.raises(SignInFailed):
        sign_in(accounts.site, name, "bob's secret", HERE)


def test_a_token_lets_nobody_in_by_another_name(accounts: Scene) -> None:
    with pytest.raises(SignInFailed):
        sign_in(accounts.site, "bob", token(accounts), HERE)


def test_an_account_that_is_switched_off_is_not_let_in(accounts: Scene) -> None:
    of_ada = token(accounts)
    User.objects.update(is_active=False)
    for secret in ("ada's secret", of_ada):
        with pytest.raises(SignInFailed):
            sign_in(accounts.site, "ada", secret, HERE)


def test_who_guesses_is_made_to_wait_also_when_the_next_guess_is_right(accounts: Scene) -> None:
    for number in range(6):
        with pytest.raises(SignInFailed):
            sign_in(accounts.site, "ada", f"guess {number}", HERE)
    with pytest.raises(TooManyAttempts):
        sign_in(accounts.site, "ada", "ada's secret", HERE)
    assert sign_in(accounts.site, "ada", "ada's secret", THERE).name == "ada"
    assert sign_in(accounts.site, "bob", "bob's secret", HERE).name == "bob"


def test_who_comes_with_old_tokens_waits_and_keeps_no_good_token_out(accounts: Scene) -> None:
    old = "mbd_" + "x" * 43
    for _ in range(7):
        with suppress(SignInFailed, TooManyAttempts):
            sign_in(accounts.site, "", old, HERE)
    assert sign_in(accounts.site, "", token(accounts), HERE).name == "ada"
    with pytest.raises(TooManyAttempts):
        sign_in(accounts.site, "", old, HERE)


def test_a_program_with_an_old_token_keeps_nobodys_password_out(accounts: Scene) -> None:
    passed = count(step=60.0)
    accounts.site = replace(accounts.site, throttle=Throttle(lambda: next(passed)))
    for name in ("", "ada") * 200:
        with suppress(SignInFailed, TooManyAttempts):
            sign_in(accounts.site, name, "mbd_" + "x" * 43, HERE)
    for name in ("ada", "bob"):
        assert sign_in(accounts.site, name, f"{name}'s secret", HERE).name == name
