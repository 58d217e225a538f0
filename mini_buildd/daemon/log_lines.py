"""The daemon's log: lines for people, or a JSON object a line for programs; to standard error.

systemd's journal keeps time and process of each line by itself, so under it lines begin with their
priority (sd-daemon(3)) instead. Secrets do not get in: what looks like one is struck out.
"""

import json
import logging
import os
import re
import sys
import time
from collections.abc import Mapping

from mini_buildd.config.settings import Log
from mini_buildd.kit.log_fields import log_fields

STRUCK = "(struck out)"
# Our own tokens, secrets of webhooks, the first administrator's link; and what would follow such a
# word in a header, a query or a dump of either.
_SECRETS = re.compile(
    r"mbd_[A-Za-z0-9]{20,}|whsec_[A-Za-z0-9+/=]{20,}|(?<=code=)[A-Za-z0-9_-]{20,}"
    r"|(?i:(?<=basic )|(?<=bearer )|(?<=password=)|(?<=token=)|(?<=secret=))[^\s&\"',;]+"
)
# Strangers choose names; none of them is to steer a terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_PRIORITIES: Mapping[int, int] = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}


def start_logging(log: Log) -> None:
    """From now on all that is logged goes to standard error as *log* wants it."""
    is_journal = is_in_journal()
    kind = JsonLines if log.format == "json" else TextLines
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(kind(is_journal=is_journal))
    handler.addFilter(_add_fields)
    root = logging.getLogger()
    for each in root.handlers[:]:
        root.removeHandler(each)
    root.addHandler(handler)
    root.setLevel(log.level.upper())
    # They tell of each request and connection, which we do ourselves.
    for name in ("twisted", "django.request", "django.server"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def is_in_journal() -> bool:
    """Whether standard error leads into the journal (systemd.exec(5), JOURNAL_STREAM)."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # it may have none
        return False
    return (device, inode) == (str(status.st_dev), str(status.st_ino))


def _add_fields(record: logging.LogRecord) -> bool:
    """What this thread works on goes with the line; so do *extra* fields of the line itself."""
    own: object = record.__dict__.get("fields", {})
    record.fields = {**log_fields(), **(own if isinstance(own, dict) else {})}
    return True


def _clean(text: str) -> str:
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", _SECRETS.sub(STRUCK, text))


class TextLines(logging.Formatter):
    """For people: time, level, where from, what, and what it is about in brackets."""

    def __init__(self, *, is_journal: bool = False) -> None:
        head = "%(name)s" if is_journal else "%(asctime)s %(levelname)s %(name)s"
        super().__init__(f"{head}: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime
        self._is_journal = is_journal

    def formatMessage(self, record: logging.LogRecord) -> str:  # logging's name
        """The first line; a traceback follows it."""
        fields = record.__dict__.get("fields", {})
        told = " ".join(f"{name}={each}" for name, each in fields.items())
        first, newline, rest = super().formatMessage(record).partition("\n")
        return f"{first}{f' [{told}]' if told else ''}{newline}{rest}"

    def format(self, record: logging.LogRecord) -> str:
        """The line or lines; what follows the first is set in, so that it looks like none."""
        text = _clean(super().format(record)).replace("\n", "\n  ")
        if not self._is_journal:
            return text
        # The journal makes an entry of each line, so each needs its priority.
        return "\n".join(f"{_priority(record)}{line}" for line in text.splitlines())


class JsonLines(logging.Formatter):
    """For programs: an object a line, whatever the text is."""

    def __init__(self, *, is_journal: bool = False) -> None:
        super().__init__()
        self._is_journal = is_journal

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        found = {
            "time": _utc(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _SECRETS.sub(STRUCK, record.getMessage()),
            **_fields_of(record),
        }
        if record.exc_info:
            found["exception"] = _SECRETS.sub(STRUCK, self.formatException(record.exc_info))
        line = json.dumps(found, ensure_ascii=False, default=str)
        return f"{_priority(record)}{line}" if self._is_journal else line


def _fields_of(record: logging.LogRecord) -> dict[str, str | int]:
    fields: dict[str, str | int] = record.__dict__.get("fields", {})
    return {
        name: _SECRETS.sub(STRUCK, each) if isinstance(each, str) else each
        for name, each in fields.items()
    }


def _priority(record: logging.LogRecord) -> str:
    return f"<{_PRIORITIES.get(record.levelno, 6)}>"


def _utc(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
