"""What each command of ``mini-buildd`` does, once Django is configured."""

import argparse
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime

from django.contrib.auth import get_user_model

from mini_buildd.cli.chroots import follow
from mini_buildd.config.places import Places
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.flow import setup
from mini_buildd.flow.chroot import missing_chroots, provide_chroot


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
    changes = setup.setup(places, wish, today=today, dry_run=options.dry_run)
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
    user, _ = get_user_model().objects.get_or_create(username=name)
    user.is_staff = user.is_superuser = True
    user.set_password(password)
    user.save()
    print(f"{name} may sign in at /admin/")
    return 0
