"""Every cause is told in full, once, and the reference says what the program says."""

from pathlib import Path

from mini_buildd.domain.problem_list import problem_kinds, reference

_REFERENCE = Path(__file__).parents[3] / "doc/reference/problems.md"


def test_every_cause_has_its_own_code_and_all_that_a_person_needs() -> None:
    kinds = problem_kinds()
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes)
    assert {"problem", "upload-rejected"}.isdisjoint(codes)
    incomplete = [
        kind.code
        for kind in kinds
        if not (kind.title and kind.meaning and (kind.next_step or not kind.is_rejection))
    ]
    assert incomplete == []


def test_the_reference_is_what_the_program_says() -> None:
    """After a change: ``python3 -m mini_buildd.tests.problem_reference``."""
    assert _REFERENCE.read_text(encoding="utf-8") == reference()
