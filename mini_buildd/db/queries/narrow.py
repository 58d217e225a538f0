"""Lists narrowed down by what people look for: names, beginnings of names, people, builders."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from mini_buildd.db.models import Attempt, Job, OpenPGPKey, Upload
from mini_buildd.domain.states import JobState, SourceState, UploadState

# Behind every character that a name may have.
_LAST = "\U0010ffff"


def named(field: str, name: str) -> Q:
    """Rows whose *field* is *name*, or begins with what stands before a "*" at its end.

    A beginning is looked for as a range, for which an index is of use, as it is not for LIKE.
    """
    if not name.endswith("*"):
        return Q(**{field: name})
    begin = name.rstrip("*")
    return Q(**{f"{field}__gte": begin, f"{field}__lt": f"{begin}{_LAST}"}) if begin else Q()


def narrow_jobs(
    rows: QuerySet[Job],
    *,
    state: JobState | None = None,
    source: str = "",
    distribution: str = "",
    architecture: str = "",
    builder: str = "",
    person: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Job]:
    """Those of *rows* that fit all of what is given; *builder* has tried, *person* has signed."""
    wanted: dict[str, Any] = {
        "state": state,
        "source__distribution__name": distribution,
        "architecture": architecture,
        "created_at__gte": since,
        "created_at__lt": until,
    }
    rows = rows.filter(**{field: value for field, value in wanted.items() if value})
    if source:
        rows = rows.filter(named("source__name", source))
    if builder:
        rows = rows.filter(Exists(Attempt.objects.filter(job=OuterRef("pk"), builder=builder)))
    return rows.filter(_signed_by(person, "source__upload__")) if person else rows


def narrow_uploads(
    rows: QuerySet[Upload],
    *,
    state: UploadState | None = None,
    source_state: SourceState | None = None,
    source: str = "",
    distribution: str = "",
    changes_sha256: str = "",
    person: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Upload]:
    """Those of *rows* that fit all of what is given."""
    wanted: dict[str, Any] = {
        "state": state,
        "source__state": source_state,
        "distribution_name": distribution,
        "changes_sha256": changes_sha256,
        "received_at__gte": since,
        "received_at__lt": until,
    }
    rows = rows.filter(**{field: value for field, value in wanted.items() if value})
    if source:
        rows = rows.filter(named("source_name", source))
    return rows.filter(_signed_by(person, "")) if person else rows


def _signed_by(person: str, upload: str) -> Q:
    """What the account or the signer of that name has signed; by keys, which have an index."""
    keys = OpenPGPKey.objects.filter(user__username=person)
    found = Q(**{f"{upload}signed_by__in": list(keys.values_list("pk", flat=True))})
    return found | Q(**{f"{upload}signer": person})
