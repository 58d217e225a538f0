"""Comparing in parts tells what comparing at once tells, however the suites came about."""

import random
from itertools import product
from pathlib import Path

import pytest

from mini_buildd.db import models
from mini_buildd.domain.states import SourceState
from mini_buildd.domain.suite_version import Cause, Difference
from mini_buildd.flow.compare import At, compare, compare_part
from mini_buildd.tests.web.builder import Builder

_VERSIONS = 4


def _sources(builder: Builder) -> list[models.Source]:
    """Seven source packages in three versions each, with a binary package."""
    made = []
    for name in "abcdefg":
        for version in ("1.0", "1.1", "1.2"):
            source = models.Source.objects.create(
                distribution=builder.distributions["unstable"],
                name=name * 3,
                version=version,
                component="main",
                architectures="any",
                state=SourceState.PUBLISHED,
                accepted_at=builder.at,
            )
            file = builder.file(f"{name}_{version}_amd64.deb")
            source.binaries.create(
                file=file, package=name, version=version, architecture="amd64", component="main"
            )
            made.append(source)
    return made


def _change(
    builder: Builder, suite: str, sources: list[models.Source], chance: random.Random
) -> None:
    """A version of *suite* with some packages more, some less, and a build less or more."""
    wanted = {source.name: source for source in chance.sample(sources, 4)}
    gone = chance.sample(sources, 3)
    row = builder.version(
        suite,
        Cause.IMPORT,
        add=list(wanted.values()),
        remove=[s for s in gone if s.name not in wanted],
    )
    for entry in row.distribution.entries.filter(removed_in=None, binary__isnull=False):
        if chance.random() < 0.3 and entry.added_in < row.number:
            row.distribution.entries.filter(pk=entry.pk).update(removed_in=row.number)
        elif entry.added_in == row.number and chance.random() < 0.3:
            entry.delete()


@pytest.mark.parametrize("seed", range(2))
def test_parts_put_together_are_the_whole(tmp_path: Path, db: None, seed: int) -> None:
    del db
    builder, chance = Builder(tmp_path), random.Random(seed)  # noqa: S311  # no secrets here
    sources = _sources(builder)
    suites = ("unstable", "testing")
    for _ in range(_VERSIONS):
        for suite in suites:
            _change(builder, suite, sources, chance)
    points = [At(builder.distributions[suite], n) for suite in suites for n in range(_VERSIONS + 1)]
    for before, after in chance.sample(list(product(points, points)), 30):
        found: list[Difference] = []
        beyond = ""
        while True:
            part = compare_part(before, after, beyond=beyond, count=2)
            found += part.differences
            if part.next is None:
                break
            beyond = part.next
        assert tuple(found) == compare(before, after), (before, after)
