"""The calls on the first steps of a new instance; each can be repeated at will."""

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from ninja import Body, Router

from mini_buildd.api.bodies import ReleaseWish, RepositoryWish, UploaderWish
from mini_buildd.api.door import actor_of
from mini_buildd.deb.names import Architecture, Codename, MalformedName
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.domain.first_steps import is_complete, next_step
from mini_buildd.domain.permission import Act, demand
from mini_buildd.domain.problem import SetupImpossible
from mini_buildd.flow.first_steps import (
    ChrootState,
    add_release,
    add_repository,
    add_uploader,
    look,
)
from mini_buildd.flow.hosted import instance, places, site, wake
from mini_buildd.flow.refresh import ask_missing
from mini_buildd.flow.setup import NewUploader
from mini_buildd.wire.api.first_steps import ChrootProgress, FirstStep, FirstSteps

router = Router(tags=["instance"])


@router.get("", response=FirstSteps, summary="Ask how far a new instance is")
def show_first_steps(request: HttpRequest) -> FirstSteps:
    """What is done, what is next, and what has to wait for it; for administrators.

    No token will do: sign in, or send the name and password of your account as Basic.
    """
    demand(actor_of(request), Act.CONFIGURE)
    return _seen()


@router.post("/release", response=FirstSteps, summary="Build for a release")
def build_for_release(request: HttpRequest, body: Body[ReleaseWish]) -> FirstSteps:
    """Let packages be built for a release, from the archive that is named or this machine's own.

    What is there already stays as it is; so it does with all these calls.
    """
    try:
        codename = Codename(body.codename)
        architectures = tuple(map(Architecture, dict.fromkeys(body.architectures)))
    except MalformedName as error:
        raise _malformed(error) from None
    add_release(site(), actor_of(request), codename, architectures, body.archive_url)
    return _seen()


@router.post("/chroots", response={202: FirstSteps}, summary="Make the chroots that are missing")
def make_chroots(request: HttpRequest, response: HttpResponse) -> FirstSteps:
    """Begin to make all chroots that nothing can be built from yet, which takes minutes."""
    ask_missing(site(), actor_of(request))
    wake()
    response["Location"] = "/api/v1/first-steps"
    return _seen()


@router.post("/repository", response=FirstSteps, summary="Make a repository")
def make_repository(request: HttpRequest, body: Body[RepositoryWish]) -> FirstSteps:
    """Make a repository with the usual suites for all releases there are."""
    try:
        name = RepositoryName(body.name)
    except MalformedName as error:
        raise _malformed(error) from None
    add_repository(site(), actor_of(request), name, has_keyring=body.has_keyring)
    wake()
    return _seen()


@router.post("/uploader", response=FirstSteps, summary="Let somebody upload")
def let_upload(request: HttpRequest, body: Body[UploaderWish]) -> FirstSteps:
    """Let whoever signs with a key upload to a repository; an account is made if there is none."""
    uploader = NewUploader(body.account, body.email, body.key)
    try:
        repository = RepositoryName(body.repository)
    except MalformedName as error:
        raise _malformed(error) from None
    add_uploader(site(), actor_of(request), uploader, repository)
    return _seen()


def _malformed(error: MalformedName) -> SetupImpossible:
    return SetupImpossible(
        expected=f"a {error.kind}", found=f"“{error.text}”", hint="Write it otherwise."
    )


def _seen() -> FirstSteps:
    found = look(instance(), places(), now)
    return FirstSteps(
        is_complete=is_complete(found.steps),
        next=next_step(found.steps),
        steps=tuple(FirstStep(row.step, row.progress, row.waits_for) for row in found.steps),
        chroots=tuple(map(_chroot, found.chroots)),
    )


def _chroot(state: ChrootState) -> ChrootProgress:
    row, steps = state.row, state.log.steps
    return ChrootProgress(
        codename=row.codename,
        architecture=row.architecture,
        progress=state.progress,
        step=steps[-1].step if steps else "",
        begun_at=state.log.begun_at,
        problem=row.problem,
    )
