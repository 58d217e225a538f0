"""Requests to the API: one connection each, answers as the dataclasses of wire, refusals raised.

Redirections are not followed: a token must not go where somebody else points.
"""

import base64
import http.client
import ssl
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from mini_buildd.client.server import Server
from mini_buildd.client.tls import TlsConnection, Unreachable, Untrusted, tls_context
from mini_buildd.wire.api.problem import MEDIA_TYPE, ProblemDetails, unexplained

Shape = TypeVar("Shape")
Headers = Mapping[str, str]

_TIMEOUT_SECONDS = 60.0
_PAUSES_SECONDS = (0.5, 2.0, 5.0)
_SHOWN = 300
_UNDER_WAY = "answer-pending"  # the request that was cut off is still being dealt with
_ABSENCES = frozenset({"package-not-there", "version-not-kept", "snapshot-unknown"})


class CutOff(Unreachable):
    """The instance was there, and then no answer came: it may have done what was asked, or not."""


class Refused(Exception):
    """The instance refuses, and says why."""

    def __init__(self, details: ProblemDetails) -> None:
        super().__init__(details.detail or details.title)
        self.details = details

    @property
    def is_about_absence(self) -> bool:
        """Whether what was asked for is not there."""
        return self.details.status == HTTPStatus.NOT_FOUND or self.details.code in _ABSENCES

    @property
    def is_about_signing_in(self) -> bool:
        """Whether another token would help."""
        statuses = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
        return self.details.status in statuses


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of *headers* are in lower case."""

    status: int
    headers: Headers
    data: bytes


class Connection:
    """The way to one instance."""

    def __init__(
        self,
        server: Server,
        *,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        pauses_seconds: Sequence[float] = _PAUSES_SECONDS,
    ) -> None:
        self.server = server
        self._timeout = timeout_seconds
        self._pauses = pauses_seconds
        self._parts = urlsplit(server.url)
        self._context: ssl.SSLContext | None = None
        if self._parts.scheme == "https":
            self._context = tls_context(server)

    # --- calls -----------------------------------------------------------------------

    def get(self, shape: type[Shape], path: str, **query: object) -> Shape:
        """What is found at *path* below /api/v1/; what is None or empty in *query* is left out."""
        return self.read(shape, self.call("GET", _address(path, query)))

    def get_at(self, shape: type[Shape], address: str) -> Shape:
        """What is found at *address*, as an answer has named it."""
        return self.read(shape, self.call("GET", address))

    def post(self, shape: type[Shape], path: str, body: object) -> Shape:
        """What the call at *path* below /api/v1/ says to *body*."""
        return self.read(shape, self.order(path, body))

    def order(self, path: str, body: object) -> Answer:
        """The answer of the call at *path* below /api/v1/ to *body*, which is done once.

        Who is cut off does not know whether it was done; so it is sent again with the same key, and
        an instance that has done it gives the answer that was lost.
        """
        data = msgspec.json.encode(body)
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        for pause in (*self._pauses, None):
            try:
                return self.call("POST", f"/api/v1/{path}", data, headers)
            except CutOff:
                if pause is None:
                    raise
            except Refused as refused:
                if pause is None or refused.details.code != _UNDER_WAY:
                    raise
            time.sleep(pause)
        raise AssertionError("the last pause is None")

    def text(self, path: str, **query: object) -> str:
        """The text at *path* below /api/v1/."""
        return self.call("GET", _address(path, query)).data.decode("utf-8", "replace")

    def read(self, shape: type[Shape], answer: Answer) -> Shape:
        """*answer* as *shape*; raises Unreachable when it is not of that kind."""
        try:
            return msgspec.json.decode(answer.data, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Unreachable(
                f"{self.server.url} answers otherwise than expected: {error}"
            ) from None

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Headers | None = None
    ) -> Answer:
        """One request with its answer. Raises Unreachable, Refused."""
        return self.send(method, path, [body] if body else [], len(body or b""), headers or {})

    def send(
        self, method: str, path: str, blocks: Iterable[bytes], length: int, headers: Headers
    ) -> Answer:
        """The same with a body in *blocks*, *length* bytes in all, which is never held as a whole.

        An instance may refuse before all is sent; that answer is what counts then.
        """
        connection = self._open()
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            raise Untrusted(f"{self.server.url}: {error.verify_message}") from None
        except ssl.SSLError as error:
            raise Unreachable(f"{self.server.url}: {error.reason or error}") from None
        except OSError as error:
            raise Unreachable(f"{self.server.url}: {str(error) or type(error).__name__}") from None
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            fields = {"Accept": "application/json", **self._authorization(), **headers}
            if length or method in {"POST", "PUT", "PATCH"}:
                fields["Content-Length"] = str(length)
            for name, value in fields.items():
                connection.putheader(name, value)
            connection.endheaders()
            cut = _send_blocks(connection.send, blocks)
            return self._answer(connection, method, cut)
        except (OSError, http.client.HTTPException) as error:
            raise CutOff(f"{self.server.url}: {str(error) or type(error).__name__}") from None
        finally:
            connection.close()

    def lines(
        self, path: str, headers: Headers, *, timeout_seconds: float, **query: object
    ) -> Iterator[str]:
        """The lines of an answer that has no end, as they come; *path* and *query* as for get().

        Raises Refused; Unreachable, also when nothing comes for so long. What a cut has left of a
        line is no line.
        """
        connection = self._open(timeout_seconds)
        try:
            fields = {**self._authorization(), **headers}
            connection.request("GET", _address(path, query), headers=fields)
            response = connection.getresponse()
            if response.status != HTTPStatus.OK:
                raise self._refusal(_answer_of(response, response.read()))
            while (line := response.readline()).endswith(b"\n"):
                yield line[:-1].decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.server.url}: {str(error) or type(error).__name__}") from None
        finally:
            connection.close()

    def _open(self, timeout_seconds: float | None = None) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        timeout = timeout_seconds or self._timeout
        if self._context is not None:
            return TlsConnection(host, port, timeout=timeout, context=self._context).expecting(
                self.server.fingerprint
            )
        return http.client.HTTPConnection(host, port, timeout=timeout)

    def _authorization(self) -> Headers:
        server = self.server
        if server.password:
            text = base64.b64encode(f"{server.account}:{server.password}".encode()).decode()
            return {"Authorization": f"Basic {text}"}
        return {"Authorization": f"Bearer {server.token}"} if server.token else {}

    def _answer(
        self, connection: http.client.HTTPConnection, method: str, cut: OSError | None
    ) -> Answer:
        try:
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise cut or error from None
        answer = _answer_of(response, b"" if method == "HEAD" else response.read())
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return answer
        raise self._refusal(answer)

    def _refusal(self, answer: Answer) -> Refused | Unreachable:
        kind = answer.headers.get("content-type", "").partition(";")[0]
        status = HTTPStatus(answer.status) if answer.status in set(HTTPStatus) else None
        if kind == MEDIA_TYPE and answer.data:
            return Refused(self.read(ProblemDetails, answer))
        if kind == MEDIA_TYPE and status is not None:  # the answer to a HEAD has no body
            return Refused(unexplained(status, "refused"))
        words = status.phrase if status else "no known status"
        if answer.status < HTTPStatus.BAD_REQUEST:
            words = f"it points elsewhere, to {answer.headers.get('location', '')}"
        text = answer.data.decode("utf-8", "replace").strip() if kind == "text/plain" else ""
        shown = f": {text[:_SHOWN]}" if text else ""
        return Unreachable(f"{self.server.url} answers with {answer.status}, {words}{shown}")


def _address(path: str, query: Mapping[str, object]) -> str:
    """*path* below /api/v1/ with what is given of *query*."""
    given = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in query.items()
        if value not in (None, "", (), [])
    }
    return f"/api/v1/{path}" + (f"?{urlencode(given, doseq=True)}" if given else "")


def _answer_of(response: http.client.HTTPResponse, data: bytes) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, data)


def _send_blocks(send: Callable[[Any], None], blocks: Iterable[bytes]) -> OSError | None:
    """Send all of *blocks*; gives the error with which the other side stopped reading, if any."""
    try:
        for block in blocks:
            send(block)
    except (BrokenPipeError, ConnectionResetError) as error:
        return error
    return None
