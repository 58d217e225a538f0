"""Who may read the archives of private repositories: whoever comes with a right to them.

apt sends a name with a token or a password in each request (auth.conf, HTTP Basic). They are
checked in a thread and remembered for some seconds, so that a revoked token is good for no longer.
Everybody may read public archives, of which nothing is asked.
"""

import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from mini_buildd.daemon.answers import Refused
from mini_buildd.domain.problem import SignInFailed, TooManyAttempts
from mini_buildd.domain.proxies import Network, real_peer
from mini_buildd.incoming.credentials import Credentials, from_header

_log = logging.getLogger(__name__)

_REMEMBERED_SECONDS = 5.0
_MOST_REMEMBERED = 1000
_CHALLENGE = b'WWW-Authenticate: Basic realm="mini-buildd", charset="UTF-8"\r\n'

Names = frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Archives:
    """The names of all repositories, by whether they are private."""

    public: Names = frozenset()
    private: Names = frozenset()


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """What is asked in threads of *pool*, and which proxies say for whom they ask.

    *thd_archives* gives what there is; *thd_readable* the private archives that who comes with
    something from an address may read; it raises SignInFailed, TooManyAttempts.
    """

    reactor: Any
    pool: ThreadPool
    thd_archives: Callable[[], Archives]
    thd_readable: Callable[[Credentials, str], Names]
    proxies: tuple[Network, ...] = ()


class PrivateArchives:
    """Lets requests for archives pass, or not."""

    def __init__(self, keeper: Gatekeeper, archives: Archives) -> None:
        self._keeper = keeper
        self._archives = archives
        self._known: OrderedDict[bytes, tuple[float, Names]] = OrderedDict()
        self._asked: dict[bytes, list[Deferred[Names]]] = {}

    def look_again(self) -> "Deferred[Any]":
        """Ask which repositories are private; what was known goes on when that fails."""
        keeper = self._keeper
        found: Deferred[Any] = deferToThreadPool(keeper.reactor, keeper.pool, keeper.thd_archives)
        found.addCallbacks(self._learn, lambda failure: _log.error("archives: %s", failure.value))
        return found

    def _learn(self, archives: Archives) -> None:
        self._archives = archives

    @property
    def hidden(self) -> Names:
        """What no listing of archives names."""
        return self._archives.private

    def is_free(self, path: bytes) -> bool:
        """Whether everybody may read *path* (decoded, begins with a slash) below the archives.

        Once there is a private repository, what is not public needs somebody to be known, whether
        it is there or not: so nobody is told which ones there are.
        """
        if not self._archives.private:
            return True
        name = path[1:].partition(b"/")[0]
        return not name or name in self._archives.public

    def readable(self, request: Any) -> "Deferred[Names]":
        """The private archives that whoever asks may read; fails with Refused."""
        field: bytes = request.getHeader(b"authorization") or b""
        if not field:
            return _failed(_challenge())
        digest = hashlib.sha256(field).digest()
        found, now = self._known.get(digest), time.monotonic()
        waiting: Deferred[Names] = Deferred()
        if found is not None and found[0] > now:
            waiting.callback(found[1])
            return waiting
        credentials = from_header(field.decode("latin-1"))
        if credentials is None:
            return _failed(_challenge())
        if digest in self._asked:
            self._asked[digest].append(waiting)
        else:
            self._asked[digest] = [waiting]
            self._ask(digest, credentials, self._peer(request))
        return waiting

    def _peer(self, request: Any) -> str:
        said = request.getHeader(b"x-forwarded-for") or b""
        address = request.getClientAddress()
        peer = getattr(address, "host", "")
        return real_peer(peer, said.decode("latin-1"), self._keeper.proxies)

    def _ask(self, digest: bytes, credentials: Credentials, peer: str) -> None:
        keeper = self._keeper
        found = deferToThreadPool(
            keeper.reactor, keeper.pool, keeper.thd_readable, credentials, peer
        )
        found.addCallbacks(self._remember, None, callbackArgs=(digest,))
        found.addBoth(self._tell, digest)

    def _remember(self, names: Names, digest: bytes) -> Names:
        self._known.pop(digest, None)
        self._known[digest] = (time.monotonic() + _REMEMBERED_SECONDS, names)
        while len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return names

    def _tell(self, result: Any, digest: bytes) -> None:
        refused = None if isinstance(result, frozenset) else _refusal(result.value)
        for waiting in self._asked.pop(digest):
            if refused is None:
                waiting.callback(result)
            else:
                waiting.errback(refused)


def _failed(refused: Refused) -> "Deferred[Names]":
    found: Deferred[Names] = Deferred()
    found.errback(refused)
    return found


def _challenge() -> Refused:
    text = "This needs an account: its name with an API token, in /etc/apt/auth.conf.d/."
    return Refused(HTTPStatus.UNAUTHORIZED, text, _CHALLENGE)


def _refusal(error: BaseException) -> Refused:
    if isinstance(error, TooManyAttempts):
        fields = b"Retry-After: %d\r\n" % error.retry_after_seconds
        return Refused(HTTPStatus.TOO_MANY_REQUESTS, f"{error.title}. {error.hint}", fields)
    if isinstance(error, SignInFailed):
        return _challenge()
    _log.error("cannot tell who may read an archive: %s", error)
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, fields=b"Retry-After: 5\r\n")
