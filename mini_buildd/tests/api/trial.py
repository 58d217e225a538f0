"""Calls made up by schemathesis from the description, to see that the API answers as it says.

Both what the description allows and what it does not is sent. An answer is wrong that has a status,
a content type or a shape which the call does not list, that is a failure of the server (5xx), or
that lets in what the description forbids.
"""

import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import ignored_auth

from mini_buildd.wire.api.incoming_calls import CALLS

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@dataclass(slots=True)
class Tried:
    """What was sent of one call, and what came back."""

    call: str
    requests: int = 0
    refused: int = 0
    wrong: str = ""
    """What schemathesis found wrong, if anything."""


# By the daemon it has no end.
STREAM = "/api/v1/events/stream"


def try_all(
    schema: Any, headers: Mapping[str, str], examples: int, *, but: Collection[str] = ()
) -> Iterator[Tried]:
    """Every call of *schema* but those that bring files, so many examples each way.

    Those with a path in *but* are left out as well.
    """
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path not in CALLS and operation.path not in but:
            yield _try(operation, headers, examples)


def _hurry(case: "schemathesis.Case[Any]") -> None:
    """Nobody is to wait for events meanwhile."""
    text = str((case.query or {}).get("wait", ""))
    if text.isascii() and text.isdecimal() and len(text) < 3:
        case.query["wait"] = "0"


def _try(operation: Any, headers: Mapping[str, str], examples: int) -> Tried:
    tried = Tried(operation.label)
    for mode in MODES:
        strategy = operation.as_strategy(generation_mode=mode)

        @given(case=strategy)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def check(case: "schemathesis.Case[Any]") -> None:
            _hurry(case)
            # Guessing is slowed down, and test_changing.py sees to who is let in.
            answer = case.call_and_validate(headers=dict(headers), excluded_checks=[ignored_auth])
            tried.requests += 1
            tried.refused += answer.status_code >= 400

        # A call without parameters cannot be called otherwise than described.
        with warnings.catch_warnings(), suppress(Unsatisfiable):
            warnings.simplefilter("ignore")
            try:
                check()
            except FailureGroup as group:
                tried.wrong += "\n\n".join(str(each) for each in (group, *group.exceptions))
    return tried
