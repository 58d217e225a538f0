"""Every verb that takes an Actor, found in the rooms themselves, so that none can be forgotten."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

from mini_buildd import flow
from mini_buildd.domain.permission import Actor

Verb = Callable[..., Any]

# Public functions that are handed an actor and are no verbs, each with the reason.
PARTS = {
    "cancel.demand_of": "asks for cancel and retry whether the actor may",
    "cancel.jobs_of_upload": "finds, for cancel and retry, what the actor may change",
    "cancel.note_build": "notes in the audit log what cancel and retry have done",
    "cancel.word_of": "says in words who did something",
}


def find_verbs() -> dict[str, Verb]:
    """All of them by module and name: freeze.thaw."""
    return {
        name: found
        for name, found in sorted(_functions())
        if name not in PARTS and _takes_actor(found)
    }


def _functions() -> Iterator[tuple[str, Verb]]:
    prefix = f"{flow.__name__}."
    for module_info in pkgutil.walk_packages(flow.__path__, prefix):
        module = importlib.import_module(module_info.name)
        for name, found in vars(module).items():
            is_ours = inspect.isfunction(found) and found.__module__ == module.__name__
            if is_ours and not name.startswith("_"):
                yield f"{module.__name__.removeprefix(prefix)}.{name}", found


def _takes_actor(found: Verb) -> bool:
    return any(each.annotation is Actor for each in inspect.signature(found).parameters.values())
