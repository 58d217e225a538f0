"""The verdict on a source package."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.deb.version import Version
from mini_buildd.domain.states import JOB_OPEN, JobState, SourceState
from mini_buildd.domain.verdict import (
    JobResult,
    is_superseded,
    judge_jobs,
)

_RESULTS = st.builds(JobResult, st.sampled_from(JobState), is_optional=st.booleans())


def _judge(*states: JobState) -> SourceState | None:
    return judge_jobs(JobResult(state, is_optional=False) for state in states)


def test_all_jobs_must_succeed_and_a_failure_counts_at_once() -> None:
    assert _judge(JobState.SUCCEEDED, JobState.SUCCEEDED) is SourceState.READY
    assert _judge(JobState.SUCCEEDED, JobState.RUNNING) is None
    assert _judge(JobState.RUNNING, JobState.FAILED) is SourceState.FAILED
    assert _judge(JobState.SUCCEEDED, JobState.CANCELLED) is SourceState.FAILED


_COUNTS = _RESULTS.filter(lambda result: not result.is_optional)


@given(
    _COUNTS,
    st.lists(_RESULTS, max_size=5),
    st.lists(st.sampled_from(JobState), max_size=3),
)
def test_optional_jobs_change_no_verdict_where_others_count(
    one: JobResult, results: list[JobResult], more: list[JobState]
) -> None:
    optional = [JobResult(state, is_optional=True) for state in more]
    assert judge_jobs([one, *results]) == judge_jobs([one, *results, *optional])


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ([JobState.RUNNING, JobState.FAILED], None),
        ([JobState.DEP_WAIT], None),
        ([JobState.FAILED, JobState.CANCELLED], SourceState.FAILED),
        ([JobState.FAILED, JobState.SUCCEEDED], SourceState.READY),
        ([JobState.RUNNING, JobState.SUCCEEDED], SourceState.READY),
    ],
)
def test_where_all_jobs_are_optional_the_first_success_is_enough(
    states: list[JobState], verdict: SourceState | None
) -> None:
    assert judge_jobs(JobResult(state, is_optional=True) for state in states) is verdict


@given(_COUNTS, st.lists(_RESULTS, max_size=5))
def test_nothing_is_ready_while_something_that_counts_has_not_succeeded(
    one: JobResult, more: list[JobResult]
) -> None:
    results = [one, *more]
    counted = {result.state for result in results if not result.is_optional}
    verdict = judge_jobs(results)
    assert (verdict is SourceState.READY) == (counted <= {JobState.SUCCEEDED})
    if verdict is None:
        assert counted & JOB_OPEN


def test_a_version_behind_the_published_one_is_superseded() -> None:
    assert is_superseded(Version("1.0"), Version("1.1"))
    assert not is_superseded(Version("1.1"), Version("1.1"))
    assert not is_superseded(Version("1.1"), None)
