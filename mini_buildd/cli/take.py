"""Taking things into the archive: ready-made packages, other archives, copies."""

import argparse
import getpass
from collections.abc import Callable, Iterable, Mapping

from mini_buildd.archive.sign import Signer
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.deb.names import ArchivePath
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import ImportImpossible
from mini_buildd.flow.change import SuiteChange, find_distribution
from mini_buildd.flow.copy import Copying, copy
from mini_buildd.flow.import_archive import ArchiveImport, import_archive
from mini_buildd.flow.publish import carry_out
from mini_buildd.flow.site import Site
from mini_buildd.flow.take import take_ready_made
from mini_buildd.incoming.spool import Spool
from mini_buildd.keys.archive_key import ensure_archive_key
from mini_buildd.kit.clock import utc_now

_SHOWN = 20


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


COMMANDS: Mapping[str, Callable[[Site, Actor, argparse.Namespace], tuple[SuiteChange, ...]]] = {
    "archive-take": run_take,
    "archive-import": run_import,
    "archive-copy": run_copy,
}


def run(options: argparse.Namespace, settings: Settings, places: Places) -> int:
    """Decide, say what changes, and publish it; returns the exit status."""
    site = _site(settings, places)
    actor = Actor(getpass.getuser(), is_admin=True)  # whoever owns the files is the administrator
    for change in COMMANDS[options.command](site, actor, options):
        print("\n".join(_lines(change)))
        if not options.dry_run:
            carry_out(site, find_distribution(change.distribution))
    return 0


def _lines(change: SuiteChange) -> Iterable[str]:
    count = len(change.differences)
    yield f"{change.distribution} version {change.number}: {count} source packages differ"
    for each in change.differences[:_SHOWN]:
        versions = ", ".join(each.after) or "none"
        yield f"  {each.kind} {each.source} {versions}"
    if count > _SHOWN:
        yield f"  and {count - _SHOWN} more"
    for broken in change.broken:
        yield f"  would break: {broken}"


def _site(settings: Settings, places: Places) -> Site:
    key = ensure_archive_key(places.gnupg, settings.identity)
    spool = Spool(
        places.spool,
        max_file_bytes=settings.incoming.max_file_bytes,
        max_spool_bytes=settings.incoming.max_spool_bytes,
    )
    signer = Signer(key.clearsign, key.sign_detached, key.public_key, (key.fingerprint,))
    return Site(settings, places, spool, signer, utc_now)
