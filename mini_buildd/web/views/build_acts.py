"""What people do with builds and builders from the pages: one press of a button, done at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from mini_buildd.db.queries.builds import BuildRow
from mini_buildd.db.queries.uploads import UploadDetail
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.permission import Act, may
from mini_buildd.domain.states import JOB_OPEN, JobState
from mini_buildd.flow import cancel as cancelling
from mini_buildd.flow import retry as retrying
from mini_buildd.flow import set_aside as setting_aside
from mini_buildd.flow.hosted import site, wake
from mini_buildd.web.administrators import actor_of, for_people

_ENDED_BADLY = (JobState.FAILED, JobState.CANCELLED)
_REASON_CHARACTERS = 200


def acts_on_build(request: HttpRequest, row: BuildRow) -> dict[str, bool]:
    """What whoever asks may do with a build, for its page."""
    can_cancel, can_retry = _may(
        request, str(DistributionName.parse(row.distribution).repository), row.account
    )
    is_retried = can_retry and row.state in _ENDED_BADLY and retrying.is_retriable(row.id)
    return {"can_cancel": can_cancel and _is_open(row), "can_retry": is_retried}


def acts_on_upload(request: HttpRequest, upload: UploadDetail) -> dict[str, bool]:
    """The same for an upload: all its builds at once."""
    can_cancel, can_retry = _may(request, upload.repository, upload.row.account)
    badly = [row for row in upload.builds if row.state in _ENDED_BADLY] if can_retry else []
    return {
        "can_cancel": can_cancel and any(map(_is_open, upload.builds)),
        "can_retry": bool(badly) and all(retrying.is_retriable(row.id) for row in badly),
    }


def _may(request: HttpRequest, repository: str, account: str) -> tuple[bool, bool]:
    """Whether they may cancel what is there of *account*, and retry it."""
    actor = actor_of(request)
    return (
        may(actor, Act.CANCEL_BUILD, repository=repository, owner=account),
        may(actor, Act.RETRY_BUILD, repository=repository, owner=account),
    )


def _is_open(row: BuildRow) -> bool:
    is_ending = row.attempt is not None and row.attempt.is_being_cancelled
    return row.state in JOB_OPEN and not is_ending


@for_people
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """Let a build end."""
    cancelling.cancel(site(), actor_of(request), job_id, _reason(request))
    return _done(request, gettext("The build ends now."), "build", job_id)


@for_people
def retry(request: HttpRequest, job_id: int) -> HttpResponse:
    """Let a build be tried again."""
    retrying.retry(site(), actor_of(request), job_id, _reason(request))
    return _done(request, gettext("The build is tried again."), "build", job_id)


@for_people
def cancel_upload(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Let all builds of an upload end."""
    cancelling.cancel_upload(site(), actor_of(request), upload_id, _reason(request))
    return _done(request, gettext("Its builds end now."), "upload", upload_id)


@for_people
def retry_upload(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Let all builds of an upload be tried again that have ended badly."""
    retrying.retry_upload(site(), actor_of(request), upload_id, _reason(request))
    return _done(request, gettext("What has not succeeded is tried again."), "upload", upload_id)


@for_people
def set_aside(request: HttpRequest, name: str) -> HttpResponse:
    """Give a builder no jobs."""
    setting_aside.set_aside(site(), actor_of(request), name, _reason(request))
    return _done(
        request,
        gettext("%(name)s is given no jobs until somebody takes it back.") % {"name": name},
        "builders",
    )


@for_people
def take_back(request: HttpRequest, name: str) -> HttpResponse:
    """Give a builder jobs again."""
    setting_aside.take_back(site(), actor_of(request), name)
    return _done(request, gettext("%(name)s is given jobs again.") % {"name": name}, "builders")


def _reason(request: HttpRequest) -> str:
    return " ".join(request.POST.get("reason", "").split())[:_REASON_CHARACTERS]


def _done(request: HttpRequest, said: str, page: str, *where: int) -> HttpResponse:
    wake()
    messages.success(request, said)
    return redirect(page, *where)
