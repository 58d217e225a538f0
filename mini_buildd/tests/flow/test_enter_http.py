"""Who may bring files by HTTP, where that is asked."""

import pytest
from django.contrib.auth.models import User

from mini_buildd.domain.permission import Actor, Scope
from mini_buildd.domain.problem import NotAllowed, SignInFailed
from mini_buildd.domain.token import TokenWish
from mini_buildd.flow.enter_http import enter_http
from mini_buildd.flow.token import make_token
from mini_buildd.tests.flow.scene import Scene

_HERE = "192.0.2.7"


@pytest.fixture
def ada(scene: Scene) -> Scene:
    User.objects.create_user("ada", password="ada's secret")
    return scene


def _token(scene: Scene, scope: Scope) -> str:
    wish = TokenWish("x", frozenset({scope}))
    return make_token(scene.site, Actor("ada"), "ada", wish).secret


def test_a_password_lets_in_and_a_token_that_is_for_it(ada: Scene) -> None:
    assert enter_http(ada.site, "ada", "ada's secret", _HERE).name == "ada"
    assert enter_http(ada.site, "", _token(ada, Scope.UPLOAD), _HERE).name == "ada"


def test_a_token_for_something_else_does_not(ada: Scene) -> None:
    with pytest.raises(NotAllowed, match="one of ada for read"):
        enter_http(ada.site, "ada", _token(ada, Scope.READ), _HERE)


def test_nothing_else_does(ada: Scene) -> None:
    for account, secret in (("ada", "wrong"), ("", "ada's secret"), ("nobody", "")):
        with pytest.raises(SignInFailed):
            enter_http(ada.site, account, secret, _HERE)
