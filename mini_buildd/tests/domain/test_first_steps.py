"""The checklist: what can be done, what has to wait for what, and when all is done."""

from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.domain.first_steps import (
    Progress,
    Step,
    StepRow,
    checklist,
    is_complete,
    next_step,
)

_FOUND = st.dictionaries(
    st.sampled_from(Step), st.sampled_from([each for each in Progress if each != Progress.WAITS])
)


def test_with_nothing_there_the_first_steps_are_open_and_others_say_what_they_wait_for() -> None:
    rows = checklist({})
    assert [row.step for row in rows if row.progress is Progress.OPEN] == [
        Step.ADMINISTRATOR,
        Step.KEY,
        Step.RELEASE,
    ]
    assert StepRow(Step.UPLOAD, Progress.WAITS, (Step.REPOSITORY, Step.UPLOADER)) in rows
    assert next_step(rows) is Step.ADMINISTRATOR


def test_while_the_chroot_is_made_the_repository_can_be_seen_to() -> None:
    done = dict.fromkeys((Step.ADMINISTRATOR, Step.KEY, Step.RELEASE), Progress.DONE)
    rows = checklist({**done, Step.CHROOT: Progress.RUNNING})
    assert next_step(rows) is Step.REPOSITORY
    assert not is_complete(rows)


def test_what_failed_is_seen_to_before_what_follows() -> None:
    done = dict.fromkeys(Step, Progress.DONE)
    rows = checklist({**done, Step.CHROOT: Progress.FAILED, Step.UPLOAD: Progress.OPEN})
    assert next_step(rows) is Step.CHROOT


@given(_FOUND)
def test_whatever_is_there_each_step_stands_once_and_complete_leaves_nothing_to_do(
    found: dict[Step, Progress],
) -> None:
    rows = checklist(found)
    assert [row.step for row in rows] == list(Step)
    assert all((row.progress is Progress.WAITS) == bool(row.waits_for) for row in rows)
    if is_complete(rows):
        assert next_step(rows) is None
