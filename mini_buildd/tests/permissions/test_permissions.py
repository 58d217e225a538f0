"""Every verb is asked as everybody, and does what the table says, or nothing at all."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from mini_buildd.domain.permission import Act, Actor, Role, Scope, may
from mini_buildd.domain.problem import NotAllowed, Problem
from mini_buildd.keys import gpg
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.packager import Packager
from mini_buildd.tests.permissions.cases import CASES, Case
from mini_buildd.tests.permissions.stage import OWNER, Stage, set_stage, undone
from mini_buildd.tests.permissions.table import REFERENCE, written
from mini_buildd.tests.permissions.verbs import PARTS, find_verbs


def _in_test(name: str, role: Role) -> Actor:
    return Actor(name, roles=(("test", role),))


# Everybody who could come, and with what: signed in, or with a token for one scope.
ACTORS = (
    Actor(""),
    Actor("somebody"),
    Actor("owner-elsewhere", roles=(("elsewhere", Role.OWNER),)),
    _in_test("reader", Role.READER),
    _in_test("uploader", Role.UPLOADER),
    _in_test("owner", Role.OWNER),
    Actor("root", is_admin=True),
    Actor(OWNER),
    *(Actor("root", is_admin=True, scopes=frozenset({scope})) for scope in Scope),
    *(Actor(OWNER, scopes=frozenset({scope})) for scope in Scope),
    Actor("root", is_admin=True, scopes=frozenset()),
)


def test_no_verb_is_missing_in_the_cases() -> None:
    assert set(find_verbs()) == set(CASES)


def test_what_is_no_verb_is_there() -> None:
    assert not set(PARTS) & set(find_verbs())
    assert all(CASES[name].act is not None or CASES[name].why for name in CASES)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call."""

    is_refused: bool
    told: str
    wrote: tuple[str, ...]


def ask(stage: Stage, case: Case, actor: Actor) -> Outcome:
    """Call the verb as *actor*, and undo it."""
    told, is_refused = "", False
    with undone():
        if case.before is not None:
            case.before(stage)
        with undone() as wrote:
            try:
                case.call(stage, actor)
            except Problem as problem:
                if not isinstance(problem, (NotAllowed, *case.refusals, *case.faults)):
                    raise
                told, is_refused = str(problem), not isinstance(problem, case.faults)
    return Outcome(is_refused, told, tuple(wrote))


def is_allowed(case: Case, actor: Actor) -> bool:
    """What the table says."""
    return case.act is None or may(actor, case.act, repository=case.repository, owner=case.owner)


def test_every_verb_does_for_everybody_what_the_table_says(
    scene: Scene, stranger: Packager, short_folder: Path
) -> None:
    stage = set_stage(scene, stranger, short_folder)
    wrong = []
    try:
        for name, case in CASES.items():
            for actor in ACTORS:
                outcome = ask(stage, case, actor)
                has_changed = outcome.is_refused and outcome.wrote
                if outcome.is_refused == is_allowed(case, actor) or has_changed:
                    wrong.append(f"{name} by {actor}: {outcome}")
    finally:
        gpg.stop_agent(stage.throwaway.gnupg)
    assert not wrong, "\n".join(wrong)


def test_the_printed_table_is_the_one_that_holds() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == written(), (
        "write it anew: python -m mini_buildd.tests.permissions"
    )


@pytest.mark.parametrize("act", Act)
def test_each_act_is_done_by_a_verb_or_told_where(act: Act) -> None:
    assert act in {case.act for case in CASES.values()} | set(ELSEWHERE)


# Acts that no verb with an actor does, and what asks for them instead.
ELSEWHERE = {
    Act.SEE: "the pages, the API and the archive ask, whenever something is shown",
    Act.UPLOAD: "the rights of whoever has signed are asked as an upload is accepted",
    Act.DEBUG_BUILD: "the command line is the administrator's",
    Act.SEE_AUDIT: "its page asks",
    Act.CONFIGURE: "Settings ask, and so do those who give the right of an owner",
}
