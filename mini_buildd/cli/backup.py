"""``mini-buildd backup`` and ``restore``."""

import argparse
import sys

from mini_buildd.cli.check import run_check
from mini_buildd.cli.owner import owner
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.flow.backup import backup
from mini_buildd.flow.beside import beside_daemon
from mini_buildd.flow.settle import forget_what_is_gone
from mini_buildd.kit.clock import utc_now

_MB = 1 << 20


def run_backup(options: argparse.Namespace, settings: Settings, places: Places) -> int:
    """Save the instance."""
    with beside_daemon(settings, places) as site:
        saved = backup(site, options.target, owner(), verifies=options.verify)
    print(
        f"saved to {saved.path}: {saved.files} files, {saved.size_bytes / _MB:.1f} MB,"
        f" of which {saved.linked} files take no room of their own"
    )
    return 0


def check_restored(settings: Settings, places: Places) -> int:
    """Look whether all is there that the restored database names; tell what is made anew."""
    count = forget_what_is_gone(utc_now)
    if count:
        print(f"{count} chroot{'s' * (count > 1)} will be made anew by the daemon")
    with beside_daemon(settings, places) as site:
        status = run_check(argparse.Namespace(repository=None, repair=False), site)
    if status:
        print("mend it before the daemon runs: mini-buildd archive check --repair", file=sys.stderr)
    return status
