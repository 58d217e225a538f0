"""``mini-buildd binnmu``: build the binary packages of a published source again, as …+bN."""

import argparse
from collections.abc import Sequence

from mini_buildd.cli.plain import plain
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db.models import Job
from mini_buildd.deb.version import Version
from mini_buildd.domain.binnmu import binnmu_version
from mini_buildd.domain.permission import Actor
from mini_buildd.flow.beside import beside_daemon
from mini_buildd.flow.binnmu import Rebuild, binnmu
from mini_buildd.flow.change import find_distribution


def run_binnmu(
    options: argparse.Namespace, settings: Settings, places: Places, actor: Actor
) -> int:
    """Order the rebuild; the daemon builds it."""
    with beside_daemon(settings, places) as site:
        wish = Rebuild(
            find_distribution(options.distribution),
            options.package,
            options.reason,
            options.architecture,
        )
        _tell(binnmu(site, actor, wish))
    return 0


def _tell(jobs: Sequence[Job]) -> None:
    """Which builds there are now."""
    for job in jobs:
        version = binnmu_version(Version(job.source.version), job.binnmu)
        print(plain(f"○ build {job.pk}: {job.source.name} {version} on {job.architecture}"))
