"""The log of a build beside that of the last good one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.builds import find_build
from mini_buildd.domain.states import Outcome
from mini_buildd.kit.seekable import DamagedFile
from mini_buildd.tools.log_difference import Difference, Kind, LogDifference, difference
from mini_buildd.tools.log_file import open_log
from mini_buildd.tools.log_sections import Sections, read_sections
from mini_buildd.tools.sbuild_log import is_error
from mini_buildd.web.log.good import last_good, log_path
from mini_buildd.web.phase_bar import failed_phase
from mini_buildd.web.views.query_string import number


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of the difference with the link to where it stands; empty when that is not known."""

    line: Difference
    url: str
    is_error: bool


@require_safe
def compare(request: HttpRequest, job_id: int) -> HttpResponse:
    """What an attempt's log has otherwise than that of the last good build before it."""
    build = find_build(job_id)
    wanted = number(request, "attempt")
    chosen = [each for each in build.attempts if wanted in (None, each.number)] if build else []
    if build is None or not chosen:
        raise Http404(gettext("There is no such attempt of build %(job_id)s.") % {"job_id": job_id})
    attempt = chosen[0]
    good = last_good(job_id, attempt.number)
    context: dict[str, Any] = {
        "build": build,
        "row": build.row,
        "attempt": attempt,
        "good": good,
        "has_failed": attempt.outcome is Outcome.FAILED,
    }
    if good is not None:
        before, after = _read(log_path(good.attempt.token)), _read(log_path(attempt.token))
        if before is not None and after is not None:
            first = failed_phase(list(after.phases), attempt.stage)
            found = difference(before, after, first=first or "")
            urls = {
                Kind.GONE: _url(good.job_id, good.attempt.number),
                Kind.NEW: _url(job_id, attempt.number),
            }
            context.update(found=found, phases=_phases(found, urls))
    return render(request, "mini_buildd/build_compare.html", context)


def _read(log: Path) -> Sections | None:
    try:
        with open_log(log) as stream:
            return read_sections(stream)
    except (FileNotFoundError, DamagedFile):
        return None


def _url(job_id: int, attempt: int) -> str:
    return f"{reverse('build', args=[job_id])}?{urlencode({'attempt': attempt})}"


def _phases(found: LogDifference, urls: Mapping[Kind, str]) -> list[dict[str, Any]]:
    return [
        {"phase": phase, "lines": [_shown(line, urls) for line in phase.lines]}
        for phase in found.phases
    ]


def _shown(line: Difference, urls: Mapping[Kind, str]) -> Shown:
    tells = line.kind is Kind.NEW and is_error(line.text)
    if not line.number:
        return Shown(line, "", tells)
    url = urls.get(line.kind, urls[Kind.NEW])
    return Shown(line, f"{url}&line={line.number}#L{line.number}", tells)
