"""No database in the reactor's thread."""

from collections.abc import Iterator

import pytest
from django.db.backends.signals import connection_created
from twisted.python import threadable

from mini_buildd.daemon import thread_guard
from mini_buildd.daemon.thread_guard import DatabaseInReactor
from mini_buildd.db.models import Job
from mini_buildd.tests.flow.threads import at_once


@pytest.fixture
def guarded(transactional_db: None) -> Iterator[None]:
    """New connections are guarded; nobody is the reactor's thread yet."""
    del transactional_db
    before = threadable.ioThread
    thread_guard.install()
    yield
    connection_created.disconnect(thread_guard._guard)
    threadable.ioThread = before


def test_a_query_in_the_reactors_thread_raises_and_in_others_works(guarded: None) -> None:
    del guarded
    counted: list[int] = []

    def in_reactor() -> None:
        threadable.registerAsIOThread()  # type: ignore[no-untyped-call]  # Twisted's
        try:
            Job.objects.count()
        finally:
            threadable.ioThread = None  # threads that end leave their number to others

    def in_pool() -> None:
        counted.append(Job.objects.count())

    (raised,) = at_once(in_reactor)
    assert isinstance(raised, DatabaseInReactor)
    assert "SELECT" in str(raised)
    assert at_once(in_pool) == []
    assert counted == [0]
