"""Taking things into the archive: ready-made packages, other archives, copies."""

import argparse

from mini_buildd.deb.names import ArchivePath
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import ImportImpossible
from mini_buildd.flow.change import SuiteChange, find_distribution
from mini_buildd.flow.copy import Copying, copy
from mini_buildd.flow.import_archive import ArchiveImport, import_archive
from mini_buildd.flow.site import Site
from mini_buildd.flow.take import take_ready_made


def run_take(site: Site, actor: Actor, options: argparse.Namespace) -> tuple[SuiteChange, ...]:
    """Take the files in."""
    return take_ready_made(
        site,
        actor,
        find_distribution(options.distribution),
        options.file,
        options.origin or f"taken in by {actor.name}",
        reason=options.reason,
        dry_run=options.dry_run,
        links=options.link,
    )


def run_import(site: Site, actor: Actor, options: argparse.Namespace) -> tuple[SuiteChange, ...]:
    """Import the archive."""
    suites = {}
    for word in options.suite:
        theirs, equals, ours = word.partition("=")
        if not equals or theirs in suites:
            raise ImportImpossible(
                expected="each suite of theirs once, as THEIRS=OURS",
                found=word,
                hint="For example stable=trixie-test-stable.",
            )
        suites[ArchivePath(theirs)] = find_distribution(ours)
    wish = ArchiveImport(options.folder.absolute(), suites, options.keyring, copies=options.copy)
    return import_archive(site, actor, wish, reason=options.reason, dry_run=options.dry_run)


def run_copy(site: Site, actor: Actor, options: argparse.Namespace) -> tuple[SuiteChange, ...]:
    """Copy the packages."""
    wish = Copying(
        find_distribution(options.origin),
        options.package,
        find_distribution(options.target),
        options.reason,
    )
    return copy(site, actor, wish, dry_run=options.dry_run, force=options.force)
