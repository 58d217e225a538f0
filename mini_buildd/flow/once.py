"""Requests that are sent again, because nobody knows whether they have come, are done once.

A program gives each thing that it wants a key of its own (the field Idempotency-Key); who comes
again with the same key gets the same answer, for a day.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from mini_buildd.db.models import AnsweredRequest
from mini_buildd.domain.problem import AnswerNotKept, AnswerPending, KeyReused
from mini_buildd.flow.site import Site

_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answered:
    """What was said; *is_kept* is not so where it had a secret, and *content* is empty then."""

    status: int
    content: str
    location: str
    is_kept: bool = True


def begin_once(site: Site, account: str, key: str, digest: str) -> Answered | None:
    """What was said to *account* under that *key*; None when it asks for the first time.

    *digest* is of what is asked. Raises KeyReused, AnswerPending, AnswerNotKept.
    """
    with transaction.atomic():
        row, is_new = AnsweredRequest.objects.get_or_create(
            account=account, key=key, defaults={"digest": digest, "begun_at": site.clock()}
        )
    if is_new:
        return None
    if row.digest != digest:
        raise KeyReused(
            expected="a key of its own for each request",
            found=f"that “{key}” was given with another one",
            hint="Make a new key, such as a UUID.",
        )
    if not row.status:
        raise AnswerPending(
            expected="the answer to the same request",
            found="that it has none yet",
            hint="Ask again in a moment; if it stays so, look whether it was done.",
        )
    if not row.is_kept:
        raise AnswerNotKept(
            expected="an answer that could be given once more",
            found=f"one with a secret, about {row.location}",
            hint="Revoke what it made, and make it anew with a new key.",
        )
    return Answered(row.status, row.content, row.location)


def end_once(account: str, key: str, answered: Answered) -> None:
    """Keep what is said to the request."""
    AnsweredRequest.objects.filter(account=account, key=key).update(
        status=answered.status,
        content=answered.content,
        location=answered.location,
        is_kept=answered.is_kept,
    )


def drop_once(account: str, key: str) -> None:
    """The request was refused, so it may come again."""
    AnsweredRequest.objects.filter(account=account, key=key, status=0).delete()


def expire_once(site: Site) -> None:
    """Forget what was said long ago."""
    AnsweredRequest.objects.filter(begun_at__lt=site.clock() - _KEPT).delete()
