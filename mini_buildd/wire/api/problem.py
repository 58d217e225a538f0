"""Problem details (RFC 9457), with the four things that every problem of ours says."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar

from mini_buildd.domain.problem import Problem
from mini_buildd.wire.api.described import DESCRIBED

MEDIA_TYPE = "application/problem+json"
# Where people find what the codes mean; the fragment is the code.
_PAGE = "/api/"


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """Why a request is refused, and what to do then."""

    __pydantic_config__: ClassVar = DESCRIBED

    type: str
    """An address of this instance that explains the code."""
    title: str
    """The cause in a few words."""
    status: int
    """The status of the answer once more."""
    detail: str
    """All of it as one text."""
    code: str
    """The cause as a stable word, for programs: `version-exists`."""
    expected: str
    found: str
    hint: str
    """The next step."""


def details(problem: Problem, status: int) -> ProblemDetails:
    """*problem* as the answer with *status*."""
    return ProblemDetails(
        type=f"{_PAGE}#{problem.code}",
        title=problem.title,
        status=int(status),
        detail=str(problem),
        code=problem.code,
        expected=problem.expected,
        found=problem.found,
        hint=problem.hint,
    )


def unexplained(status: HTTPStatus, code: str, hint: str = "") -> ProblemDetails:
    """What is refused by *status* alone."""
    return ProblemDetails(
        type=f"{_PAGE}#{code}",
        title=status.phrase,
        status=int(status),
        detail=status.description or status.phrase,
        code=code,
        expected="",
        found="",
        hint=hint,
    )
