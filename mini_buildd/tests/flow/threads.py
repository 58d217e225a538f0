"""Doing things in several threads at once, each with a connection of its own."""

import threading
from collections.abc import Callable

from django.db import connection


def at_once(*works: Callable[[], object], seconds: float = 30) -> list[Exception]:
    """Run all *works* in threads that begin together; what they raised, in no order."""
    barrier = threading.Barrier(len(works))
    raised: list[Exception] = []

    def run(work: Callable[[], object]) -> None:
        try:
            barrier.wait(seconds)
            work()
        except Exception as error:  # noqa: BLE001  # handed to the test
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
        if thread.is_alive():
            raise AssertionError(f"a thread still runs after {seconds} s")
    return raised
