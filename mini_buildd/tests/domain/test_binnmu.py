"""Numbers of rebuilds, and that apt takes the versions in their order."""

from itertools import pairwise

import pytest

from mini_buildd.deb.version import Version, compare
from mini_buildd.domain.binnmu import binnmu_number, binnmu_version, next_number


@pytest.mark.parametrize("version", ["1.0", "1:1.0-1", "1.0-1~test13+1", "1.0~test~SID+0"])
def test_a_rebuild_is_later_than_what_it_replaces_and_earlier_than_the_next_upload(
    version: str,
) -> None:
    rebuilt = [binnmu_version(Version(version), number) for number in (0, 1, 2, 10)]
    assert rebuilt[0] == version
    assert [binnmu_number(each) for each in rebuilt] == [0, 1, 2, 10]
    assert all(compare(older, newer) < 0 for older, newer in pairwise(rebuilt))


def test_the_next_upload_is_later_than_every_rebuild() -> None:
    rebuilt = binnmu_version(Version("1.0-1~test13+1"), 99)
    for upload in ("1.0-1~test13+2", "1.0-1~test13+10", "1.0-2~test13+1", "1.0.1~test13+1"):
        assert compare(rebuilt, Version(upload)) < 0


def test_the_next_number_is_one_that_nothing_has_or_was_ordered_with() -> None:
    assert next_number([], []) == 1
    assert next_number(["1.0-1", "1.0-1+b1", "9.9+b3"], [1, 2]) == 4
    assert next_number(["1.0-1"], [5]) == 6
    assert next_number(["1.0+build7", "1.0+b"], [0]) == 1
