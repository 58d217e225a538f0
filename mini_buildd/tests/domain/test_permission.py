"""Roles, acts and tokens: who may what, as the table says."""

import pytest

from mini_buildd.domain.permission import (
    RULES,
    SELF,
    VISITOR,
    Act,
    Actor,
    Role,
    Scope,
    demand,
    may,
)
from mini_buildd.domain.problem import NotAllowed

PAT = Actor("pat", roles=(("test", Role.UPLOADER), ("other", Role.OWNER)))


def test_every_act_has_its_rule() -> None:
    assert set(RULES) == set(Act)


def test_a_role_holds_for_its_repository_only() -> None:
    assert may(PAT, Act.UPLOAD, repository="test")
    assert not may(PAT, Act.FREEZE, repository="test")
    assert may(PAT, Act.FREEZE, repository="other")
    assert not may(PAT, Act.FREEZE)


def test_what_is_private_is_seen_by_those_with_a_right_to_it() -> None:
    assert may(VISITOR, Act.SEE, repository="test")
    assert not may(VISITOR, Act.SEE, repository="test", is_private=True)
    assert may(PAT, Act.SEE, repository="test", is_private=True)
    assert not may(PAT, Act.SEE, repository="third", is_private=True)


def test_one_may_with_ones_own_what_others_may_not() -> None:
    assert may(PAT, Act.CANCEL_BUILD, repository="test", owner="pat")
    assert not may(PAT, Act.CANCEL_BUILD, repository="test", owner="eve")
    assert not may(VISITOR, Act.CANCEL_BUILD, repository="test", owner="")


@pytest.mark.parametrize("act", Act)
def test_a_token_lets_its_owner_do_only_what_it_was_made_for(act: Act) -> None:
    for scope in Scope:
        token = Actor("root", is_admin=True, scopes=frozenset({scope}))
        assert may(token, act, repository="test") == (RULES[act].scope is scope)
    assert may(SELF, act, repository="test")


def test_a_refusal_says_who_may_and_who_asked() -> None:
    with pytest.raises(NotAllowed) as caught:
        demand(VISITOR, Act.FREEZE, repository="test")
    assert caught.value.expected == "an owner of repository test to freeze or thaw a suite"
    assert caught.value.found == "somebody who has not signed in"
    with pytest.raises(NotAllowed) as caught:
        demand(Actor("pat", scopes=frozenset({Scope.READ})), Act.UPLOAD, repository="test")
    assert caught.value.found == "a token of pat for read; this needs upload"
