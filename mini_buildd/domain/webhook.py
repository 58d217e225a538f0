"""Webhooks as values: where one goes, what it wants to hear, when a delivery is tried again."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from mini_buildd.domain.event import EventKind
from mini_buildd.domain.problem import WebhookImpossible

SCHEMA_VERSION = 1
"""Of what is sent; fields may be added to it without a new one."""
PING = "ping"
"""The kind of what the button “Test” sends; there is no such event."""

# Standard Webhooks: from 24 to 64 bytes, in Base64, behind this.
SECRET_PREFIX = "whsec_"  # noqa: S105  # it is none itself
SECRET_BYTES = 32

MOST_OF_AN_ACCOUNT = 20
_URL_CHARACTERS = 500
_NAME_CHARACTERS = 100
_PATTERN_CHARACTERS = 130
_URL = re.compile(r"https?://[!-~]+")
_PATTERN = re.compile(r"[a-z0-9*?][a-z0-9+.*?-]*")
_PLACE = re.compile(r"[A-Za-z0-9~][A-Za-z0-9.~+-]*")
_WEB_PORTS = frozenset({80, 443})
_LABEL_CHARACTERS = 63
_LEAST_OTHER_PORT = 1024  # below are mail servers and the like, which must not be spoken to

# Standard Webhooks recommends such a schedule; all in all it is tried for about two days.
_AGAIN_SECONDS = (5, 60, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 24 * 3600)
# So long a receiver is left alone after so many failures one after the other.
_REST_SECONDS = (5, 15, 60, 300, 900, 1800)
_PROGRAM_SECONDS = (10, 60, 300)
_LONGEST_WAIT_SECONDS = 24 * 3600.0
STOP_AFTER_DAYS = 5
"""A receiver that has taken nothing for so long is given up."""
RECOVERED_AFTER = 3
"""After so many failures a success says that the receiver is back, and all else is sent at once."""


class DeliveryState(StrEnum):
    """What became of an event that is to be told to one receiver."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events are wanted; what is empty does not matter. *package* may have * and ?."""

    kinds: frozenset[EventKind] = field(default=frozenset())
    package: str = ""
    distribution: str = ""
    repository: str = ""

    def fits(self, kind: EventKind, package: str, distribution: str, repository: str) -> bool:
        """Whether an event of that *kind*, which concerns these, is wanted."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.package or fnmatchcase(package, self.package))
            and self.distribution in ("", distribution)
            and self.repository in ("", repository)
        )


@dataclass(frozen=True, slots=True)
class WebhookWish:
    """A webhook that somebody wants; raises WebhookImpossible for one that cannot be."""

    url: str
    name: str = ""
    wanted: Filter = field(default_factory=Filter)

    def __post_init__(self) -> None:
        _check_url(self.url)
        if len(self.name) > _NAME_CHARACTERS or not self.name.isprintable():
            raise WebhookImpossible(
                expected=f"a name of at most {_NAME_CHARACTERS} characters",
                found=self.name[:_NAME_CHARACTERS],
                hint="Say in a few words what it is for.",
            )
        check_filter(self.wanted)


def check_filter(wanted: Filter) -> None:
    """Raise WebhookImpossible where nothing could ever fit."""
    for what, text, grammar in (
        ("the name of a source package, or a pattern such as lib*", wanted.package, _PATTERN),
        ("the name of a suite", wanted.distribution, _PLACE),
        ("the name of a repository", wanted.repository, _PLACE),
    ):
        if text and not (len(text) <= _PATTERN_CHARACTERS and grammar.fullmatch(text)):
            raise WebhookImpossible(
                expected=what, found=text[:_PATTERN_CHARACTERS], hint="Leave it empty for all."
            )


def parse_kinds(text: str) -> frozenset[EventKind]:
    """The kinds that *text* names, separated by blanks. Raises WebhookImpossible."""
    known = {kind.value: kind for kind in EventKind}
    unknown = [name for name in text.split() if name not in known]
    if unknown:
        raise WebhookImpossible(
            expected="kinds of events, such as suite.published",
            found=", ".join(unknown)[:100],
            hint="The page of events names all of them.",
        )
    return frozenset(known[name] for name in text.split())


def _check_url(url: str) -> None:
    found = ""
    if len(url) > _URL_CHARACTERS or not _URL.fullmatch(url):
        found = url[:100] or "nothing"
    else:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            found = url[:100]
        else:
            found = _what_is_wrong(
                host=parts.hostname or "",
                has_user="@" in parts.netloc,
                has_fragment="#" in url,
                port=port,
            )
    if found:
        raise WebhookImpossible(
            expected="a http or https URL on port 80, 443, or one from 1024 on",
            found=found,
            hint="Give the address that takes a POST. Who calls is told by the signature, "
            "so it needs no password.",
        )


def _what_is_wrong(*, host: str, has_user: bool, has_fragment: bool, port: int | None) -> str:
    if not host:
        return "no host"
    if not _is_name(host):
        return f"{host[:100]}, which can be no name of a host"
    if has_user:
        return "a name or a password in the URL"
    if has_fragment:
        return "a part after #, which is never sent"
    if port is not None and port not in _WEB_PORTS and port < _LEAST_OTHER_PORT:
        return f"port {port}"
    return ""


def _is_name(host: str) -> bool:
    """Whether each label of it has a length that a name server takes (RFC 1035 §2.3.4)."""
    labels = host.removesuffix(".").split(".")
    return all(0 < len(label) <= _LABEL_CHARACTERS for label in labels)


def again_in_seconds(tries: int, wanted_seconds: float | None = None) -> float | None:
    """When to try once more what has failed so many times; None: not any more.

    *wanted_seconds* is what the receiver asked for (RFC 9110 §10.2.3, Retry-After).
    """
    if tries > len(_AGAIN_SECONDS):
        return None
    wait = float(_AGAIN_SECONDS[tries - 1])
    return min(max(wait, wanted_seconds or 0.0), _LONGEST_WAIT_SECONDS)


def rest_seconds(failures: int, wanted_seconds: float | None = None) -> float:
    """How long a receiver is left alone that failed so many times in a row, or as it wants."""
    rest = float(_REST_SECONDS[min(failures, len(_REST_SECONDS)) - 1])
    return min(max(rest, wanted_seconds or 0.0), _LONGEST_WAIT_SECONDS)


def run_again_in_seconds(tries: int) -> float | None:
    """The same of a program that was run so many times; None: not any more."""
    return float(_PROGRAM_SECONDS[tries - 1]) if tries <= len(_PROGRAM_SECONDS) else None
