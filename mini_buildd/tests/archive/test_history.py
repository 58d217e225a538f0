"""The history of a suite, as a plain file."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_buildd.archive.history import append, moment, resolve, snapshot_id
from mini_buildd.archive.tree import Tree
from mini_buildd.domain.distribution import DistributionName

_NAME = DistributionName.parse("trixie-test-unstable")
_NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
_HOUR = timedelta(hours=1)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "test", tmp_path / "cache")


def _file(tree: Tree) -> Path:
    return tree.suite(_NAME) / "versions"


def test_each_moment_has_the_version_that_was_the_newest_then(tree: Tree) -> None:
    for number in (1, 2, 3):
        append(tree, _NAME, _NOON + number * _HOUR, number)
    assert resolve(tree.suite(_NAME), _NOON) is None
    assert resolve(tree.suite(_NAME), _NOON + _HOUR) == 1
    assert resolve(tree.suite(_NAME), _NOON + 2 * _HOUR - timedelta(seconds=1)) == 1
    assert resolve(tree.suite(_NAME), _NOON + 2 * _HOUR) == 2
    assert resolve(tree.suite(_NAME), _NOON + 9 * _HOUR) == 3


def test_a_suite_that_was_never_published_has_no_past(tree: Tree) -> None:
    assert resolve(tree.suite(_NAME), _NOON) is None


def test_the_file_can_be_read_by_anyone_with_any_tool(tree: Tree) -> None:
    append(tree, _NAME, _NOON, 1)
    append(tree, _NAME, _NOON + _HOUR, 2)
    assert _file(tree).read_text() == "20261120T120000Z 1\n20261120T130000Z 2\n"
    assert _file(tree).stat().st_mode & 0o777 == 0o644


def test_what_is_noted_again_stands_there_once(tree: Tree) -> None:
    append(tree, _NAME, _NOON, 1)
    append(tree, _NAME, _NOON + _HOUR, 2)
    append(tree, _NAME, _NOON + 2 * _HOUR, 2)
    assert _file(tree).read_text() == "20261120T120000Z 1\n20261120T130000Z 2\n"


def test_numbers_that_come_again_after_a_restored_backup_are_what_everybody_sees(
    tree: Tree,
) -> None:
    for hours, number in enumerate((1, 2, 3, 2)):
        append(tree, _NAME, _NOON + hours * _HOUR, number)
    suite = tree.suite(_NAME)
    assert [resolve(suite, _NOON + hours * _HOUR) for hours in range(5)] == [1, 2, 3, 2, 2]


def test_a_clock_that_was_set_back_does_not_disorder_the_history(tree: Tree) -> None:
    append(tree, _NAME, _NOON, 1)
    append(tree, _NAME, _NOON - _HOUR, 2)
    append(tree, _NAME, _NOON + _HOUR, 3)
    assert resolve(tree.suite(_NAME), _NOON - _HOUR) is None
    assert resolve(tree.suite(_NAME), _NOON) == 2
    assert resolve(tree.suite(_NAME), _NOON + _HOUR) == 3


def test_what_an_editor_has_left_in_the_file_does_no_harm(tree: Tree) -> None:
    append(tree, _NAME, _NOON, 1)
    with _file(tree).open("ab") as stream:
        stream.write(b"\n\xff# a remark\n20261120T13")
    append(tree, _NAME, _NOON + _HOUR, 2)
    assert resolve(tree.suite(_NAME), _NOON) == 1
    assert resolve(tree.suite(_NAME), _NOON + _HOUR) == 2


def test_times_of_any_zone_are_noted_in_utc(tree: Tree) -> None:
    append(tree, _NAME, _NOON.astimezone(timezone(_HOUR)), 1)
    assert _file(tree).read_text() == "20261120T120000Z 1\n"


@pytest.mark.parametrize(
    "text", ["", "20261120", "20261320T150000Z", "20261120T150000", "20261120T150000Z/", "x" * 16]
)
def test_what_is_no_time_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match=r"time"):
        moment(text)


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_id_is_a_moment_to_the_second(at: datetime) -> None:
    assert moment(snapshot_id(at)) == at.replace(microsecond=0)


def test_a_kill_while_noting_leaves_the_history_whole(tree: Tree) -> None:
    program = (
        "import sys; from datetime import *; from pathlib import Path\n"
        "from mini_buildd.archive.history import append\n"
        "from mini_buildd.archive.tree import Tree\n"
        "from mini_buildd.domain.distribution import DistributionName\n"
        "name = DistributionName.parse('trixie-test-unstable')\n"
        "for number in range(1, 10**6):\n"
        "    append(Tree(Path(sys.argv[1]), Path('none')), name, datetime.now(UTC), number)\n"
        "    print(number, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tree.root)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
    numbers = [int(line.split()[1]) for line in _file(tree).read_text().splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) in (len(told), len(told) + 1)
