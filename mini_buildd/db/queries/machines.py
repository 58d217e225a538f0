"""What a builder and a chroot have done lately, for the page of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from mini_buildd.db.models import Attempt, Chroot, Distribution, Job
from mini_buildd.db.queries.builds import BuildRow, rows_of
from mini_buildd.db.visibility import visible
from mini_buildd.domain.states import Outcome

_SHOWN = 20
_MOST = 5000


@dataclass(frozen=True, slots=True)
class Busy:
    """A time in which a builder had a build; *end* is None while it has it."""

    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class AptSourceRow:
    """Where a chroot and its builds have their packages from."""

    url: str
    suite: str
    components: str
    keyring: str
    check_valid_until: bool


@dataclass(frozen=True, slots=True)
class ChrootUse:
    """What a chroot is made from, which suites build in it, and what was built in it last."""

    sources: tuple[AptSourceRow, ...]
    suites: tuple[str, ...]
    setup: str
    refresh_hours: int
    builds: tuple[BuildRow, ...]


def busy_times(builder: str, since: datetime) -> tuple[Busy, ...]:
    """When a builder had builds since then; they tell how many there were, and nothing of what."""
    rows = Attempt.objects.filter(builder=builder).filter(Q(finished_at__gte=since) | Q(outcome=""))
    found = rows.order_by("-pk").values_list("assigned_at", "started_at", "finished_at")[:_MOST]
    return tuple(Busy(started or assigned, finished) for assigned, started, finished in found)


def outcomes_of(builder: str, since: datetime) -> Mapping[Outcome, int]:
    """How the builds of a builder that ended since then have ended."""
    rows = Attempt.objects.filter(builder=builder, finished_at__gte=since).exclude(outcome="")
    found = rows.order_by().values_list("outcome").annotate(count=Count("pk"))
    return {Outcome(outcome): count for outcome, count in found}


def has_built(builder: str) -> bool:
    """Whether a builder of that name has ever had a build."""
    return Attempt.objects.filter(builder=builder).exists()


def last_builds_of(builder: str) -> tuple[BuildRow, ...]:
    """The latest builds that a builder had."""
    rows = visible(
        Attempt.objects.filter(builder=builder), "job__source__distribution__repository__name"
    )
    ids = rows.order_by("-pk").values_list("job_id", flat=True)[: 2 * _SHOWN]
    return rows_of(tuple(dict.fromkeys(ids))[:_SHOWN])


def use_of(chroot_id: int) -> ChrootUse | None:
    """What the chroot with that number is used for."""
    chroot = Chroot.objects.select_related("base").filter(pk=chroot_id).first()
    if chroot is None:
        return None
    name = chroot.architecture
    suites = visible(Distribution.objects.filter(base=chroot.base), "repository__name").filter(
        Q(architectures__architecture=name, architectures__cross_from="")
        | Q(architectures__cross_from=name)
    )
    jobs = visible(
        Job.objects.filter(source__distribution__base=chroot.base),
        "source__distribution__repository__name",
    ).filter(Q(architecture=name, build_architecture="") | Q(build_architecture=name))
    return ChrootUse(
        sources=tuple(
            AptSourceRow(*row)
            for row in chroot.base.apt_sources.values_list(
                "url", "suite", "components", "keyring", "check_valid_until"
            )
        ),
        suites=tuple(suites.order_by("name").values_list("name", flat=True).distinct()),
        setup=chroot.setup,
        refresh_hours=chroot.refresh_hours,
        builds=rows_of(tuple(jobs.order_by("-pk").values_list("pk", flat=True)[:_SHOWN])),
    )
