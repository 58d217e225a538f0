"""What a person is told: one class per cause, each with a code of its own."""

from mini_buildd.domain.problem import Problem


def _all(kind: type[Problem]) -> list[type[Problem]]:
    return [kind, *(each for child in kind.__subclasses__() for each in _all(child))]


def test_every_cause_has_a_code_and_a_title_of_its_own() -> None:
    kinds = _all(Problem)
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert len({kind.title for kind in kinds}) == len(kinds)


def test_a_problem_says_what_was_expected_what_was_found_and_what_to_do() -> None:
    for kind in _all(Problem):
        told = str(kind(expected="one thing", found="another", hint="Change it."))
        assert told == f"{kind.title}: expected one thing; found another. Change it."
        assert kind.code == kind.code.lower().replace(" ", "-")
