"""Mail: the text of each kind, and sending it."""

import re
import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import parseaddr

from mini_buildd.config.settings import Mail

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")


def rejection(
    *,
    sender: str,
    recipient: str,
    changes_name: str,
    code: str,
    title: str,
    expected: str,
    found: str,
    hint: str,
    url: str,
    more: Sequence[str] = (),
) -> EmailMessage:
    """The mail that tells a signer why the upload was rejected, and what to do.

    *more* is what else is wrong with it, a line each.
    """
    message = EmailMessage()
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = f"rejected: {changes_name} ({code})"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"{title}.\n\n"
        f"Upload:    {changes_name}\n"
        f"Expected:  {expected}\n"
        f"Found:     {found}\n\n"
        f"{hint}\n\n"
        f"{_also(more)}"
        f"{url}\n"
    )
    return message


def _also(more: Sequence[str]) -> str:
    return "\n".join(["Also:", *(f"  * {each}" for each in more), "", ""]) if more else ""


def alarm(
    *, sender: str, recipients: Sequence[str], identity: str, what: str, detail: str, url: str
) -> EmailMessage:
    """The mail that tells administrators of something that needs one of them."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = f"{identity}: {what}"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{what}:\n\n{detail}\n\n{url}\n")
    return message


def address_of(user_id: str) -> str:
    """The mail address in an OpenPGP user id, or an empty text when there is none.

    Only an address that every mail server takes (RFC 5321, dot-string) counts as one.
    """
    _, address = parseaddr(user_id.replace("\n", " "))
    return address if _ADDRESS.fullmatch(address) else ""


def send(settings: Mail, message: EmailMessage) -> None:
    """Hand *message* to the mail server; raises OSError or smtplib.SMTPException."""
    with smtplib.SMTP(settings.host, settings.port, timeout=30) as server:
        server.send_message(message)
