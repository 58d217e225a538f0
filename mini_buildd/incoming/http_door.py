"""The ways in by HTTP: which request is one, and who may use it.

    PUT /upload/<file name>              one file, as dput and curl send it
    POST /api/v1/uploads/files           all files of an upload in one multipart/form-data body
    /api/v1/incoming/                    resumable transfers of large files (tus 1.0.0)

What comes goes straight to the spool; neither this process' memory nor Django sees a whole body.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import NoReturn, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure

from mini_buildd.deb.names import MalformedName, PlainFilename
from mini_buildd.domain import transfer
from mini_buildd.domain.problem import Problem, RequestForged
from mini_buildd.incoming.credentials import Credentials, SignIn, from_header
from mini_buildd.incoming.dock import Dock
from mini_buildd.incoming.http_answer import Answer, plain, refusal
from mini_buildd.incoming.http_channel import Pause, StreamingRequest
from mini_buildd.incoming.rates import Brake
from mini_buildd.incoming.resumable import Resumables
from mini_buildd.incoming.spool import Spool, SpoolFull
from mini_buildd.incoming.writing import Sink, Writing

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")
# What browsers say of the page that sends; programs say nothing (Fetch Metadata).
_OURS = frozenset({"", "same-origin", "none"})


def nobody(credentials: Credentials, peer: str) -> NoReturn:
    """Knows no account."""
    del credentials, peer
    raise _unknown("accounts that nobody looks up")


@dataclass(frozen=True, slots=True)
class Works:
    """What exchanges work with."""

    dock: Dock
    resumables: Resumables
    policy: str = "open"  # or "accounts" or "off"
    sign_in: SignIn = nobody

    @property
    def spool(self) -> Spool:
        """Where files go."""
        return self.dock.spool

    def in_pool(self, thd_work: Callable[[], _Result]) -> "Deferred[_Result]":
        """Call in a thread of the pool."""
        return deferToThreadPool(self.dock.reactor, self.dock.pool, thd_work)


class Body(Protocol):
    """What becomes of a body."""

    def write(self, data: bytes) -> None:
        """The next bytes; raises Problem, SpoolFull, OSError."""

    def end(self) -> None:
        """All is there; answers some time. Raises as write()."""

    def drop(self) -> None:
        """It will not come to its end."""


class HttpExchange:
    """One request that brings something; *open_body* is called once it may.

    *wait* gives what is to be waited for before that, or None.
    """

    def __init__(
        self,
        works: Works,
        request: StreamingRequest,
        open_body: Callable[["HttpExchange"], Body],
        *,
        as_json: bool,
        fields: dict[str, str] | None = None,
        wait: "Callable[[], Deferred[None] | None]" = lambda: None,
    ) -> None:
        self.works = works
        self.request = request
        self._open_body = open_body
        self._as_json = as_json
        self._fields = fields or {}
        self._wait = wait
        self._body: Body | None = None
        self._early: list[bytes] = []
        self._is_whole = False
        self._is_over = False
        self._dropped_bytes = 0
        self._brake = Brake(works.dock.rates, request.peer, self)

    # --- what the request calls --------------------------------------------------

    def begin(self) -> None:
        """The header is there: see who it is, then open."""
        if self.request.field("sec-fetch-site") not in _OURS:
            self.refuse(_forged())
        elif self.works.policy == "off":
            self.refuse(_closed())
        elif self.works.policy == "open":
            self._open()
        elif (credentials := from_header(self.request.field("authorization"))) is None:
            self.refuse(_unknown("none"))
        else:
            self.request.pause(Pause.SIGN_IN)
            peer = self.request.asker
            found = self.works.in_pool(lambda: self.works.sign_in(credentials, peer))
            self.request.account = credentials.account
            found.addCallback(self._signed_in).addErrback(self.broken)

    @property
    def is_open(self) -> bool:
        """Whether there is no answer yet."""
        return not self._is_over

    @property
    def wants_body(self) -> bool:
        """Whether bytes that come are of use (Exchange)."""
        return self._body is not None and not self._is_over

    def write(self, data: bytes) -> None:
        """The next bytes (Exchange)."""
        self._brake.took(len(data))
        if self._is_over:
            self._dropped_bytes += len(data)
            if self._dropped_bytes > self.works.spool.max_file_bytes:
                self.request.hang_up()
        elif self._body is None:
            self._early.append(data)  # of the one packet that the header came with
        else:
            self._trying(self._body.write, data)

    def end(self) -> None:
        """The last byte is there (Exchange)."""
        self._is_whole = True
        if self._body is not None and not self._is_over:
            self._trying(self._body.end)

    def cut(self) -> None:
        """The connection is gone (Exchange)."""
        self._brake.release()
        self._close()

    # --- what bodies call ---------------------------------------------------------

    def writing(self, sink: Sink) -> Writing:
        """Write to *sink* what comes."""
        dock = self.works.dock
        return Writing(sink, self.request, self.broken, reactor=dock.reactor, pool=dock.pool)

    def brings(self, token: str) -> None:
        """What is told by *token* is about to arrive in the spool."""
        self.works.dock.sessions.brings(self.request.peer, token)

    def wait(self) -> None:
        """The peer is too fast (Slowed)."""
        self.request.pause(Pause.RATE)

    def go_on(self) -> None:
        """What has come is paid for (Slowed)."""
        self.request.resume(Pause.RATE)

    def answer(self, answer: Answer) -> None:
        """It is done."""
        self._is_over = True
        self.request.answer(answer)

    def refuse(self, problem: Problem, **fields: str) -> None:
        """It is not done, and what has come is dropped."""
        self._close()
        answer = refusal(problem, as_json=self._as_json, **self._fields, **fields)
        self.request.resume(Pause.SIGN_IN)  # so that the rest can be read and dropped
        self.request.answer(answer)

    def broken(self, failure: Failure) -> None:
        """Something failed in a thread."""
        error = failure.value
        if isinstance(error, Problem):
            self.refuse(error)
        elif isinstance(error, SpoolFull | OSError):
            self.refuse(no_room(error))
        else:
            _log.error("an upload failed:\n%s", failure.getTraceback())
            self._close()
            self.request.resume(Pause.SIGN_IN)  # as in refuse()
            self.request.answer(plain(HTTPStatus.INTERNAL_SERVER_ERROR, "The upload failed here."))

    # --- inside --------------------------------------------------------------------

    def _signed_in(self, _: object) -> None:
        self.request.resume(Pause.SIGN_IN)
        self._open()

    def _open(self) -> None:
        """Open when nobody is in the way."""
        self.request.resume(Pause.TURN)
        if self._is_over:
            return
        turn = self._wait()
        if turn is None:
            self._trying(self._open_and_catch_up)
        else:
            self.request.pause(Pause.TURN)
            turn.addCallback(lambda _: self._open())

    def _open_and_catch_up(self) -> None:
        self._body = self._open_body(self)
        if self._is_over:
            return
        early, self._early = self._early, []
        for data in early:
            self.write(data)
        if not self._is_whole:
            self.request.ask_for_body()
        elif not self._is_over:
            self._body.end()

    def _trying(self, work: Callable[..., None], *arguments: bytes) -> None:
        try:
            work(*arguments)
        except Exception:  # noqa: BLE001  # told apart there; whatever it is, the client is answered
            self.broken(Failure())

    def _close(self) -> None:
        self._early = []
        if not self._is_over:
            self._is_over = True
            if self._body is not None:
                self._body.drop()


def no_room(error: Exception) -> Problem:
    """What a client is told of a full spool or disk."""
    if isinstance(error, SpoolFull) and error.is_file:
        return transfer.FileTooLarge(
            expected="a file that is not larger than any may be",
            found=str(error),
            hint="Ask an administrator: the bound is incoming.max_file_bytes.",
        )
    return transfer.NoRoom(
        expected="room in the spool",
        found=str(error),
        hint="Try again later; if it stays so, tell an administrator.",
    )


def file_name(text: str) -> PlainFilename:
    """*text* as the name of a file of an upload; raises FileNameRefused."""
    try:
        return PlainFilename(text)
    except MalformedName as error:
        raise transfer.FileNameRefused(
            expected="a name of letters, digits and + . ~ _ : - that begins with a letter, "
            "a digit or a plus",
            found=repr(error.text),
            hint="Upload the files as they came out of the build.",
        ) from None


def _forged() -> Problem:
    return RequestForged(
        expected="a program, or a page of this instance",
        found="a page of somebody else's",
        hint="Upload with dput, or curl.",
    )


def _closed() -> Problem:
    return transfer.UploadsClosed(
        expected="an upload by another way",
        found="that uploads by HTTP are off",
        hint="Upload by FTP or SFTP; mini-buildd-api dput-conf prints what dput needs.",
    )


def _unknown(found: str) -> Problem:
    return transfer.SignInNeeded(
        expected="an account with its password, or an API token",
        found=found,
        hint="Give the name of your account and its password, or a token that may upload.",
    )
