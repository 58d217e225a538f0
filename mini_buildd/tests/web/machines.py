"""Builders and chroots as an instance of some age has them, for the pages to show."""

from datetime import timedelta

from mini_buildd.db import models
from mini_buildd.tests.web.builder import Builder


def furnish(builder: Builder) -> None:
    """Two builders and three chroots; one of each has its troubles."""
    at = builder.at
    shared = {"slots": 2, "cores": 4, "memory_mb": 7936, "disk_mb": 81920}
    models.Builder.objects.create(
        name="north", architectures="amd64 i386", tags="fast ssd", seen_at=at, **shared
    )
    models.Builder.objects.create(
        name="south",
        architectures="amd64 arm64 armhf",
        seen_at=at,
        faults=3,
        set_aside_at=at - timedelta(minutes=12),
        set_aside_until=at + timedelta(minutes=18),
        set_aside_reason="three builds in a row ended for its own reasons: no space left on device",
        **shared,
    )
    base = models.Base.objects.get(codename="trixie")
    made = {"backend": "unshare", "generation": "20261125T120000Z"}
    models.Chroot.objects.create(
        base=base,
        architecture="amd64",
        snippets="eatmydata ccache",
        made_at=at - timedelta(hours=3),
        checked_at=at - timedelta(hours=3),
        **made,
    )
    models.Chroot.objects.create(
        base=base,
        architecture="i386",
        made_at=at - timedelta(days=16),
        checked_at=at - timedelta(days=16),
        problem="Failed to fetch http://deb.example/debian/dists/trixie/InRelease: "
        "Could not connect to deb.example:80\n  I: running apt-get update...\n  E: Failed to fetch",
        problem_since=at - timedelta(days=15),
        tried_at=at - timedelta(hours=1),
        **made,
    )
    models.Chroot.objects.create(base=base, architecture="arm64", backend="unshare")
