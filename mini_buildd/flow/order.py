"""The order of builds: whether a job can be built yet, by what is published and what is to come."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from mini_buildd.db.events import record
from mini_buildd.db.models import Chroot, Distribution, Job
from mini_buildd.db.moves import Overtaken, move_job
from mini_buildd.db.queries.offers import offers_of, provided_offers, shown_numbers
from mini_buildd.deb.deb822 import MalformedControl, parse_paragraph
from mini_buildd.deb.names import Architecture, MalformedName
from mini_buildd.deb.relations import BuildRelations, build_relations
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.order import Available, Maker, Missing, Sight, explain, find_missing
from mini_buildd.domain.states import JOB_OPEN, JobState
from mini_buildd.flow.names import base_names
from mini_buildd.flow.seen import seen_by
from mini_buildd.flow.site import Site
from mini_buildd.tools.aptnames import Names

_MAX_REASON = 2000


@dataclass(frozen=True, slots=True)
class Judged:
    """What a job has to wait for, if it has to, and where was looked."""

    missing: tuple[Missing, ...]
    suites: tuple[str, ...]

    @property
    def lines(self) -> str:
        """As it is kept with the job."""
        return "\n".join(dict.fromkeys(each.line for each in self.missing))

    @property
    def reason(self) -> str:
        """Why it waits, in a sentence."""
        builds = {
            each.maker.source_id: _build_of(each.maker) for each in self.missing if each.maker
        }
        return explain(self.missing, self.suites, lambda pk: builds.get(pk, 0))[:_MAX_REASON]


def _build_of(maker: Maker) -> int:
    jobs = Job.objects.filter(source=maker.source_id, state__in=JOB_OPEN).order_by("pk")
    return jobs.values_list("pk", flat=True).first() or 0


def judge_order(site: Site, job: Job) -> Judged:
    """Whether *job* can be built yet; its source and distribution should come with it.

    The queue must be up to date. May take seconds when a chroot is new: not for a transaction.
    """
    relations = _relations(job)
    if relations is None or not relations.depends:
        return Judged((), ())
    distribution = job.source.distribution
    seen = seen_by(distribution)
    chroot = _chroot(site, job)
    names = base_names(site.places, chroot) if chroot is not None else None
    with _Offers.of(site, job, seen, names) as offers:
        offers.prefetch([each.name for group in relations.depends for each in group])
        sight = _sight(site, job, seen, offers)
        with site.queue.lock:
            missing = find_missing(relations, sight)
    base = (distribution.base.codename,) if names is not None else ()
    return Judged(missing, (*seen, *base))


def _relations(job: Job) -> BuildRelations | None:
    """What the .dsc says; None when it cannot be read, which sbuild will tell better."""
    try:
        return build_relations(
            parse_paragraph(job.source.paragraph.encode()).fields,
            architecture=Architecture(job.architecture),
            profiles=job.profiles.split(),
            builds_any=job.builds_any,
            builds_all=job.builds_all,
        )
    except (MalformedControl, MalformedName):
        return None


def _chroot(site: Site, job: Job) -> Chroot | None:
    chroots = Chroot.objects.select_related("base").filter(
        base=job.source.distribution.base_id,
        architecture=job.build_architecture or job.architecture,
        backend=site.settings.builder.backend,
    )
    return chroots.first()


def _sight(site: Site, job: Job, seen: Sequence[str], offers: "_Offers") -> Sight:
    pending, own, names = site.queue.pending, job.source_id, frozenset(seen)
    frozen = Distribution.objects.filter(name__in=seen, frozen_at__isnull=False)
    return Sight(
        source_id=own,
        distribution=job.source.distribution.name,
        frozen=frozenset(frozen.values_list("name", flat=True)),
        find=offers.find,
        makers=lambda package: pending.makers_of(package, names),
        knows_base=offers.knows_base,
        waits_for_us=lambda pk: bool(pending.leads_back(pk, own, hard_only=False)),
        circle=lambda pk: pending.leads_back(pk, own, hard_only=True),
    )


class _Offers:
    """What is published in our suites and in the base, by name; each name is looked up once."""

    def __init__(
        self, site: Site, architecture: str, shown: Mapping[str, int], names: Names | None
    ) -> None:
        self.knows_base = names is not None
        self._site = site
        self._architecture = architecture
        self._shown = shown
        self._names = names
        self._own: dict[str, list[Available]] = {}
        self._found: dict[str, list[Available]] = {}

    @classmethod
    @contextmanager
    def of(
        cls, site: Site, job: Job, seen: Sequence[str], names: Path | None
    ) -> Iterator["_Offers"]:
        """For one job."""
        with ExitStack() as stack:
            opened = stack.enter_context(Names(names)) if names is not None else None
            yield cls(site, job.architecture, shown_numbers(seen), opened)

    def prefetch(self, names: Sequence[str]) -> None:
        """Look up all *names* in our suites at once."""
        found = offers_of(names, self._shown, self._architecture)
        self._own.update({name: list(found.get(name, ())) for name in names})

    def find(self, name: str) -> list[Available]:
        """All that has or provides *name*."""
        if name not in self._found:
            if name not in self._own:
                self.prefetch([name])
            self._found[name] = [*self._own[name], *self._provided(name), *self._base(name)]
        return self._found[name]

    def _provided(self, name: str) -> list[Available]:
        ids = [
            pk
            for distribution, number in self._shown.items()
            for pk in self._site.queue.provided(distribution, number).get(name, ())
        ]
        return provided_offers(name, ids, self._architecture) if ids else []

    def _base(self, name: str) -> list[Available]:
        found = self._names.find(name) if self._names is not None else []
        return [Available(each.name, each.version, each.package) for each in found]


def hold_back(site: Site, job: Job, judged: Judged) -> list[EventKind]:
    """Let the waiting *job* wait for what it misses."""
    reason = judged.reason
    try:
        with transaction.atomic():
            move_job(job, JobState.DEP_WAIT, reason=reason, waits_for=judged.lines)
            return [record(EventKind.JOB_DEP_WAIT, site.clock(), job=job, detail=reason)]
    except Overtaken:
        return []
