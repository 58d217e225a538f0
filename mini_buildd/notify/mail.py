"""Mail: what every letter has, the texts of the short ones, and the way to the mail server."""

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from pathlib import Path

from mini_buildd.config.settings import Mail

COLUMNS = 72
_SECONDS = 30.0
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
# Of a letter that is stored and read again: no line is folded in another way then.
_POLICY = default.clone(max_line_length=998)
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Around the text of a letter: who tells whom, as what, and as a part of which thread.

    *name* and *thread* are unique here, and become Message-ID and References; *unsubscribe* is
    where one POST ends it (RFC 8058). *list_name* is for filters (RFC 2919).
    """

    sender: str
    recipient: str
    subject: str
    host: str
    name: str
    thread: str = ""
    unsubscribe: str = ""
    list_name: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)


def letter(envelope: Envelope, text: str) -> EmailMessage:
    """The whole letter."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = envelope.sender
    message["To"] = envelope.recipient
    message["Subject"] = " ".join(envelope.subject.split())
    message["Message-ID"] = _id(envelope, envelope.name)
    if envelope.thread:
        message["In-Reply-To"] = message["References"] = _id(envelope, envelope.thread)
    message["Auto-Submitted"] = "auto-generated"
    message["Precedence"] = "list"
    if envelope.list_name:
        name = _NOT_IN_NAME.sub("-", envelope.list_name)
        message["List-Id"] = f"{name} <{name}.{envelope.host}>"
    if envelope.unsubscribe:
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for mark, said in envelope.marks.items():
        if said:
            message[f"X-Mini-Buildd-{mark}"] = " ".join(said.split())
    # Quoted, so that it can be read as it is, and no server has to change it on its way.
    message.set_content(text, cte=None if text.isascii() else "quoted-printable")
    return message


def _id(envelope: Envelope, name: str) -> str:
    return f"<{_NOT_IN_NAME.sub('-', name)}@{envelope.host}>"


def alarm(envelope: Envelope, what: str, detail: str, url: str) -> EmailMessage:
    """A letter of a sentence, the detail and where more stands."""
    return letter(envelope, f"{what}:\n\n{detail}\n\n{url}\n")


def address_of(user_id: str) -> str:
    """The mail address in an OpenPGP user id, or an empty text when there is none.

    Only an address that every mail server takes (RFC 5321, dot-string) counts as one.
    """
    _, address = parseaddr(user_id.replace("\n", " "))
    return address if _ADDRESS.fullmatch(address) else ""


@contextmanager
def connect(settings: Mail) -> Iterator[smtplib.SMTP]:
    """A session with the mail server; raises OSError or smtplib.SMTPException."""
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host, settings.port, timeout=_SECONDS, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=_SECONDS)
    try:
        if settings.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.user:
            password = Path(settings.password_file).read_text(encoding="utf-8").strip()
            server.login(settings.user, password)
        yield server
    finally:
        with suppress(OSError, smtplib.SMTPException):  # what was taken is taken
            server.quit()
        server.close()
