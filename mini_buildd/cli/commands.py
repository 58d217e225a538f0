"""What each command of ``mini-buildd`` does, once Django is configured."""

import argparse
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.contrib.auth import get_user_model

from mini_buildd.config.places import Places
from mini_buildd.db.models import Chroot
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.flow import setup
from mini_buildd.flow.chroot import find_chroot, make_chroot, missing_chroots, tarball_of
from mini_buildd.flow.task import chroot_name
from mini_buildd.kit.clock import utc_now
from mini_buildd.tools.schroot import install_script


def run_setup(options: argparse.Namespace, places: Places, backend: str) -> int:
    """Make the configuration, and the chroots that are missing."""
    wish = setup.Wish(
        codenames=tuple(Codename(each) for each in options.codename),
        architectures=tuple(Architecture(each) for each in options.architecture)
        or (_host_architecture(),),
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
            _make(places, chroot)
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


def run_chroot(options: argparse.Namespace, places: Places) -> int:
    """Make a chroot, or print how root installs it for schroot."""
    # Parsed before they are used: the script below is for root's shell.
    codename, architecture = Codename(options.codename), Architecture(options.architecture)
    chroot = find_chroot(codename, architecture)
    if options.action == "create":
        _make(places, chroot)
        return 0
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


def _make(places: Places, chroot: Chroot) -> None:
    started = time.monotonic()

    def say(step: str) -> None:
        print(f"   {time.monotonic() - started:5.1f} s  {step}", flush=True)

    print(f"chroot {chroot}:", flush=True)
    make_chroot(places, chroot, clock=utc_now, say=say)


def make_admin(name: str, ask: Callable[[str], str]) -> int:
    """Make *name* an administrator; the password is asked for, or is in the environment."""
    password = os.environ.get("MINI_BUILDD_ADMIN_PASSWORD") or ask(f"Password for {name}: ")
    user, _ = get_user_model().objects.get_or_create(username=name)
    user.is_staff = user.is_superuser = True
    user.set_password(password)
    user.save()
    print(f"{name} may sign in at /admin/")
    return 0
