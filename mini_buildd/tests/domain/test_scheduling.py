"""Which job next: properties that hold for whatever waits and whoever builds."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mini_buildd.domain.builder import Capacity, Demand
from mini_buildd.domain.needs import Needs, Past, Said, expected_seconds, needs_of
from mini_buildd.domain.scheduling import Line, RunningJob, WaitingJob

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLACE = ("trixie", "amd64")
PLACES = {PLACE}
PLAIN = Demand(PLACE, Needs())


def job(
    pk: int, uploader: str = "ada", demand: Demand = PLAIN, *, priority: int = 0, weight: int = 0
) -> WaitingJob:
    """A job that waits."""
    return WaitingJob(pk, f"p{pk}", uploader, demand, priority, weight)


def needing(memory_mb: int) -> Demand:
    """What a job wants that needs so much."""
    return Demand(PLACE, Needs(memory_mb=memory_mb))


def run(job_: WaitingJob, builder: str = "here") -> RunningJob:
    """The same job, which a builder has."""
    return RunningJob(job_.id, builder, job_.uploader, job_.demand.needs)


def take(line: Line, builder: Capacity, now: datetime = NOW) -> WaitingJob | None:
    """The next job, which begins at once."""
    found = line.choose(builder, PLACES, now)
    if found is not None:
        line.start(run(found, builder.name))
    return found


# --- order ----------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(0, 2)), min_size=1, max_size=40))
def test_one_uploaders_jobs_go_by_priority_then_weight_then_age(
    kinds: list[tuple[int, int]],
) -> None:
    line, here = Line(), Capacity("here", slots=1)
    for pk, (priority, weight) in enumerate(kinds):
        line.add(job(pk, priority=priority, weight=weight))
    taken = []
    while (found := take(line, here)) is not None:
        taken.append(found)
        line.end(found.id)
    keys = [(-each.priority, -each.weight, each.id) for each in taken]
    assert keys == sorted(keys)
    assert len(taken) == len(kinds)


@settings(deadline=None)
@given(
    slots=st.integers(1, 8),
    crowd=st.integers(1, 120),
    before=st.integers(0, 100),
    seed=st.integers(0, 1000),
)
def test_thousands_of_jobs_delay_anothers_single_one_by_at_most_one_slot(
    slots: int, crowd: int, before: int, seed: int
) -> None:
    """Whenever Bo's job comes, Ada is given no more than one slot before him."""
    line, here, chance = Line(), Capacity("here", slots=slots), random.Random(seed)  # noqa: S311  # a simulation
    for pk in range(crowd):
        line.add(job(pk, "ada"))
    for _ in range(before):
        if take(line, here) is None and line.running:
            line.end(chance.choice(sorted(line.running)))
    line.add(job(9999, "bo"))
    given_to_ada = 0
    while True:
        found = take(line, here)
        if found is None:
            line.end(chance.choice(sorted(line.running)))
        elif found.uploader == "bo":
            break
        else:
            given_to_ada += 1
    assert given_to_ada <= 1


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=80), st.integers(1, 6))
def test_nobody_who_waits_has_two_fewer_slots_than_somebody_who_was_served(
    uploaders: list[str], slots: int
) -> None:
    line, here = Line(), Capacity("here", slots=slots)
    for pk, uploader in enumerate(uploaders):
        line.add(job(pk, uploader))
    while line.waiting:
        while (found := take(line, here)) is not None:
            has = [each.uploader for each in line.running.values()]
            others = {each.uploader for each in line.waiting.values()}
            assert all(has.count(found.uploader) - 1 <= has.count(other) for other in others)
        line.end(min(line.running))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "drop", "take", "end"]),
            st.integers(0, 30),
            st.sampled_from("abc"),
            st.integers(0, 2),
        ),
        max_size=200,
    )
)
def test_it_decides_as_one_who_looks_at_every_job(steps: list[tuple[str, int, str, int]]) -> None:
    line, here = Line(), Capacity("here", slots=4, memory_mb=4096)
    served: dict[str, int] = {}
    for turn, (what, pk, uploader, kind) in enumerate(steps):
        if what == "add" and pk not in line.running:
            line.add(job(pk, uploader, needing(1024 * kind), priority=kind % 2))
        elif what == "drop":
            line.drop(pk)
        elif what == "end":
            line.end(pk)
        elif what == "take":
            wanted = _by_looking_at_all(line, here, served)
            found = take(line, here)
            assert (found and found.id) == wanted
            if found is not None:
                served[found.uploader] = turn + 1
        waiting = {each.uploader for each in line.waiting.values()}
        busy = {each.uploader for each in line.running.values()}
        served = {who: when for who, when in served.items() if who in waiting | busy}


def _by_looking_at_all(line: Line, builder: Capacity, served: dict[str, int]) -> int | None:
    running = list(line.running.values())
    free = builder.memory_mb - sum(each.needs.memory_mb for each in running)
    if len(running) >= builder.slots:
        return None
    fitting = [
        (
            -each.priority,
            sum(other.uploader == each.uploader for other in running),
            served.get(each.uploader, 0),
            min(
                other.id
                for other in line.waiting.values()
                if (other.uploader, other.priority) == (each.uploader, each.priority)
            ),
            -each.weight,
            each.id,
        )
        for each in line.waiting.values()
        if each.demand.needs.memory_mb <= free
    ]
    return min(fitting)[-1] if fitting else None


# --- needs and limits ---------------------------------------------------------------


def test_a_builder_is_given_what_it_has_room_for() -> None:
    line, here = Line(), Capacity("here", slots=9, memory_mb=8192)
    for pk, memory_mb in enumerate((6000, 6000, 2000)):
        line.add(job(pk, demand=needing(memory_mb)))
    assert [take(line, here) and 1 for _ in range(3)] == [1, 1, None]
    assert sorted(line.running) == [0, 2]


def test_a_builder_is_given_nothing_that_it_can_never_take() -> None:
    line = Line()
    line.add(job(1, demand=Demand(PLACE, Needs(memory_mb=9000, tags=frozenset({"gpu"})))))
    for capacity in (
        Capacity("small", 1, memory_mb=8000, tags=frozenset({"gpu"})),
        Capacity("untagged", 1, memory_mb=9000),
        Capacity("arm", 1, architectures=frozenset({"arm64"}), tags=frozenset({"gpu"})),
        Capacity("off", 1, is_enabled=False, tags=frozenset({"gpu"})),
        Capacity("aside", 1, set_aside_at=NOW, tags=frozenset({"gpu"})),
    ):
        assert line.choose(capacity, PLACES, NOW) is None, capacity.name
    fitting = Capacity("right", 1, memory_mb=9000, tags=frozenset({"gpu", "ssd"}))
    assert line.choose(fitting, set(), NOW) is None
    assert line.choose(fitting, PLACES, NOW) is not None


def test_what_needs_much_is_not_passed_over_for_ever() -> None:
    line, here = Line(), Capacity("here", slots=2, memory_mb=8192)
    for pk in range(100):
        line.add(job(pk + 1, "bo", needing(1000)))
    line.add(job(0, "ada", needing(8000)))
    line.start(run(job(777, "bo", needing(1000))))
    taken = []
    while 0 in line.waiting:
        found = take(line, here)
        if found is None:
            line.end(max(line.running))
        else:
            taken.append(found.id)
    assert len(taken) < 15


def test_a_builder_that_was_set_aside_is_tried_with_one_job() -> None:
    line = Line()
    for pk in range(3):
        line.add(job(pk))
    until = NOW + timedelta(minutes=5)
    here = Capacity("here", slots=2, set_aside_at=NOW, set_aside_until=until)
    assert take(line, here) is None
    assert take(line, here, until) is not None
    assert take(line, here, until) is None


def test_a_job_that_is_not_to_be_tried_yet_is_left_until_then() -> None:
    line, here = Line(), Capacity("here", slots=2)
    later = NOW + timedelta(minutes=5)
    line.add(WaitingJob(1, "p1", "ada", PLAIN, not_before_at=later))
    assert take(line, here) is None
    found = take(line, here, later)
    assert found is not None


def test_nothing_is_kept_of_what_is_over() -> None:
    line, here = Line(), Capacity("here", slots=2)
    for round_ in range(300):
        line.add(job(round_, f"user{round_}", needing(64 * (round_ % 50))))
        assert take(line, here) is not None
        line.end(round_)
    assert take(line, here) is None
    kept = {
        name: len(value)
        for name, value in vars(line).items()
        if hasattr(value, "__len__") and len(value)
    }
    assert kept == {}


def test_the_same_jobs_over_and_over_do_not_make_it_larger() -> None:
    line = Line()
    for round_ in range(2000):
        line.add(job(round_ % 20, weight=round_ % 3))
        line.drop(round_ * 7 % 20)
    ((own,),) = [level.values() for level in line._levels.values()]
    assert sum(len(pile._order) for pile in own.piles.values()) < 3 * 20


# --- what is learnt ---------------------------------------------------------------


@given(
    st.lists(
        st.builds(
            Past,
            st.none() | st.floats(0, 1e5),
            st.none() | st.integers(0, 1 << 40),
            st.none() | st.integers(0, 1 << 40),
        ),
        max_size=6,
    )
)
def test_a_job_is_given_more_than_any_earlier_build_needed(past: list[Past]) -> None:
    needs = needs_of(Said(), past)
    most = max((each.peak_memory_bytes or 0 for each in past), default=0)
    assert needs.memory_mb << 20 >= most
    assert needs.memory_mb <= most * 1.25 * 1.3 / (1 << 20) + 65
    seconds = [each.seconds for each in past if each.seconds is not None]
    assert (expected_seconds(past) is None) == (not seconds)


def test_what_somebody_has_said_counts_more_than_what_was_seen() -> None:
    past = [Past(60, 8 << 30, 1 << 30)]
    assert needs_of(Said(memory_mb=0), past).memory_mb == 0
    assert needs_of(Said(memory_mb=100, cores=4), past) == Needs(100, 1280, 4)


# --- elsewhere --------------------------------------------------------------------


def test_what_a_builder_has_lost_is_left_to_another_one_that_is_there() -> None:
    here = Capacity("here", slots=1, seen_at=NOW)
    lost = Demand(PLACE, Needs(), frozenset({"here"}))

    def chosen(*others: Capacity) -> bool:
        line = Line()
        line.add(job(1, demand=lost))
        return line.choose(here, PLACES, NOW, [here, *others]) is not None

    assert not chosen(Capacity("there", slots=1, seen_at=NOW))
    assert chosen(), "there is no other"
    assert chosen(Capacity("there", slots=1, seen_at=NOW - timedelta(hours=1))), "it is gone"
    assert chosen(Capacity("there", slots=1)), "it was never there"
    assert chosen(Capacity("there", slots=0, seen_at=NOW))
    assert chosen(Capacity("there", slots=1, seen_at=NOW, set_aside_at=NOW))
    assert chosen(Capacity("there", slots=1, seen_at=NOW, architectures=frozenset({"arm64"})))
    line, there = Line(), Capacity("there", slots=1, seen_at=NOW)
    line.add(job(1, demand=lost))
    line.add(job(2))
    assert line.choose(here, PLACES, NOW, [here, there]) == job(2)
    assert line.choose(there, PLACES, NOW, [here, there]) is not None
