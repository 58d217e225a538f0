"""No database in the reactor's thread.

One query there would make everybody wait, and Django's own guard stays silent under Twisted's epoll
reactor, so this one raises.
"""

from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from twisted.python.threadable import isInIOThread


class DatabaseInReactor(RuntimeError):
    """Somebody uses the database in the reactor's thread; a defect."""


def _refuse(execute: Callable[..., Any], *arguments: Any) -> Any:
    if isInIOThread():
        raise DatabaseInReactor(str(arguments[0])[:200])
    return execute(*arguments)


def _guard(connection: BaseDatabaseWrapper, **_: object) -> None:
    if _refuse not in connection.execute_wrappers:
        connection.execute_wrappers.append(_refuse)


def install() -> None:
    """Guard every connection that is opened from now on."""
    connection_created.connect(_guard, weak=False)
