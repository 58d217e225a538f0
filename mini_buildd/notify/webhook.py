"""One delivery of a webhook: the signed request, and what its receiver answers.

The header fields and the signature are those of Standard Webhooks (standardwebhooks.com), for which
there are libraries in most languages. Redirects are not followed: the answer is their status.
"""

import base64
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from mini_buildd.notify.reach import Network, may_reach

_AGENT = "mini-buildd/3"
_CONNECT_SECONDS = 5.0
_MOST_ANSWER_BYTES = 2048
_MOST_SAID = 500
_GONE = 410
_TAKEN = range(200, 300)


class CourierStopped(Exception):
    """The daemon is to end; what was under way is delivered again the next time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try; *status* is None when there was no answer at all."""

    is_taken: bool
    said: str
    seconds: float
    status: int | None = None
    wants_no_more: bool = False
    wait_seconds: float | None = None


class NotReachable(OSError):
    """There is no address for a host, or none that may be sent to."""


def signatures(secrets: Iterable[str], token: str, at: int, body: bytes) -> str:
    """The field webhook-signature: one for each of *secrets*, which begin with whsec_."""
    signed = b".".join((token.encode(), str(at).encode(), body))
    return " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets)


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.partition("_")[2])
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Courier:
    """Brings requests to receivers, each in bounded time; for any number of threads."""

    def __init__(
        self,
        allowed: Sequence[Network],
        seconds: float,
        *,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._allowed, self._seconds, self._trust = allowed, seconds, trust
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_stopped = False

    def stop(self) -> None:
        """End what is under way, and begin nothing more."""
        with self._guard:
            self._is_stopped = True
            for each in self._open:
                _cut(each)

    def post(self, url: str, fields: Mapping[str, str], body: bytes) -> Answer:
        """Send *body* to *url* and give what is answered. Raises CourierStopped."""
        begun = time.monotonic()
        parts = urlsplit(url)
        try:
            connected = self._connect(parts)
        except (OSError, UnicodeError) as error:  # the latter for what can be no name of a host
            return Answer(is_taken=False, said=_words(error), seconds=time.monotonic() - begun)
        left = max(self._seconds - (time.monotonic() - begun), 0.1)
        timer = threading.Timer(left, _cut, [connected])
        timer.daemon = True
        timer.start()
        try:
            answer = self._ask(parts, connected, {**fields, "User-Agent": _AGENT}, body, begun)
        except (OSError, http.client.HTTPException) as error:
            seconds = time.monotonic() - begun
            answer = Answer(is_taken=False, said=_words(error), seconds=seconds)
        finally:
            timer.cancel()
            with self._guard:
                self._open.discard(connected)
            connected.close()
        if self._is_stopped and not answer.is_taken:
            raise CourierStopped
        if answer.seconds >= self._seconds:  # it was cut, and what came of it may seem whole
            said = f"no whole answer within {self._seconds:g} s"
            return Answer(is_taken=False, said=said, seconds=answer.seconds)
        return answer

    def _connect(self, parts: SplitResult) -> socket.socket:
        """A connection to an address that may be reached. Raises OSError, CourierStopped."""
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        allowed = [each for each in found if self._may_reach(str(each[4][0]))]
        if not allowed:
            refused = ", ".join(dict.fromkeys(str(each[4][0]) for each in found))
            raise NotReachable(f"nothing is sent to {refused}; the setting webhooks.networks may")
        family, kind, protocol, _, address = allowed[0]
        made = socket.socket(family, kind, protocol)
        with self._guard:
            if self._is_stopped:
                made.close()
                raise CourierStopped
            self._open.add(made)
        try:
            made.settimeout(min(_CONNECT_SECONDS, self._seconds))
            made.connect(address)
            made.settimeout(self._seconds)
        except OSError:
            with self._guard:
                self._open.discard(made)
            made.close()
            raise
        return made

    def _may_reach(self, text: str) -> bool:
        return may_reach(ipaddress.ip_address(text.partition("%")[0]), self._allowed)

    def _ask(
        self,
        parts: SplitResult,
        connected: socket.socket,
        fields: Mapping[str, str],
        body: bytes,
        begun: float,
    ) -> Answer:
        host = parts.hostname or ""
        if parts.scheme == "https":
            # The context verifies the name; what is cut is the socket below.
            secured = self._trust().wrap_socket(
                connected.dup(), server_hostname=host, suppress_ragged_eofs=True
            )
            asked: http.client.HTTPConnection = http.client.HTTPSConnection(host, parts.port)
            asked.sock = secured
        else:
            asked = http.client.HTTPConnection(host, parts.port)
            asked.sock = connected.dup()
        try:
            path = f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query}"
            asked.request("POST", path, body, dict(fields))
            return _answer(asked.getresponse(), begun)
        finally:
            asked.close()


def _answer(response: http.client.HTTPResponse, begun: float) -> Answer:
    text = ""
    with suppress(OSError, http.client.HTTPException):  # its status says all that counts
        text = response.read(_MOST_ANSWER_BYTES).decode("utf-8", "replace")
    if response.status in range(300, 400):
        text = f"a redirect to {response.headers.get('Location', 'nowhere')}, not followed"
    text = text if text.strip() else response.reason
    said = "".join(each if each.isprintable() else " " for each in text).strip()
    return Answer(
        is_taken=response.status in _TAKEN,
        said=said[:_MOST_SAID],
        seconds=time.monotonic() - begun,
        status=response.status,
        wants_no_more=response.status == _GONE,
        wait_seconds=_seconds(response.headers.get("Retry-After", "")),
    )


def _seconds(text: str) -> float | None:
    """Retry-After, where it is a number; dates are for caches."""
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004  # longer than anybody waits


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        connected.shutdown(socket.SHUT_RDWR)


def _words(error: Exception) -> str:
    text = " ".join(str(error).split()) or "the connection was closed"
    return f"{type(error).__name__}: {text}"[:_MOST_SAID]
