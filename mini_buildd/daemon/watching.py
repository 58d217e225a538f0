"""/healthz and /metrics: answered without Django, so also when all its threads are at work."""

import hmac
import ipaddress
import json
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from mini_buildd.config.settings import Metrics
from mini_buildd.daemon.answers import SECURITY_FIELDS
from mini_buildd.daemon.fresh import Fresh
from mini_buildd.daemon.report import Report, late_report
from mini_buildd.incoming.peers import peer_of
from mini_buildd.wire.exposition import CONTENT_TYPE

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 5
_PLAIN = "text/plain; charset=utf-8"
# Whoever comes by a proxy is not on this machine, although the proxy may be.
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")


def _answer(request: Any, status: HTTPStatus, kind: str, text: str) -> None:
    if request.finished or request._disconnected:  # noqa: SLF001  # nothing else tells it
        return
    body = text.encode()
    request.setResponseCode(status.value)
    request.setHeader(b"content-type", kind.encode())
    request.setHeader(b"content-length", b"%d" % len(body))
    request.setHeader(b"cache-control", b"no-store")
    for name, value in SECURITY_FIELDS:
        request.setHeader(name, value)
    request.write(b"" if request.method == b"HEAD" else body)
    request.finish()


class Healthz(Resource):
    """/healthz: whether it can work, with what is the matter; /healthz/live: whether it lives."""

    isLeaf = True

    def __init__(self, reactor: Any, report: Fresh[Report]) -> None:
        super().__init__()
        self._reactor, self._report = reactor, report

    def render_GET(self, request: Any) -> Any:
        """Answer (IResource)."""
        rest = b"/".join(request.postpath)
        if rest == b"live":
            _answer(request, HTTPStatus.OK, _PLAIN, "ok\n")
        elif rest not in (b"", b"ready"):
            _answer(request, HTTPStatus.NOT_FOUND, _PLAIN, "not found\n")
        else:
            asking = self._report.ask()
            asking.addTimeout(_PATIENCE_SECONDS, self._reactor)
            asking.addErrback(_late).addCallback(self._tell, request)
        return NOT_DONE_YET

    def _tell(self, report: Report, request: Any) -> None:
        status = HTTPStatus.OK if report.is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        if b"application/json" in (request.getHeader(b"accept") or b""):
            _answer(request, status, "application/json", json.dumps(report.values()) + "\n")
        else:
            _answer(request, status, _PLAIN, report.lines())


def _late(failure: Failure) -> Report:
    _log.error(
        "the daemon's health is not known: %s", failure.getErrorMessage() or "no answer in time"
    )
    return late_report()


class MetricsPage(Resource):
    """/metrics, for those who may read it."""

    isLeaf = True

    def __init__(self, settings: Metrics, text: Fresh[str]) -> None:
        super().__init__()
        self._settings, self._text = settings, text

    def render_GET(self, request: Any) -> Any:
        """Answer (IResource)."""
        refusal = self._refusal(request)
        if refusal is not None:
            if refusal is HTTPStatus.UNAUTHORIZED:
                request.setHeader(b"www-authenticate", b'Bearer realm="mini-buildd metrics"')
            _answer(request, refusal, _PLAIN, f"{refusal.phrase}\n")
            return NOT_DONE_YET
        asking: Deferred[Any] = self._text.ask()
        asking.addCallback(lambda text: _answer(request, HTTPStatus.OK, CONTENT_TYPE, text))
        asking.addErrback(_broken, request)
        return NOT_DONE_YET

    def _refusal(self, request: Any) -> HTTPStatus | None:
        return _MAY_READ[self._settings.access](request, self._settings)


def _broken(failure: Failure, request: Any) -> None:
    _log.error("no metrics:\n%s", failure.getTraceback())
    _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, _PLAIN, "see the daemon's log\n")


def _local(request: Any, _: Metrics) -> HTTPStatus | None:
    is_forwarded = any(request.getHeader(name) for name in _FORWARDED)
    try:
        is_near = ipaddress.ip_address(peer_of(request.client)).is_loopback
    except ValueError:
        is_near = False
    return None if is_near and not is_forwarded else HTTPStatus.FORBIDDEN


def _token(request: Any, settings: Metrics) -> HTTPStatus | None:
    """The file is read each time, so that it can be replaced at any time."""
    try:
        wanted = Path(settings.token_file).read_bytes().strip()
    except OSError as error:
        _log.error("metrics.token_file: %s", error)
        return HTTPStatus.SERVICE_UNAVAILABLE
    given = (request.getHeader(b"authorization") or b"").partition(b" ")[2].strip()
    is_same = bool(wanted) and hmac.compare_digest(given, wanted)
    return None if is_same else HTTPStatus.UNAUTHORIZED


_MAY_READ: Mapping[str, Callable[[Any, Metrics], HTTPStatus | None]] = {
    "open": lambda _request, _settings: None,
    "off": lambda _request, _settings: HTTPStatus.NOT_FOUND,
    "local": _local,
    "token": _token,
}
