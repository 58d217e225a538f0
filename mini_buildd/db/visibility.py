"""What whoever looks may not see: private repositories to which they have no right.

Pages and calls say who looks, once a request; every query on what belongs to a repository goes
through visible(), so no page can forget it. Where nobody has said so, the instance itself looks,
or its owner at the command line, and sees all.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from mini_buildd.db.models import Event, Repository, Upload
from mini_buildd.deb.names import MalformedName
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.event_row import OF_ADMINISTRATORS, OF_KEYS
from mini_buildd.domain.permission import SELF, Act, Actor, may
from mini_buildd.kit.log_fields import add_field

AnyModel = TypeVar("AnyModel", bound=Model)


class _Viewer:
    """Who looks; asked for only when something is looked at that may be hidden."""

    def __init__(self, find_actor: Callable[[], Actor]) -> None:
        self._find_actor = find_actor

    @cached_property
    def actor(self) -> Actor:
        found = self._find_actor()
        add_field("account", found.name)
        return found

    @cached_property
    def marked(self) -> tuple[Repository, ...]:
        return _marked()

    @cached_property
    def hidden(self) -> frozenset[str]:
        names = [each.name for each in self.marked if each.is_private]
        return frozenset(
            name for name in names if not may(self.actor, Act.SEE, repository=name, is_private=True)
        )

    @property
    def hidden_ids(self) -> frozenset[int]:
        names = self.hidden
        return frozenset(each.pk for each in self.marked if each.name in names) if names else _NONE


_NONE: frozenset[int] = frozenset()


def _marked() -> tuple[Repository, ...]:
    """Those that are private or open: what pages say of each is asked for once a request."""
    rows = Repository.objects.filter(Q(is_private=True) | Q(is_open=True))
    return tuple(rows.only("name", "is_private", "is_open").order_by("name"))


class _Everything(_Viewer):
    """Who is told of everything."""

    hidden = frozenset()


_ITSELF = _Everything(lambda: SELF)
_viewer: ContextVar[_Viewer | None] = ContextVar("viewer", default=None)


@contextmanager
def seen_by(find_actor: Callable[[], Actor]) -> Iterator[None]:
    """Whatever is read meanwhile is for the eyes of whom *find_actor* gives."""
    token = _viewer.set(_Viewer(find_actor))
    try:
        yield
    finally:
        _viewer.reset(token)


def look_as(actor: Actor) -> None:
    """Somebody else than it seemed looks, to the end of the seen_by() that this is within."""
    add_field("account", actor.name)
    _viewer.set(_Viewer(lambda: actor))


def _who() -> _Viewer:
    return _viewer.get() or _ITSELF


def hidden_from(actor: Actor) -> frozenset[str]:
    """The names of the repositories of which *actor* is told nothing, whoever looks now."""
    return _Viewer(lambda: actor).hidden


def hidden() -> frozenset[str]:
    """The names of the repositories of which whoever looks is told nothing."""
    return _who().hidden


def hidden_ids() -> frozenset[int]:
    """The numbers of the same."""
    return _who().hidden_ids


def open_repositories() -> tuple[str, ...]:
    """Those that take uploads without any signature; private ones are for their own pages."""
    who = _viewer.get()
    marked = who.marked if who is not None else _marked()
    return tuple(each.name for each in marked if each.is_open and not each.is_private)


def is_hidden(distribution: str) -> bool:
    """Whether the *distribution* of that name belongs to one of them; what is none does not."""
    names = hidden()
    try:
        return bool(names) and str(DistributionName.parse(distribution).repository) in names
    except MalformedName:
        return False


def visible(rows: QuerySet[AnyModel], repository: str) -> QuerySet[AnyModel]:
    """Those of *rows* that may be seen; *repository* is the path from them to its name.

    Where nothing is hidden it is the same query as without.
    """
    names = hidden()
    return rows.exclude(**{f"{repository}__in": names}) if names else rows


def visible_uploads(rows: QuerySet[Upload]) -> QuerySet[Upload]:
    """Those of the uploads *rows* that may be seen."""
    names = hidden()
    return rows.exclude(_hidden_upload(names, "")) if names else rows


def visible_events(rows: QuerySet[Event]) -> QuerySet[Event]:
    """Those of the events *rows* that may be seen; of keys that are another's, only some may."""
    who = _who()
    if not who.actor.is_admin:
        rows = rows.filter(~Q(kind__in=OF_KEYS) | Q(key__user__username=who.actor.name))
        rows = rows.exclude(kind__in=OF_ADMINISTRATORS)
    names = hidden()
    if not names:
        return rows
    # Whoever changes this changes EventRow.may_be_seen as well.
    concerns = Q(repository__name__in=names)
    concerns |= Q(source__distribution__repository__name__in=names)
    concerns |= Q(repository=None, upload__isnull=False) & _hidden_upload(names, "upload__")
    return rows.exclude(concerns)


def _hidden_upload(names: frozenset[str], prefix: str) -> Q:
    """Uploads to repositories called one of *names*, or not known yet where to.

    What was rejected may name a suite that there is not; its name tells the repository as well.
    """
    found = Q(**{f"{prefix}distribution__repository__name__in": names})
    for name in names:
        found |= Q(**{f"{prefix}distribution_name__contains": f"-{name}-"})
    unknown = Q(**{f"{prefix}distribution_name": ""})
    own = _who().actor.name
    if own:
        unknown &= ~Q(**{f"{prefix}signed_by__user__username": own})
    return found | unknown
