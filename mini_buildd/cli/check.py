"""``mini-buildd archive check``: what is wrong with the archive, and mending it."""

import argparse
import sys

from mini_buildd.db.models import Repository
from mini_buildd.domain.finding import Finding
from mini_buildd.domain.problem import SuiteUnknown
from mini_buildd.flow.check import check
from mini_buildd.flow.site import Site


def run_check(options: argparse.Namespace, site: Site) -> int:
    """Print what is found; 0 when nothing is left, else 1. Raises SuiteUnknown."""
    repositories = _repositories(options.repository)
    say = _progress if sys.stderr.isatty() else _nothing
    found = left = 0
    for finding in check(site, repositories, repair=options.repair, say=say):
        found += 1
        left += not finding.is_repaired
        say("")
        _print(finding)
    say("")
    _summary(found, left)
    return 1 if left else 0


def _repositories(name: str | None) -> list[Repository]:
    rows = Repository.objects.order_by("name")
    chosen = list(rows.filter(name=name) if name else rows)
    if name and not chosen:
        there = ", ".join(rows.values_list("name", flat=True)) or "none yet"
        raise SuiteUnknown(
            expected=f"a repository: {there}",
            found=name,
            hint="Name one of them, or none for all.",
        )
    return chosen


def _print(finding: Finding) -> None:
    told = "repaired" if finding.is_repaired else f"to repair: {finding.repair}"
    text = (
        f"{finding.kind}: {finding.where}\n"
        f"  expected {finding.expected}\n  found {finding.found}\n  {told}"
    )
    # A file that somebody has put there may have any name.
    print(text.encode(errors="backslashreplace").decode(), flush=True)


def _summary(found: int, left: int) -> None:
    if not found:
        print("all is well")
    else:
        print(f"{found} found, {found - left} repaired, {left} left")


def _progress(word: str) -> None:
    """One line on a terminal, written over again and again."""
    print(f"\r\x1b[K{word}", end="", file=sys.stderr, flush=True)


def _nothing(word: str) -> None:
    del word
