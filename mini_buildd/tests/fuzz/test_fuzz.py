"""The short version of ``./devel campaign fuzz``: the same doors, fewer bytes."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_buildd.tests.fuzz.change import change
from mini_buildd.tests.fuzz.guard import Guard, Outside
from mini_buildd.tests.fuzz.target import Target, Wrong, refusals
from mini_buildd.tests.fuzz.targets import all_targets
from mini_buildd.tests.fuzz.trial import Trial

_TARGETS = all_targets()
# Those that run gpg for each input get fewer.
_FEW = {"signed": 150, "openpgp-keys": 25}
_MANY = 250


@pytest.fixture(scope="module")
def folder(short_folder: Path) -> Path:
    """A place with a short name, as gpg wants it."""
    place = short_folder / "fuzz"
    place.mkdir()
    return place


@pytest.mark.parametrize("name", _TARGETS)
def test_strange_bytes_are_taken_or_refused_as_declared_in_time_and_in_their_folder(
    name: str, folder: Path
) -> None:
    target = _TARGETS[name]
    trial = Trial(target, folder / name)
    for seed in target.seeds:
        trial.take(seed)

    @settings(max_examples=_FEW.get(name, _MANY), deadline=None)
    @given(_inputs(target))
    def throw(data: bytes) -> None:
        trial.take(data)
        assert list(trial.faults.values()) == []

    throw()
    assert trial.count > len(target.seeds)


def _inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Seeds with changes, which lead far inside, and anything at all."""
    alter = target.change or change
    changed = st.builds(
        lambda seed, number: alter(seed, random.Random(number)),  # noqa: S311  # inputs, not secrets
        st.sampled_from(target.seeds),
        st.integers(0, 1 << 32),
    )
    return st.one_of(changed, changed, changed, st.binary(max_size=300))


@pytest.mark.parametrize("name", sorted(set(_TARGETS) - {"openpgp-keys", "offered-dsc"}))
def test_a_seed_leads_all_the_way_inside(name: str, folder: Path) -> None:
    """Else all that is made from the seeds would be refused at the first step."""
    trial = Trial(_TARGETS[name], folder / f"{name}-seeds")
    for seed in trial.target.seeds:
        trial.take(seed)
    assert [answer for answer in trial.answers if not answer[0].isupper()] != []
    assert trial.faults == {}


# --- what is to find the faults, shown to find them ---------------------------------------


def _trial(folder: Path, door: object) -> Trial:
    target = Target(name="test", prepare=lambda _: door, seeds=(b"x",), share=1)  # type: ignore[arg-type,return-value]  # whatever the test has
    return Trial(target, folder / "trial")


def test_a_write_outside_of_the_folder_is_a_fault_even_when_it_is_swallowed(tmp_path: Path) -> None:
    def door(data: bytes) -> str:
        try:
            (tmp_path / "trial" / ".." / data.decode()).write_bytes(b"")
        except OSError:
            return "refused"
        return "taken"

    trial = _trial(tmp_path, door)
    trial.take(b"escaped")
    assert [fault.trace for fault in trial.faults.values()] == [
        f"open {str(tmp_path / 'trial' / '..' / 'escaped')!r}"
    ]
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("act", ["mkdir", "rename", "unlink", "symlink_to"])
def test_every_other_change_outside_is_refused_too(act: str, tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    (inside / "file").touch()
    guard = Guard(inside)
    acts: Mapping[str, Callable[[], object]] = {
        "mkdir": outside.mkdir,
        "rename": lambda: (inside / "file").rename(outside),
        "unlink": outside.unlink,
        "symlink_to": lambda: outside.symlink_to("file"),
    }
    with guard.watching(), pytest.raises(Outside):
        acts[act]()
    assert len(guard.seen) == 1
    with guard.watching():
        (inside / "file").unlink()
    assert guard.seen == []


def test_a_link_out_of_the_folder_is_followed_before_it_is_judged(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "out").symlink_to(tmp_path)
    with Guard(inside).watching(), pytest.raises(Outside):
        (inside / "out" / "file").write_bytes(b"")


def test_an_exception_that_is_not_declared_is_a_fault_with_its_place(tmp_path: Path) -> None:
    trial = _trial(tmp_path, refusals(lambda data: data.decode("ascii"), KeyError))
    trial.take(b"x")
    assert trial.faults == {}
    trial.take(b"\xff")
    assert [what.partition(":")[0] for what in trial.faults] == [
        "UnicodeDecodeError at test_fuzz.py"
    ]


def test_what_is_taken_wrongly_is_a_fault(tmp_path: Path) -> None:
    def door(data: bytes) -> None:
        raise Wrong(repr(data))

    trial = _trial(tmp_path, refusals(door))
    trial.take(b"x")
    assert len(trial.faults) == 1
