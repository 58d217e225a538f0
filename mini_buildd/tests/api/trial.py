"""Calls made up by schemathesis from the description: does the API answer as it says it does?

Both what the description allows and what it does not is sent. An answer is wrong that has a status,
a content type or a shape which the call does not list, that is a failure of the server (5xx), or
that lets in what the description forbids.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@dataclass(slots=True)
class Tried:
    """What was sent of one call, and what came back."""

    call: str
    requests: int = 0
    refused: int = 0


def try_all(
    schema: Any, headers: Mapping[str, str], examples: int, *, only: str = ""
) -> Iterator[Tried]:
    """Every call of *schema*, so many examples each way; raises what schemathesis finds wrong."""
    for found in schema.get_all_operations():
        operation = found.ok()
        if only in operation.path:
            yield _try(operation, headers, examples)


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
        def check(case: schemathesis.Case) -> None:
            case.headers = {**(case.headers or {}), **headers}
            answer = case.call_and_validate()
            tried.requests += 1
            tried.refused += answer.status_code >= 400

        # A call without parameters cannot be called otherwise than described.
        with warnings.catch_warnings(), suppress(Unsatisfiable):
            warnings.simplefilter("ignore")
            check()
    return tried
