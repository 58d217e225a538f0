"""What ``mini-buildd chroot`` does: show, make, check and refresh chroots."""

import argparse
import os
import pwd
import sys
import time
from collections.abc import Callable

from django.db import transaction

from mini_buildd.cli.owner import owner
from mini_buildd.cli.plain import plain
from mini_buildd.config.places import Places
from mini_buildd.db.audit import note
from mini_buildd.db.models import Chroot
from mini_buildd.db.queries.chroots import ChrootRow, list_chroots
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.problem import Problem
from mini_buildd.flow.chroot import (
    Workshop,
    check_chroot,
    find_chroot,
    make_chroot,
    tarball_of,
)
from mini_buildd.flow.refresh import is_due
from mini_buildd.flow.task import chroot_name
from mini_buildd.kit.clock import utc_now
from mini_buildd.kit.process import CommandFailed
from mini_buildd.tools.schroot import install_script
from mini_buildd.tools.snippets import LIBRARY, find_snippets

_DAY_SECONDS = 24 * 3600


def run_chroot(options: argparse.Namespace, places: Places) -> int:
    """Do what *options* say; returns the exit status."""
    if options.action == "list":
        return _list()
    if options.action == "snippets":
        return _list_snippets()
    if options.action == "refresh":
        return _refresh(places, everything=options.all)
    # Parsed before they are used: the script below is for root's shell.
    codename, architecture = Codename(options.codename), Architecture(options.architecture)
    chroot = find_chroot(codename, architecture)
    if options.action == "create":
        _configure(chroot, options)
        follow(places, chroot, make_chroot)
        return 0
    if options.action == "check":
        follow(places, chroot, check_chroot)
        return 0
    return _print_script(places, chroot)


def follow(places: Places, chroot: Chroot, verb: Callable[[Workshop, Chroot], None]) -> None:
    """Do *verb*, telling each step and when it came."""
    started = time.monotonic()

    def say(step: str) -> None:
        print(f"   {time.monotonic() - started:5.1f} s  {plain(step)}", flush=True)

    print(f"chroot {chroot}:", flush=True)
    verb(Workshop(places, utc_now, say), chroot)


def _configure(chroot: Chroot, options: argparse.Namespace) -> None:
    """Keep what is asked for, for this time and all later ones; raises SnippetUnknown."""
    before = {"maker": chroot.maker, "snippets": chroot.snippets}
    if options.maker:
        chroot.maker = options.maker
    if options.snippets is not None:
        chroot.snippets = " ".join(each.name for each in find_snippets(options.snippets))
    with transaction.atomic():
        chroot.save(update_fields=["maker", "snippets"])
        after = {"maker": chroot.maker, "snippets": chroot.snippets}
        name, at = str(chroot), utc_now()
        note(owner(), "makes", at=at, kind="chroot", name=name, before=before, after=after)


def _refresh(places: Places, *, everything: bool) -> int:
    """0 when all that is due could be made, else 1; one that fails keeps no other waiting."""
    failed = 0
    for chroot in Chroot.objects.select_related("base").filter(is_active=True):
        if not everything and not is_due(chroot, utc_now()):
            print(f"chroot {chroot}: not due")
            continue
        try:
            follow(places, chroot, make_chroot)
        except (CommandFailed, Problem, OSError) as error:
            print(plain(f"mini-buildd: {chroot}: {error}"), file=sys.stderr)
            failed = 1
    return failed


def _list() -> int:
    for row in list_chroots(utc_now()):
        print(plain("\n".join(_lines(row))))
    return 0


def _lines(row: ChrootRow) -> list[str]:
    made = f"made {_ago(row)}" if row.made_at else "not made yet"
    given = f", with {row.snippets}" if row.snippets else ""
    lines = [f"{row.name}: {row.health}, {made} by {row.maker}{given}"]
    if row.generation:
        lines.append(f"  generation {row.generation}")
    if row.next_at:
        lines.append(f"  next one {row.next_at:%Y-%m-%d %H:%M} UTC")
    lines += [f"  {line}" for line in row.problem.splitlines()]
    return lines


def _ago(row: ChrootRow) -> str:
    if row.made_at is None:
        return ""
    seconds = (utc_now() - row.made_at).total_seconds()
    if seconds < 2 * _DAY_SECONDS:
        return f"{seconds / 3600:.0f} h ago"
    return f"{seconds / _DAY_SECONDS:.0f} days ago"


def _list_snippets() -> int:
    for snippet in LIBRARY:
        print(f"{snippet.name:16} {snippet.purpose}")
    return 0


def _print_script(places: Places, chroot: Chroot) -> int:
    chroot.backend = "schroot"
    tarball = tarball_of(places, chroot)
    if not tarball.exists():
        print(f"mini-buildd: {tarball} is not made yet: chroot create", file=sys.stderr)
        return 1
    name = chroot_name(places, chroot)
    print(
        install_script(name=name, tarball=tarball, user=pwd.getpwuid(os.getuid()).pw_name), end=""
    )
    return 0
