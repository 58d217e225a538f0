"""One build with its log, and the log's bytes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.builds import (
    AttemptRow,
    Build,
    BuildRow,
    find_attempt,
    find_build,
)
from mini_buildd.domain.states import JOB_OPEN, JobState, Outcome
from mini_buildd.flow.built_with import built_with
from mini_buildd.flow.hosted import instance, outlook, places
from mini_buildd.flow.repeat import repeat
from mini_buildd.kit.seekable import DamagedFile
from mini_buildd.tools.log_file import open_log
from mini_buildd.tools.log_find import Hits, find_in_log
from mini_buildd.tools.log_part import read_part
from mini_buildd.tools.sbuild_log import Line
from mini_buildd.web.log.download import download
from mini_buildd.web.log.good import last_good, log_path
from mini_buildd.web.log.markup import lines_markup
from mini_buildd.web.log.window import (
    Reason,
    Window,
    read_reason,
    read_summary,
    read_window,
)
from mini_buildd.web.phase_bar import PhaseMark, phase_marks
from mini_buildd.web.views.build_acts import acts_on_build
from mini_buildd.web.views.query_string import number, words

_BAD = (Outcome.FAILED, Outcome.DEP_WAIT, Outcome.LOST)
_STEPS = (("Install-Time", "dependencies"), ("Build-Time", "build"), ("Package-Time", "whole"))


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """A line that tells why, its link, and whether some before it are left out."""

    line: Line
    url: str
    follows_gap: bool


@dataclass(frozen=True, slots=True)
class LogView:
    """What a page shows of an attempt's log."""

    window: Window
    phases: tuple[PhaseMark, ...]
    reason: tuple[ReasonLine, ...]
    steps: tuple[tuple[str, int], ...]


@require_safe
def show(request: HttpRequest, job_id: int) -> HttpResponse:
    """One build; with ?log=no without the lines of its log, which is how the page refreshes."""
    build = find_build(job_id)
    if build is None:
        raise Http404(gettext("There is no build %(job_id)s.") % {"job_id": job_id})
    attempt = _chosen(build, number(request, "attempt"))
    view = _log_view(attempt, number(request, "line"), request.path) if attempt else None
    wants_lines = view is not None and request.GET.get("log") != "no"
    context = {
        "build": build,
        "row": build.row,
        "attempt": attempt,
        "why": _why(build.row),
        "view": view,
        "markup": lines_markup(view.window.lines, view.window.raw) if view and wants_lines else "",
        "offset": view.window.end if view else 0,
        "next_line": view.window.next_line if view else 1,
        "is_moving": build.row.state in JOB_OPEN,
        "is_live": attempt is not None and attempt.outcome is None,
        "good": last_good(job_id, attempt.number) if attempt and attempt.outcome else None,
        "repeat": repeat(places(), instance().url, attempt.token) if attempt else "",
        "hits": _hits(request, attempt),
        "find": words(request, "find"),
        "built": built_with(places(), job_id) if build.artifacts and wants_lines else None,
        **acts_on_build(request, build.row),
    }
    return render(request, "mini_buildd/build.html", context)


def _hits(request: HttpRequest, attempt: AttemptRow | None) -> Hits | None:
    """The lines with what is looked for; None when nothing is, or there is no log."""
    wanted = words(request, "find")
    if not wanted or attempt is None:
        return None
    try:
        return find_in_log(log_path(attempt.token), wanted)
    except (FileNotFoundError, DamagedFile):
        return None


def _why(row: BuildRow) -> str:
    """Why it waits, or what else is to be said of it."""
    return (outlook().why(row.id) if row.state is JobState.WAITING else "") or row.reason


@require_safe
def log(request: HttpRequest, job_id: int) -> HttpResponse:
    """The bytes of the log from ?offset on; X-Log-State turns "ended" once nothing is left."""
    attempt = find_attempt(job_id, number(request, "attempt"))
    if attempt is None:
        raise Http404(gettext("There is no such attempt of build %(job_id)s.") % {"job_id": job_id})
    offset = number(request, "offset") or 0
    try:
        part = read_part(log_path(attempt.token), offset, is_over=attempt.outcome is not None)
    except DamagedFile as damage:
        raise Http404(
            gettext("The log of build %(job_id)s cannot be read: %(damage)s")
            % {"job_id": job_id, "damage": damage}
        ) from None
    headers = {
        "X-Log-Next-Offset": str(part.next_offset),
        "X-Log-State": "ended" if part.has_ended else "running",
        "Cache-Control": "no-store",
    }
    return HttpResponse(part.data, content_type="text/plain; charset=utf-8", headers=headers)


@require_safe
def raw(request: HttpRequest, job_id: int) -> HttpResponseBase:
    """The whole log as it is now as a plain text, or the one part of it that Range asks for."""
    attempt = find_attempt(job_id, number(request, "attempt"))
    try:
        stream = open_log(log_path(attempt.token)) if attempt is not None else None
    except (FileNotFoundError, DamagedFile):
        stream = None
    if stream is None:
        raise Http404(gettext("There is no such log of build %(job_id)s.") % {"job_id": job_id})
    return download(stream, request.headers.get("Range", ""))


def _chosen(build: Build, wanted: int | None) -> AttemptRow | None:
    """The attempt asked for, or the latest; None when there is no attempt yet."""
    if wanted is None:
        return build.attempts[0] if build.attempts else None
    for attempt in build.attempts:
        if attempt.number == wanted:
            return attempt
    raise Http404(
        gettext("Build %(id)s has no attempt %(wanted)s.") % {"id": build.row.id, "wanted": wanted}
    )


def _log_view(attempt: AttemptRow, line: int | None, path: str) -> LogView | None:
    """None when there is no log (yet, or any more)."""
    file = log_path(attempt.token)
    try:
        window = read_window(file, line, is_growing=attempt.outcome is None)
        has_failed = attempt.outcome in _BAD
        reason = read_reason(file) if has_failed else Reason((), has_numbers=False)
        steps = _steps(read_summary(file)) if attempt.outcome is not None else ()
    except (FileNotFoundError, DamagedFile):
        return None
    link = _Links(path, attempt.number, window)
    failed_in = attempt.stage if has_failed else None
    phases = phase_marks(window.phases, attempt.phases, link=link.line, failed_in=failed_in)
    lines = tuple(link.reason_lines(reason))
    return LogView(window, phases, lines, steps)


def _steps(found: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    return tuple((word, int(found[key])) for key, word in _STEPS if found.get(key, "").isdecimal())


@dataclass(frozen=True, slots=True)
class _Links:
    """Links to lines: within the page when the line is shown, else to the window that has it."""

    path: str
    attempt: int
    window: Window

    def line(self, number: int) -> str:
        if self.window.holds(number):
            return f"#L{number}"
        return f"{self.path}?attempt={self.attempt}&line={number}#L{number}"

    def reason_lines(self, reason: Reason) -> Iterator[ReasonLine]:
        before = reason.lines[0].number - 1 if reason.lines else 0
        for line in reason.lines:
            url = self.line(line.number) if reason.has_numbers else ""
            yield ReasonLine(line, url, line.number != before + 1)
            before = line.number
