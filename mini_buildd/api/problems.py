"""Every refusal as problem details (RFC 9457), with the status that fits it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from ninja.errors import HttpError, ValidationError

from mini_buildd.domain import problem as problems
from mini_buildd.domain.permission import VISITOR
from mini_buildd.domain.problem import Problem
from mini_buildd.wire.api.problem import MEDIA_TYPE, ProblemDetails, details, unexplained

_STATUS: Mapping[type[Problem], HTTPStatus] = {
    problems.BuildUnknown: HTTPStatus.NOT_FOUND,
    problems.AccountUnknown: HTTPStatus.NOT_FOUND,
    problems.BuilderUnknown: HTTPStatus.NOT_FOUND,
    problems.ChrootUnknown: HTTPStatus.NOT_FOUND,
    problems.PackageUnknown: HTTPStatus.NOT_FOUND,
    problems.RepositoryUnknown: HTTPStatus.NOT_FOUND,
    problems.RightUnknown: HTTPStatus.NOT_FOUND,
    problems.SuiteUnknown: HTTPStatus.NOT_FOUND,
    problems.SuiteVersionUnknown: HTTPStatus.NOT_FOUND,
    problems.TokenUnknown: HTTPStatus.NOT_FOUND,
    problems.UploadUnknown: HTTPStatus.NOT_FOUND,
    problems.WebhookUnknown: HTTPStatus.NOT_FOUND,
    problems.DeliveryUnknown: HTTPStatus.NOT_FOUND,
    problems.SubscriptionUnknown: HTTPStatus.NOT_FOUND,
    problems.UploaderKeyUnknown: HTTPStatus.NOT_FOUND,
    problems.LogUnknown: HTTPStatus.NOT_FOUND,
    problems.SignInFailed: HTTPStatus.UNAUTHORIZED,
    problems.TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    problems.RequestForged: HTTPStatus.FORBIDDEN,
    problems.ParameterUnknown: HTTPStatus.BAD_REQUEST,
    problems.BodyRefused: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    problems.DiskFull: HTTPStatus.INSUFFICIENT_STORAGE,
}


def answer(found: ProblemDetails) -> HttpResponse:
    """The answer that tells of it."""
    text = json.dumps(asdict(found))
    response = HttpResponse(text, content_type=MEDIA_TYPE, status=found.status)
    if found.status == HTTPStatus.UNAUTHORIZED:
        # Not Basic: a browser would ask for it, keep it, and then send it from anybody's page.
        response["WWW-Authenticate"] = 'Bearer realm="mini-buildd"'
    response["Cache-Control"] = "no-store"
    return response


def status_of(request: HttpRequest, problem: Problem) -> HTTPStatus:
    """The status that says it to programs which know nothing of our codes."""
    if isinstance(problem, problems.NotAllowed):
        is_nobody = getattr(request, "auth", VISITOR) == VISITOR
        return HTTPStatus.UNAUTHORIZED if is_nobody else HTTPStatus.FORBIDDEN
    for kind, status in _STATUS.items():
        if isinstance(problem, kind):
            return status
    return HTTPStatus.CONFLICT


def on_problem(request: HttpRequest, problem: Problem | type[Problem]) -> HttpResponse:
    """A problem of ours."""
    if isinstance(problem, type):  # ninja's own type says so; it never happens
        raise TypeError(problem)
    response = answer(details(problem, status_of(request, problem)))
    if isinstance(problem, problems.TooManyAttempts):
        response["Retry-After"] = str(problem.retry_after_seconds)
    return response


def on_invalid(
    request: HttpRequest, error: ValidationError | type[ValidationError]
) -> HttpResponse:
    """What is given is not as the description says."""
    del request
    faults = getattr(error, "errors", [])
    said = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults]
    return answer(
        ProblemDetails(
            type="/api/#request-malformed",
            title="The request is not well-formed",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            detail="; ".join(said)[:2000],
            code="request-malformed",
            expected="what /api/v1/openapi.json describes",
            found="; ".join(said)[:2000],
            hint="Look the call up at /api/.",
        )
    )


def on_http_error(request: HttpRequest, error: HttpError | type[HttpError]) -> HttpResponse:
    """What the framework refuses by a status: a body that is no JSON."""
    del request
    status = HTTPStatus(getattr(error, "status_code", HTTPStatus.BAD_REQUEST))
    return by_status(status, "Look the call up at /api/.")


def by_status(status: HTTPStatus, hint: str = "") -> HttpResponse:
    """A refusal that has no more to say than its status."""
    return answer(unexplained(status, status.phrase.lower().replace(" ", "-"), hint))
