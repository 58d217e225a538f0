"""Taking and dropping snapshots of a repository."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from mini_buildd.deb.names import MalformedName
from mini_buildd.domain.permission import Act
from mini_buildd.domain.problem import SnapshotUnknown
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.flow.hosted import site
from mini_buildd.flow.snapshot import drop as drop_snapshot
from mini_buildd.flow.snapshot import find_repository
from mini_buildd.flow.snapshot import take as take_snapshot
from mini_buildd.web.administrators import actor_of, for_those_who_may
from mini_buildd.web.views.changes import Wish, answer, at_once


def _place(repository: str) -> str:
    return reverse("repository", args=[repository]) + "#snapshots"


@for_those_who_may(Act.TAKE_SNAPSHOT)
def take(request: HttpRequest, name: str) -> HttpResponse:
    """Keep what the suites of a repository have now."""
    repository = find_repository(name)

    wish = Wish(
        title=gettext("Take a snapshot of %(name)s") % {"name": name},
        button=gettext("Take the snapshot"),
        done=gettext("The snapshot is there."),
        verb=at_once(
            lambda word: take_snapshot(
                site(), actor_of(request), repository, _parsed(word.name), reason=word.reason
            )
        ),
        back=_place(name),
        is_planned=False,
        asks_name=True,
        consequences=gettext(
            "What each of its suites shows now is kept until somebody drops the snapshot, "
            "and apt can install from it by its name."
        ),
    )
    return answer(request, wish)


def _parsed(text: str) -> SnapshotName:
    try:
        return SnapshotName(text)
    except MalformedName as error:
        raise SnapshotUnknown(
            expected=f"a {error.kind}",
            found=f"“{error.text}”" if error.text else gettext("no name"),
            hint=gettext("Choose another name, such as before-the-upgrade."),
        ) from None


@for_those_who_may(Act.TAKE_SNAPSHOT)
def drop(request: HttpRequest, name: str, snapshot: str) -> HttpResponse:
    """Let a snapshot go."""
    repository = find_repository(name)

    wish = Wish(
        title=gettext("Drop the snapshot %(snapshot)s of %(name)s")
        % {"snapshot": snapshot, "name": name},
        button=gettext("Drop it"),
        done=gettext("The snapshot %(snapshot)s is gone.") % {"snapshot": snapshot},
        verb=at_once(lambda _: drop_snapshot(site(), actor_of(request), repository, snapshot)),
        back=_place(name),
        is_planned=False,
        asks_reason=False,
        consequences=gettext(
            "Versions and packages that nothing else keeps are removed for good, and "
            "whoever installs from it is told that it is not there."
        ),
    )
    return answer(request, wish)
