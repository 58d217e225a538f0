"""Doing things in several processes at once, each with a connection of its own."""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator

from django.db import connections

from mini_buildd.domain.problem import Problem

_REFUSED = 7


def at_once_in_processes(*works: Callable[[], object]) -> int:
    """Run all *works* in processes that begin together; how many were refused with a Problem.

    Raises AssertionError when one fails otherwise.
    """
    connections.close_all()
    sys.stdout.flush()
    gate, opener = os.pipe()
    children = [_begin(work, gate, opener) for work in works]
    os.close(gate)
    os.close(opener)
    states = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    if not {*states} <= {0, _REFUSED}:
        raise AssertionError(f"a process failed: {states}")
    return states.count(_REFUSED)


def _begin(work: Callable[[], object], gate: int, opener: int) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.close(opener)
        os.read(gate, 1)  # ends when all have been started
        work()
        status = 0
    except Problem:
        status = _REFUSED
    except BaseException:  # noqa: BLE001  # the parent sees the status only
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


@contextlib.contextmanager
def in_other_process(held: contextlib.AbstractContextManager[object]) -> Iterator[None]:
    """Another process holds *held* meanwhile."""
    connections.close_all()
    ready, tell = os.pipe()
    gate, opener = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(opener)
            with held:
                os.write(tell, b"x")
                os.read(gate, 1)
        finally:
            os._exit(0)
    try:
        os.read(ready, 1)
        yield
    finally:
        for each in (opener, gate, ready, tell):
            os.close(each)
        os.waitpid(child, 0)
