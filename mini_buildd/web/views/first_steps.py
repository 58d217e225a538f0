"""The first steps of a new instance: a checklist on which each step is done where it stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mini_buildd.db.queries.repositories import DistributionRow, find_repository
from mini_buildd.deb.names import Architecture, Codename, MalformedName
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.domain.dput_sections import dput_sections
from mini_buildd.domain.first_package import BUILD, dput_command, first_package
from mini_buildd.domain.first_steps import Progress, Step, StepRow, is_complete
from mini_buildd.domain.permission import Act, demand, may
from mini_buildd.domain.problem import NotAllowed, Problem, SetupImpossible
from mini_buildd.flow.first_administrator import is_offered
from mini_buildd.flow.first_steps import (
    DEFAULT_REPOSITORY,
    FirstSteps,
    add_release,
    add_repository,
    add_uploader,
    look,
    propose,
)
from mini_buildd.flow.hosted import instance, places, site, wake
from mini_buildd.flow.refresh import ask_missing
from mini_buildd.flow.setup import NewUploader
from mini_buildd.web.administrators import actor_of, for_those_who_may, refused
from mini_buildd.web.apt_lines import use_it

_TITLES: Mapping[Step, str] = {
    Step.ADMINISTRATOR: gettext_noop("Administrator"),
    Step.KEY: gettext_noop("Archive key"),
    Step.RELEASE: gettext_noop("Release"),
    Step.CHROOT: gettext_noop("Build environment"),
    Step.REPOSITORY: gettext_noop("Repository"),
    Step.UPLOADER: gettext_noop("Uploader"),
    Step.UPLOAD: gettext_noop("First package"),
}
_NAME_CHARACTERS = 150


@dataclass(frozen=True, slots=True)
class Shown:
    """A step as pages show it."""

    row: StepRow
    title: str
    waits_for: tuple[str, ...]

    @property
    def name(self) -> str:
        """In addresses."""
        return self.row.step.value

    @property
    def is_open(self) -> bool:
        """Whether there is something to fill in or to press."""
        return self.row.progress in (Progress.OPEN, Progress.FAILED)

    @property
    def template(self) -> str:
        """What shows it."""
        return f"mini_buildd/first/{self.name}.html"


@dataclass(frozen=True, slots=True)
class Refused:
    """A step that could not be done, and what was said, to be said better."""

    step: Step
    problem: Problem
    said: Mapping[str, str] = field(default_factory=dict)


def shown_steps(found: FirstSteps) -> tuple[Shown, ...]:
    """The checklist in the reader's words."""
    return tuple(
        Shown(
            row, gettext(_TITLES[row.step]), tuple(gettext(_TITLES[each]) for each in row.waits_for)
        )
        for row in found.steps
    )


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The checklist, for administrators; somebody else is shown the way to be one."""
    actor = actor_of(request)
    if may(actor, Act.CONFIGURE):
        return _page(request)
    if is_offered(places()):
        return render(request, "mini_buildd/first/nobody.html")
    if not actor.name:
        return redirect(f"{reverse('sign-in')}?next={reverse('first-steps')}")
    try:
        demand(actor, Act.CONFIGURE)
    except NotAllowed as problem:
        return refused(request, problem, 403)
    raise AssertionError


def _page(request: HttpRequest, wrong: Refused | None = None) -> HttpResponse:
    found = look(instance(), places(), now)
    steps = shown_steps(found)
    context: dict[str, Any] = {
        "steps": steps,
        "found": found,
        "there": found.there,
        "is_complete": is_complete(found.steps),
        "done": sum(step.row.progress is Progress.DONE for step in steps),
        "install": StepRow(
            Step.UPLOAD, Progress.WAITS if found.there.published is None else Progress.OPEN
        ),
        "wrong": wrong,
        "said": wrong.said if wrong else {},
        "home_text": str(instance().home),
        "default_repository": DEFAULT_REPOSITORY,
        **_of_release(steps),
        **_of_upload(request, found),
    }
    status = 200 if wrong is None else 409
    return render(request, "mini_buildd/first_steps.html", context, status=status)


def _of_release(steps: tuple[Shown, ...]) -> dict[str, Any]:
    """What this machine's apt tells, as long as somebody has to choose: it takes a second."""
    is_open = any(step.is_open for step in steps if step.row.step is Step.RELEASE)
    return {"proposal": propose(now().date())} if is_open else {}


def _of_upload(request: HttpRequest, found: FirstSteps) -> dict[str, Any]:
    """The lines to upload with, and to install with once there is something to install."""
    suite = _suite_to_try(found)
    if suite is None:
        return {}
    version = f"1.0{suite.version_ending}"
    sections = dput_sections(instance(), actor_of(request).name)
    context: dict[str, Any] = {
        "suite": suite,
        "version": version,
        "dput": sections[0] if sections else None,
        "package": first_package(
            maintainer=_maintainer(request, found), version=version, distribution=suite.name
        ),
        "build": BUILD,
    }
    if sections:
        context["upload_command"] = dput_command(sections[0].alias, version)
    if (out := found.there.published) is not None:
        lines = use_it(out.repository, out.distribution, out.package, is_private=out.is_private)
        context["lines"] = lines
    return context


def _suite_to_try(found: FirstSteps) -> DistributionRow | None:
    if not found.there.repositories:
        return None
    first = found.there.repositories[0]
    repository = find_repository(first.name)
    rows = repository.distributions if repository is not None else ()
    return next((row for row in rows if row.name == first.distributions[0]), None)


def _maintainer(request: HttpRequest, found: FirstSteps) -> str:
    """As the key of an uploader has it, which signs; else as the account says."""
    if found.there.user_id:
        return found.there.user_id
    user: Any = request.user
    return f"{user.get_full_name() or user.get_username()} <{user.email}>"


# --- the steps --------------------------------------------------------------------


def _do(
    request: HttpRequest, step: Step, verb: Callable[[Mapping[str, str]], object], done: str
) -> HttpResponse:
    """Do it and show the checklist, with what was wrong where it was."""
    said = {name: str(value).strip() for name, value in request.POST.items()}
    try:
        verb(said)
    except MalformedName as error:
        problem = SetupImpossible(
            expected=gettext("a %(kind)s") % {"kind": error.kind},
            found=f"“{error.text}”",
            hint=gettext("Write it otherwise."),
        )
        return _page(request, Refused(step, problem, said))
    except NotAllowed:
        raise
    except Problem as problem:
        return _page(request, Refused(step, problem, said))
    wake()
    messages.success(request, done)
    return redirect(f"{reverse('first-steps')}#step-{step.value}")


@for_those_who_may(Act.CONFIGURE)
def release(request: HttpRequest) -> HttpResponse:
    """What packages are built for, and from which archive."""

    def verb(said: Mapping[str, str]) -> None:
        names = said.get("architectures", "").replace(",", " ").split()
        add_release(
            site(),
            actor_of(request),
            Codename(said.get("codename", "")),
            tuple(map(Architecture, dict.fromkeys(names))),
            said.get("archive_url", ""),
        )

    return _do(request, Step.RELEASE, verb, gettext("Packages can be built for it."))


@for_those_who_may(Act.REFRESH_CHROOT)
def chroot(request: HttpRequest) -> HttpResponse:
    """Let the build environments be made that are missing."""
    done = gettext("It is being made. You can close this page, and go on with the other steps.")
    return _do(request, Step.CHROOT, lambda _: ask_missing(site(), actor_of(request)), done)


@for_those_who_may(Act.CONFIGURE)
def repository(request: HttpRequest) -> HttpResponse:
    """A repository with its suites."""

    def verb(said: Mapping[str, str]) -> None:
        add_repository(
            site(),
            actor_of(request),
            RepositoryName(said.get("name", "")),
            has_keyring="keyring" in said,
        )

    return _do(request, Step.REPOSITORY, verb, gettext("The repository and its suites are there."))


@for_those_who_may(Act.CONFIGURE)
def uploader(request: HttpRequest) -> HttpResponse:
    """Somebody with a key, who may upload."""

    def verb(said: Mapping[str, str]) -> None:
        name = said.get("account", "")[:_NAME_CHARACTERS]
        new = NewUploader(name, said.get("email", ""), said.get("key", ""))
        name = said.get("repository", "")
        add_uploader(site(), actor_of(request), new, RepositoryName(name))

    return _do(request, Step.UPLOADER, verb, gettext("What this key signs is taken."))
