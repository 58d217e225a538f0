"""What each command of ``mini-buildd`` does, once Django is configured."""

import argparse
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime

from django.contrib.auth import get_user_model
from django.db import transaction

from mini_buildd.cli.chroots import follow
from mini_buildd.cli.owner import owner
from mini_buildd.config.places import Places
from mini_buildd.db.audit import note, state_of
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.flow import setup
from mini_buildd.flow.chroot import missing_chroots, provide_chroot
from mini_buildd.kit.clock import utc_now


def run_setup(options: argparse.Namespace, places: Places, backend: str) -> int:
    """Make the configuration, and the chroots that are missing."""
    wish = setup.Wish(
        codenames=tuple(Codename(each) for each in options.codename),
        architectures=tuple(Architecture(each) for each in options.architecture)
        or (_host_architecture(),),
        crossed=tuple(Architecture(each) for each in options.cross),
        optional=tuple(Architecture(each) for each in options.optional),
        repository=RepositoryName(options.repository),
        backend=backend,
        archive_url=options.archive_url,
        uploader=_new_uploader(options),
        has_keyring=options.keyring,
    )
    today = datetime.now(UTC).date()
    changes = setup.setup(places, wish, today=today, dry_run=options.dry_run, by=owner())
    for change in changes:
        print(f" {'+' if change.is_new else '='} {change.what}")
    made = sum(change.is_new for change in changes)
    verb = "would be made" if options.dry_run else "made"
    print(f"{made} {verb}, {len(changes) - made} there already")
    if not options.dry_run and not options.no_chroots:
        for chroot in missing_chroots(places):
            follow(places, chroot, provide_chroot)
    return 0


def _new_uploader(options: argparse.Namespace) -> setup.NewUploader | None:
    if not options.uploader:
        return None
    armored = options.key.read_text(encoding="ascii", errors="replace")
    return setup.NewUploader(options.uploader, options.email, armored)


def _host_architecture() -> Architecture:
    told = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    )
    return Architecture(told.stdout.strip())


def make_admin(name: str, ask: Callable[[str], str]) -> int:
    """Make *name* an administrator; the password is asked for, or is in the environment."""
    password = os.environ.get("MINI_BUILDD_ADMIN_PASSWORD") or ask(f"Password for {name}: ")
    with transaction.atomic():
        user, is_new = get_user_model().objects.get_or_create(username=name)
        before = {} if is_new else state_of(user)
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(password)
        user.save()
        after = state_of(user)
        act, at = "made an administrator of", utc_now()
        note(owner(), act, at=at, kind="account", name=name, before=before, after=after)
    print(f"{name} may sign in at /admin/")
    return 0
