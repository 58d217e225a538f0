"""``mini-buildd archive``: look at the versions of suites, and change them.

Whoever owns the instance is its administrator. What is decided is published by the command itself,
so it works whether or not the daemon runs; were that quicker, nothing is left to do.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mini_buildd.cli import archive_print as show
from mini_buildd.cli.check import run_check
from mini_buildd.cli.owner import owner
from mini_buildd.cli.screen import Screen, heading
from mini_buildd.cli.take import run_copy, run_import, run_take
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db.models import Distribution
from mini_buildd.db.queries.snapshots import list_snapshots
from mini_buildd.db.queries.version_line import list_versions, shown_number
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.domain.suite_version import Difference
from mini_buildd.flow import snapshot
from mini_buildd.flow.beside import beside_daemon
from mini_buildd.flow.change import SuiteChange, find_distribution
from mini_buildd.flow.changelog import entries_of
from mini_buildd.flow.choose import version_of
from mini_buildd.flow.compare import At, compare, held
from mini_buildd.flow.freeze import freeze, thaw
from mini_buildd.flow.migrate import Migration, migrate
from mini_buildd.flow.publish import carry_out
from mini_buildd.flow.remove import remove
from mini_buildd.flow.revise import newest
from mini_buildd.flow.rollback import rollback
from mini_buildd.flow.site import Site
from mini_buildd.keys.gpg import GnupgFailed


def run_archive(options: argparse.Namespace, settings: Settings, places: Places) -> int:
    """Do what is asked for; returns the exit status."""
    screen = Screen.of(sys.stdout)
    if options.action in _LOOKS:
        _LOOKS[options.action](options, places, screen)
        return 0
    with beside_daemon(settings, places) as site:
        return _ACTS[options.action](_Desk(site, owner(), options, screen))


# --- looking ------------------------------------------------------------------------


def _versions(options: argparse.Namespace, _: Places, screen: Screen) -> None:
    distribution = find_distribution(options.distribution)
    if distribution.frozen_at is not None:
        screen.line(
            show.frozen(distribution.frozen_at, distribution.frozen_by, distribution.frozen_reason)
        )
    rows = [heading("", "nr", "when (UTC)", "what", "who", "changes", "why")]
    for version in list_versions(distribution.name, count=max(options.last, 1)).rows:
        before, after = (At(distribution, version.number - back) for back in (1, 0))
        rows.append([*show.version_row(version, compare(before, after))])  # type: ignore[list-item]
    screen.table(rows)


def _show(options: argparse.Namespace, _: Places, screen: Screen) -> None:
    distribution = find_distribution(options.distribution)
    at = version_of(options.number, distribution)
    found = held(at)
    count = len(found)
    screen.line(
        f"version {at.number} of {distribution}: {count} source package{'' if count == 1 else 's'}"
    )
    screen.table(
        [row for name in sorted(found) for row in show.held_rows(name, found[name])], indent=2
    )


def _diff(options: argparse.Namespace, places: Places, screen: Screen) -> None:
    before, after = _two_versions(options)
    found = compare(before, after)
    name = "" if after.distribution == before.distribution else f"{after.distribution} "
    screen.line(
        f"{before.distribution} version {before.number} → {name}version {after.number}:"
        + ("" if found else " no difference")
    )
    screen.table([show.difference_row(each) for each in found], indent=2)
    for each in found if options.changelog else ():
        _show_entries(places, after.distribution, each, screen)


def _two_versions(options: argparse.Namespace) -> tuple[At, At]:
    """FROM TO; or FROM NUMBER [NUMBER], of FROM; or FROM alone, to the newest."""
    start = version_of(options.from_)
    suite = start.distribution
    if options.then:
        return version_of(options.to, suite), version_of(options.then, suite)
    if not options.to:
        is_newest = "@" not in options.from_
        return At(suite, start.number - 1) if is_newest else start, version_of("", suite)
    if options.to.isdecimal() and "@" not in options.from_:
        return version_of(options.to, suite), start
    return start, version_of(options.to, suite)


def _show_entries(
    places: Places, distribution: Distribution, difference: Difference, screen: Screen
) -> None:
    if not difference.before or not difference.after:
        return
    entries = entries_of(places, distribution, difference)
    screen.line("")
    screen.text(
        f"{difference.source}: the archive has no changelog of it" if entries is None else entries
    )


def _snapshots(options: argparse.Namespace, _: Places, screen: Screen) -> None:
    repository = snapshot.find_repository(options.repository)
    rows = [show.snapshot_row(each) for each in list_snapshots(repository.name)]
    if not rows:
        screen.line(f"{repository} has no snapshots")
        return
    screen.table([heading("name", "kind", "taken (UTC)", "by", "of", "why"), *rows])


_LOOKS: Mapping[str, Callable[[argparse.Namespace, Places, Screen], None]] = {
    "versions": _versions,
    "show": _show,
    "diff": _diff,
    "snapshots": _snapshots,
}


# --- changing -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every act needs."""

    site: Site
    actor: Actor
    options: argparse.Namespace
    screen: Screen

    @property
    def distribution(self) -> Distribution:
        """The suite that is named."""
        return find_distribution(self.options.distribution)

    def settle(self, changes: Iterable[SuiteChange]) -> int:
        """Publish what was decided and tell it; of a dry run just tell."""
        if self.options.dry_run:
            return self._tell_dry(list(changes))
        # All is done before anything is told: who reads may go away.
        done = [(change, self.publish(change.distribution)) for change in changes]
        for change, fault in done:
            self.tell_published(change.distribution, change.number, fault)
            self._tell_differences(change)
        return int(any(fault for _, fault in done))

    def publish(self, name: str) -> str:
        """Carry out what was decided for that suite, unless the daemon has; what went wrong."""
        try:
            carry_out(self.site, find_distribution(name))
        except (OSError, GnupgFailed) as error:
            return str(error)
        return ""

    def tell_published(self, name: str, number: int, fault: str) -> None:
        """Tell what became of version *number* of that suite."""
        if fault:
            self.screen.line(
                show.waiting(f"decided as version {number} of {name}, to be published")
            )
            print(
                f"mini-buildd: not published yet: {fault}\n"
                "  The daemon tries it again every few seconds.",
                file=sys.stderr,
            )
            return
        seen = shown_number(name)
        later = f", with version {seen}" if seen != number else ""
        self.screen.line(show.published(f"published as version {number} of {name}{later}"))

    def _tell_dry(self, changes: Sequence[SuiteChange]) -> int:
        for change in changes:
            self.screen.line(
                show.waiting(f"would be version {change.number} of {change.distribution}")
            )
            self._tell_differences(change)
            self.screen.table([[show.broken(str(each))] for each in change.broken], indent=2)
            if change.is_checked and not change.broken:
                self.screen.line("nothing would become uninstallable", indent=2)
        return int(any(change.broken for change in changes))

    def _tell_differences(self, change: SuiteChange) -> None:
        self.screen.table([show.difference_row(each) for each in change.differences], indent=2)


def _migrate(desk: _Desk) -> int:
    options = desk.options
    wish = Migration(desk.distribution, options.package, options.whole_way, options.reason)
    return desk.settle(
        migrate(desk.site, desk.actor, wish, dry_run=options.dry_run, force=options.force)
    )


def _remove(desk: _Desk) -> int:
    options = desk.options
    return desk.settle(
        remove(
            desk.site,
            desk.actor,
            desk.distribution,
            options.package,
            reason=options.reason,
            dry_run=options.dry_run,
            force=options.force,
        )
    )


def _rollback(desk: _Desk) -> int:
    options = desk.options
    return desk.settle(
        rollback(
            desk.site,
            desk.actor,
            desk.distribution,
            options.number,
            reason=options.reason,
            dry_run=options.dry_run,
        )
    )


def _freeze(desk: _Desk) -> int:
    freeze(desk.site, desk.actor, desk.distribution, desk.options.reason)
    desk.screen.line(f"{desk.distribution} is frozen; what is built for it waits")
    return 0


def _thaw(desk: _Desk) -> int:
    distribution = desk.distribution
    thaw(desk.site, desk.actor, distribution)
    desk.screen.line(f"{distribution} is open; the daemon lets in what has waited")
    last = newest(distribution)
    if last is None or last.published_at is not None:
        return 0
    fault = desk.publish(distribution.name)
    desk.tell_published(distribution.name, last.number, fault)
    return int(bool(fault))


def _snapshot(desk: _Desk) -> int:
    repository = snapshot.find_repository(desk.options.repository)
    name = SnapshotName(desk.options.name)
    snapshot.take(desk.site, desk.actor, repository, name, reason=desk.options.reason)
    row = next(each for each in list_snapshots(repository.name) if each.name == name)
    desk.screen.line(show.published(f"snapshot {name} of {repository}"))
    desk.screen.line(f"{desk.site.archive_url(repository.name)}/snapshots/{name}", indent=2)
    desk.screen.table([[suite, f"version {number}"] for suite, number in row.versions], indent=2)
    return 0


def _drop_snapshot(desk: _Desk) -> int:
    repository = snapshot.find_repository(desk.options.repository)
    snapshot.drop(desk.site, desk.actor, repository, desk.options.name)
    desk.screen.line(f"snapshot {desk.options.name} of {repository} is dropped")
    return 0


_ACTS: Mapping[str, Callable[[_Desk], int]] = {
    "migrate": _migrate,
    "remove": _remove,
    "rollback": _rollback,
    "freeze": _freeze,
    "thaw": _thaw,
    "snapshot": _snapshot,
    "drop-snapshot": _drop_snapshot,
    "take": lambda desk: desk.settle(run_take(desk.site, desk.actor, desk.options)),
    "import": lambda desk: desk.settle(run_import(desk.site, desk.actor, desk.options)),
    "copy": lambda desk: desk.settle(run_copy(desk.site, desk.actor, desk.options)),
    "check": lambda desk: run_check(desk.options, desk.site),
}
