"""Letters: written down once, sent as soon as the mail server takes them, forgotten in the end."""

import logging
import re
import smtplib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_string
from email.message import EmailMessage
from email.policy import default

from mini_buildd.db.models import Letter
from mini_buildd.flow.site import Site
from mini_buildd.notify import mail

_log = logging.getLogger(__name__)

_REFUSED_FOR_GOOD = 500  # RFC 5321, 4.2.1: permanent negative replies
_TOO_LARGE = 552  # RFC 1870, 6.1: said of the letter, though to MAIL FROM
_AGAIN_SECONDS = (60, 300, 900, 3600)
_GIVEN_UP_AFTER = timedelta(days=5)
_AT_ONCE = 200
_ANSWER_CHARACTERS = 500
# Home tells everybody what the trouble is; to whom we write is nobody's business.
_SOMEBODY = re.compile(r"<?[^\s<>@]+@[^\s<>@:;,]+>?")


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A letter to be written down; *key* says what it tells whom."""

    key: str
    message: EmailMessage
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """How many letters were sent, and why the others could not be; empty when all is well."""

    sent: int
    trouble: str = ""


def write_down(site: Site, letters: Iterable[NewLetter]) -> int:
    """Keep *letters* to be sent, in the transaction that says why; what is there stays as it is."""
    at = site.clock()
    rows = [
        Letter(
            key=each.key,
            user_id=each.user_id,
            recipient=str(each.message["To"]),
            text=each.message.as_string(),
            made_at=at,
            due_at=at,
        )
        for each in letters
    ]
    Letter.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def post(site: Site) -> Posted:
    """Send the letters that are due.

    One is noted as sent once the server has taken it. Who is killed between the two sends it again:
    SMTP cannot ask whether a letter has come. Its Message-ID is the same then, by which mail
    programs show it once.
    """
    due = Letter.objects.filter(sent_at=None, given_up_at=None, due_at__lte=site.clock())
    letters = list(due.order_by("pk")[:_AT_ONCE])
    if not letters or not site.settings.mail.host:
        return Posted(0)
    sent, trouble = 0, ""
    try:
        with mail.connect(site.settings.mail) as server:
            for each in letters:
                trouble = _send(site, server, each) or trouble
                sent += each.sent_at is not None
    except (OSError, smtplib.SMTPException) as error:
        trouble = f"{type(error).__name__}: {error}"
    return Posted(sent, _SOMEBODY.sub("<…>", trouble))


def _send(site: Site, server: smtplib.SMTP, letter: Letter) -> str:
    """Hand it over; gives what is the matter when it is to be tried again.

    Raises OSError when the server is gone. Also then it is left alone for a while: were it for this
    letter that the server goes, all behind it would wait for ever.
    """
    code, said, gone = 0, "", None
    try:
        server.send_message(message_from_string(letter.text, policy=default))
    except smtplib.SMTPRecipientsRefused as refusal:
        code, words = next(iter(refusal.recipients.values()))
        said = _answer(code, words)
    except smtplib.SMTPSenderRefused as refusal:
        # It is we who are refused, with whatever letter: that is a matter of the settings.
        code = refusal.smtp_code if refusal.smtp_code == _TOO_LARGE else 0
        said = _answer(refusal.smtp_code, refusal.smtp_error)
    except smtplib.SMTPResponseException as answer:
        code, said = answer.smtp_code, _answer(answer.smtp_code, answer.smtp_error)
    except (OSError, ValueError) as error:
        said = f"{type(error).__name__}: {error}"
        gone = error if isinstance(error, OSError) else None
    trouble = _note(site, letter, code, said)
    if gone is not None:
        raise gone
    return trouble


def _answer(code: int, words: bytes | str) -> str:
    return f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"


def _note(site: Site, letter: Letter, code: int, said: str) -> str:
    """Write down how it went; *said* is empty when it went well. Gives what _send() does."""
    at = site.clock()
    letter.tries += 1
    letter.answer = said[:_ANSWER_CHARACTERS]
    if not said:
        letter.sent_at = at
    elif code >= _REFUSED_FOR_GOOD or (
        letter.tries > len(_AGAIN_SECONDS) and at - letter.made_at > _GIVEN_UP_AFTER
    ):
        _log.warning("no mail to %s: the server refuses it: %s", letter.recipient, said)
        letter.given_up_at = at
        said = ""
    else:
        wait = _AGAIN_SECONDS[min(letter.tries, len(_AGAIN_SECONDS)) - 1]
        letter.due_at = at + timedelta(seconds=wait)
    letter.save()
    return said


def is_behind() -> bool:
    """Whether a letter waits that could not be sent before."""
    return Letter.objects.filter(sent_at=None, given_up_at=None, tries__gt=0).exists()


def forget_letters(site: Site) -> None:
    """Remove those that were sent, or given up, long ago."""
    days = timedelta(days=site.settings.mail.keep_days)
    Letter.objects.filter(made_at__lt=site.clock() - days).exclude(
        sent_at=None, given_up_at=None
    ).delete()
