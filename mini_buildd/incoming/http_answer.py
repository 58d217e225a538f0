"""Answers of the HTTP ways in: one line for those who read it in a terminal, JSON for programs.

dput shows nothing of a refusal but the reason phrase of the status line, and dput-ng the body; so
both say all there is to say.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from http import HTTPStatus

from mini_buildd.domain import transfer
from mini_buildd.domain.problem import (
    NotAllowed,
    Problem,
    RequestForged,
    SignInFailed,
    TooManyAttempts,
)
from mini_buildd.wire.api.problem import MEDIA_TYPE, details

# The status of tus 1.0.0 for a checksum that does not fit; HTTP itself has no such number.
CHECKSUM_MISMATCH = 460

_STATUS: Mapping[type[Problem], int] = {
    transfer.UploadsClosed: HTTPStatus.FORBIDDEN,
    transfer.SignInNeeded: HTTPStatus.UNAUTHORIZED,
    SignInFailed: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    RequestForged: HTTPStatus.FORBIDDEN,
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    transfer.TooManyConnections: HTTPStatus.SERVICE_UNAVAILABLE,
    transfer.FileNameRefused: HTTPStatus.BAD_REQUEST,
    transfer.FileTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    transfer.NoRoom: HTTPStatus.INSUFFICIENT_STORAGE,
    transfer.RequestMalformed: HTTPStatus.BAD_REQUEST,
    transfer.TransferUnknown: HTTPStatus.NOT_FOUND,
    transfer.OffsetDiffers: HTTPStatus.CONFLICT,
    transfer.ChecksumDiffers: CHECKSUM_MISMATCH,
    transfer.ProtocolUnknown: HTTPStatus.PRECONDITION_FAILED,
    transfer.MethodRefused: HTTPStatus.METHOD_NOT_ALLOWED,
    transfer.ContentTypeRefused: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}
_BASIC = 'Basic realm="uploads to mini-buildd", charset="UTF-8"'
_BEARER = 'Bearer realm="mini-buildd"'
_MAX_REASON_CHARACTERS = 400
_NO_REASON = re.compile(r"[^ -~]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with its *reason*, header *fields*, and a body."""

    status: int
    reason: str
    body: bytes = b""
    fields: Mapping[str, str] = field(default_factory=dict)

    def head(self, *, always: bytes, closes: bool) -> bytes:
        """Status line and header fields, those of *always* too, to the empty line behind them."""
        lines = [f"HTTP/1.1 {self.status:d} {self.reason}"]
        lines += [f"{name}: {value}" for name, value in self.fields.items()]
        if self.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(self.body)}")
        if closes:
            lines.append("Connection: close")
        lines += ["Cache-Control: no-store", "X-Content-Type-Options: nosniff", ""]
        return "\r\n".join(lines).encode("ascii", "replace") + always + b"\r\n"


def plain(status: HTTPStatus, text: str = "", **fields: str) -> Answer:
    """One line of *text*, if any; underscores in names of *fields* stand for minuses."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    if text:
        named = {"Content-Type": "text/plain; charset=utf-8", **named}
    return Answer(status, status.phrase, f"{text}\n".encode() if text else b"", named)


def in_json(status: HTTPStatus, content: object, fields: Mapping[str, str]) -> Answer:
    """*content* as JSON."""
    body = json.dumps(content).encode()
    return Answer(status, status.phrase, body, {"Content-Type": "application/json", **fields})


def refusal(problem: Problem, *, as_json: bool, **fields: str) -> Answer:
    """*problem* as problem details (RFC 9457), or in a line."""
    status = _STATUS.get(type(problem), HTTPStatus.BAD_REQUEST)
    reason = _NO_REASON.sub("?", str(problem))[:_MAX_REASON_CHARACTERS]
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    if status == HTTPStatus.UNAUTHORIZED:
        # dput comes with a password only when it is asked for one; a browser that is asked keeps
        # it, so nothing that a page of others can send asks for it.
        named["WWW-Authenticate"] = _BEARER if as_json else _BASIC
    if isinstance(problem, TooManyAttempts):
        named["Retry-After"] = str(problem.retry_after_seconds)
    if as_json:
        named["Content-Type"] = MEDIA_TYPE
        body = json.dumps(asdict(details(problem, status))).encode()
    else:
        named["Content-Type"] = "text/plain; charset=utf-8"
        body = f"{problem}\n".encode()
    return Answer(status, reason, body, named)
