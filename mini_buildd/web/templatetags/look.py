"""Times, durations, sizes, states and files of our own, as every page says them."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import now
from django.utils.translation import gettext

from mini_buildd.db.queries.builders import BuilderRow
from mini_buildd.db.queries.builds import ArtifactRow, AttemptRow, BuildRow
from mini_buildd.db.queries.chroots import ChrootRow
from mini_buildd.db.queries.uploader_keys import KeyRow
from mini_buildd.db.queries.uploads import UploadRow
from mini_buildd.db.queries.version_line import VersionRow
from mini_buildd.domain.event_row import EventRow
from mini_buildd.domain.first_steps import StepRow
from mini_buildd.domain.keyring import keyring_name
from mini_buildd.domain.states import UploadState
from mini_buildd.flow.built_with import BuiltWith
from mini_buildd.flow.hosted import archive_url, instance
from mini_buildd.web import status as states
from mini_buildd.web.application import static_folders

_UNKNOWN = "\N{EN DASH}"

register = template.Library()

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_KILO = 1000.0
_FEW = 9.95

_RING = '<circle cx="8" cy="8" r="5.75" fill="none" stroke="currentColor" stroke-width="1.5"/>'
_DIAMOND = (
    '<path d="M8 1.75 14.25 8 8 14.25 1.75 8Z" fill="none" stroke="currentColor"'
    ' stroke-width="1.5" stroke-linejoin="round"/>'
)
_DRAWINGS: Mapping[states.Shape, str] = {
    states.Shape.GOOD: '<circle cx="8" cy="8" r="6.5" fill="currentColor"/>',
    states.Shape.RUNNING: _RING + '<path d="M8 2.25a5.75 5.75 0 0 1 0 11.5Z" fill="currentColor"/>',
    states.Shape.WAITING: _RING,
    states.Shape.DEP_WAIT: _DIAMOND,
    states.Shape.HELD: _DIAMOND + '<path d="M8 5 11 8 8 11 5 8Z" fill="currentColor"/>',
    states.Shape.BAD: '<path d="m3.25 3.25 9.5 9.5m0-9.5-9.5 9.5" fill="none"'
    ' stroke="currentColor" stroke-width="2.25" stroke-linecap="round"/>',
    states.Shape.OFF: '<path d="M3 8h10" fill="none" stroke="currentColor" stroke-width="2"'
    ' stroke-linecap="round"/>',
}


Stateful = (
    BuildRow | UploadRow | AttemptRow | EventRow | VersionRow | BuilderRow | ChrootRow | KeyRow
)


@register.simple_tag
def status(row: Stateful | StepRow) -> SafeString:
    """The state of *row*: its shape, drawn, and its word."""
    return drawn(states.of_step(row) if isinstance(row, StepRow) else _status(row))


@register.simple_tag
def mark(shape: str, word: str) -> SafeString:
    """A *shape* by its name, drawn, and the *word* that says what it means."""
    return drawn(states.Status(states.Shape(shape), word))


@register.simple_tag
def drawn(found: states.Status) -> SafeString:
    """A status: its shape and its word."""
    return format_html(
        '<span class="status is-{}"><svg class="shape" viewBox="0 0 16 16" aria-hidden="true">'
        "{}</svg><span>{}</span></span>",
        found.shape.value,
        mark_safe(_DRAWINGS[found.shape]),  # noqa: S308  # our own drawing
        gettext(found.word),
    )


@register.simple_tag
def shape(row: Stateful) -> SafeString:
    """The shape of the state of *row* alone, where its word would say nothing new; it is read."""
    found = _status(row)
    return format_html(
        '<span class="status is-{}"><svg class="shape" viewBox="0 0 16 16" aria-hidden="true">'
        '{}</svg><span class="hidden">{}</span></span>',
        found.shape.value,
        mark_safe(_DRAWINGS[found.shape]),  # noqa: S308  # our own drawing
        gettext(found.word),
    )


def _status(row: Stateful) -> states.Status:
    match row:
        case BuildRow():
            return states.of_build(row)
        case UploadRow():
            return states.of_upload(row)
        case AttemptRow():
            return states.of_attempt(row)
        case EventRow():
            return states.of_event(row.kind)
        case VersionRow() | KeyRow():
            return states.of_use(row)
        case BuilderRow() | ChrootRow():
            return states.of_machinery(row)


@register.simple_tag
def ago(at: datetime | None) -> SafeString:
    """A moment as people say it, with the exact UTC time beside; a dash when there is none."""
    if at is None:
        return format_html("{}", _UNKNOWN)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        at.strftime("%a %Y-%m-%d %H:%M:%S UTC"),
        _ago((now() - at).total_seconds(), at),
    )


def _ago(seconds: float, at: datetime) -> str:
    if seconds < _MINUTE:
        return gettext("just now")
    if seconds < _HOUR:
        return gettext("%(minutes)s min ago") % {"minutes": int(seconds // _MINUTE)}
    if seconds < _DAY:
        return gettext("%(hours)s h ago") % {"hours": int(seconds // _HOUR)}
    if seconds < 2 * _DAY:
        return "yesterday"
    if seconds < 14 * _DAY:
        return gettext("%(days)s days ago") % {"days": int(seconds // _DAY)}
    return at.strftime("%Y-%m-%d")


@register.filter
def in_days(at: datetime) -> str:
    """A moment to come, as people say it."""
    days = (at - now()).days
    return (
        (gettext("in %(days)s days") % {"days": days}) if days > 1 else gettext("within two days")
    )


@register.simple_tag
def until(at: datetime | None) -> SafeString:
    """A moment to come as people say it, with the exact UTC time beside; a dash when none is."""
    if at is None:
        return format_html("{}", _UNKNOWN)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        at.strftime("%a %Y-%m-%d %H:%M:%S UTC"),
        _until((at - now()).total_seconds()),
    )


def _until(seconds: float) -> str:
    if seconds < _MINUTE:
        return gettext("in a moment")
    if seconds < _HOUR:
        return gettext("in %(minutes)s min") % {"minutes": int(seconds // _MINUTE)}
    if seconds < 2 * _DAY:
        return gettext("in %(hours)s h") % {"hours": int(seconds // _HOUR)}
    return gettext("in %(days)s days") % {"days": int(seconds // _DAY)}


@register.filter
def signer(row: UploadRow) -> str:
    """Who signed an upload; nobody but the archive itself is let in with its keyring's name."""
    is_keyring = row.source == keyring_name(instance().identity)
    if is_keyring and row.state is UploadState.ACCEPTED and not row.uploader:
        return gettext("this archive itself")
    return row.uploader


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds as 2:13 or 1:02:13; a dash when it is not known."""
    if seconds is None:
        return _UNKNOWN
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def brief(seconds: float) -> str:
    """Seconds as 2:13, and few of them as 2.9 s."""
    return f"{seconds:.1f} s" if seconds < _FEW else duration(seconds)


@register.simple_tag
def taken(attempt: AttemptRow | None) -> SafeString:
    """How long *attempt* took; while it runs, the time so far, which live.js lets go on."""
    if attempt is None or attempt.started_at is None:
        return format_html("{}", _UNKNOWN)
    if attempt.outcome is None:
        so_far = (now() - attempt.started_at).total_seconds()
        return format_html(
            '<span class="num" data-since="{}">{}</span>',
            attempt.started_at.isoformat(timespec="seconds"),
            duration(so_far),
        )
    return format_html('<span class="num">{}</span>', duration(attempt.seconds))


@register.simple_tag
def going_on(since: datetime) -> SafeString:
    """How long something has gone on that began then; live.js lets it go on."""
    return format_html(
        '<span class="num" data-since="{}">{}</span>',
        since.isoformat(timespec="seconds"),
        duration((now() - since).total_seconds()),
    )


@register.simple_tag
def progress(attempt: AttemptRow | None, expected: float | None) -> SafeString:
    """A bar of the time so far against what the last good build took, when that is known."""
    if attempt is None or attempt.started_at is None or not expected:
        return format_html("{}", "")
    so_far = (now() - attempt.started_at).total_seconds()
    return format_html(
        '<progress max="{}" value="{}" data-progress-since="{}" aria-label="of about {}">'
        "</progress>"
        '<span class="quiet num">of ~{}</span>',
        round(expected),
        min(round(so_far), round(expected)),
        attempt.started_at.isoformat(timespec="seconds"),
        duration(expected),
        duration(expected),
    )


@register.filter
def size(count: int) -> str:
    """Bytes as 1.2 MB (of 1000, as disks and networks are sold)."""
    if count < _KILO:
        return f"{count} B"
    value, unit = float(count), "B"
    for unit in ("kB", "MB", "GB", "TB"):  # noqa: B007  # the last one reached is used below
        value /= _KILO
        if value < _KILO:
            break
    return f"{value:.1f} {unit}"


@register.filter
def spoken(text: str) -> str:
    """A text that other rooms have in English, in the reader's language where it is translated."""
    return gettext(text) if text else ""


@register.filter
def first_line(text: str) -> str:
    """What stands before the details."""
    return text.partition("\n")[0]


@register.filter
def megabytes(count: int) -> str:
    """Mebibytes, as machines count them, as people say them; a dash for none."""
    return size(count << 20) if count else _UNKNOWN


@register.filter
def pool_url(path: str, repository: str) -> str:
    """Where the file *path* of *repository* can be fetched."""
    return f"{archive_url(repository)}/{path}"


@cache
def _stamp(path: str) -> str:
    content = (static_folders()["mini_buildd"].parent / path).read_bytes()
    return hashlib.sha256(content).hexdigest()[:10]


@register.simple_tag
def asset(name: str) -> str:
    """The URL of a static file of ours; it changes with the content, so caches never lie."""
    path = f"mini_buildd/{name}"
    return f"{static(path)}?{_stamp(path)}"


@register.simple_tag
def was_size(built: BuiltWith | None, file: ArtifactRow) -> str:
    """How large the package was that the good build before made; empty when that is not known."""
    before = built.sizes.get(file.package) if built is not None else None
    if before is None or before == file.size_bytes:
        return ""
    return " " + gettext("(was %(size)s)") % {"size": size(before)}
