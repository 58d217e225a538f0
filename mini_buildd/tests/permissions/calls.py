"""How each call of the API is made, and which act it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mini_buildd.db import models
from mini_buildd.domain.permission import Act
from mini_buildd.domain.states import JobState

UPLOADER = "ada"  # of all that is in the instance of the tests of the pages
SELF = "whoever asks"


@dataclass(frozen=True, slots=True)
class Call:
    """A request below /api/v1/; *act* is None where everybody may, of what they may see.

    *owner* is whose it is, where that counts. *places* fill in the path.
    """

    method: str
    path: str
    act: Act | None = None
    body: Any = None
    owner: str = ""
    places: Callable[[], dict[str, object]] = field(default=dict)


def _waiting() -> dict[str, object]:
    job = models.Job.objects.filter(state=JobState.WAITING).order_by("id")[0]
    return {"build": job.pk, "upload": job.source.upload_id}


def _failed() -> dict[str, object]:
    job = models.Job.objects.get(state=JobState.FAILED)
    return {"build": job.pk, "upload": job.source.upload_id}


def _token() -> dict[str, object]:
    return {"token": models.ApiToken.objects.filter(user__username=UPLOADER).order_by("id")[0].pk}


_BUILD, _UPLOAD = "builds/{build}", "uploads/{upload}"
_SUITE = "suites/trixie-test-unstable"
_VERSION = "packages/hello/2.10-5~test13+1"
_WISH = {"name": "more", "scopes": ["read"], "days": 30}
_ASKED = {"changes_name": "no name of a .changes", "changes": "unsigned"}

CALLS: Mapping[str, Call] = {
    "cancel_build": Call(
        "POST", f"{_BUILD}/cancel", Act.CANCEL_BUILD, {}, UPLOADER, places=_waiting
    ),
    "cancel_builds": Call(
        "POST", f"{_UPLOAD}/cancel", Act.CANCEL_BUILD, {}, UPLOADER, places=_waiting
    ),
    "list_of_builders": Call("GET", "builders/"),
    "list_of_builds": Call("GET", "builds/"),
    "list_of_events": Call("GET", "events/"),
    "list_of_packages": Call("GET", "packages/"),
    "list_of_repositories": Call("GET", "repositories/"),
    "list_of_tokens": Call("GET", "tokens/", Act.MAKE_TOKEN, owner=SELF),
    "list_of_upload_events": Call("GET", f"{_UPLOAD}/events/", places=_waiting),
    "list_of_uploads": Call("GET", "uploads/"),
    "list_queue": Call("GET", "queue/"),
    "list_suite_packages": Call("GET", f"{_SUITE}/packages/"),
    "list_suite_versions": Call("GET", f"{_SUITE}/versions/"),
    "make_one": Call("POST", "tokens/", Act.MAKE_TOKEN, _WISH, SELF),
    "precheck_upload": Call("POST", "uploads/precheck", body=_ASKED),
    "read_changelog": Call("GET", f"{_VERSION}/changelog"),
    "read_copyright_file": Call("GET", f"{_VERSION}/copyright"),
    "read_log": Call("GET", f"{_BUILD}/log", places=_failed),
    "retry_build": Call("POST", f"{_BUILD}/retry", Act.RETRY_BUILD, {}, UPLOADER, places=_failed),
    "retry_builds": Call("POST", f"{_UPLOAD}/retry", Act.RETRY_BUILD, {}, UPLOADER, places=_failed),
    "revoke_one": Call("DELETE", "tokens/{token}", Act.MAKE_TOKEN, owner=UPLOADER, places=_token),
    "search_everything": Call("GET", "search?query=hello"),
    "show_build": Call("GET", _BUILD, places=_failed),
    "show_dput": Call("GET", "dput"),
    "show_me": Call("GET", "me"),
    "show_package": Call("GET", "packages/hello"),
    "show_package_version": Call("GET", _VERSION),
    "show_repository": Call("GET", "repositories/test"),
    "show_status": Call("GET", "status"),
    "show_suite": Call("GET", _SUITE),
    "show_suite_growth": Call("GET", f"{_SUITE}/growth"),
    "show_upload": Call("GET", _UPLOAD, places=_waiting),
}

# Calls that the server of uploads answers; everybody may upload, and the signature counts.
BY_THE_DOOR = {
    "ask_about_transfer",
    "ask_about_transfers",
    "begin_transfer",
    "bring_files",
    "drop_transfer",
    "go_on_with_transfer",
}
