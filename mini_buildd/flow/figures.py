"""How an instance is at this moment, in figures for those who watch it."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from OpenSSL import crypto

from mini_buildd.db.queries import figures as rows
from mini_buildd.db.queries.chroots import list_chroots
from mini_buildd.domain.metric import Family, Sample, gauge
from mini_buildd.domain.waiting import Hold, hold_of
from mini_buildd.flow import hosted
from mini_buildd.flow.site import Site
from mini_buildd.incoming.certificate import certificate_files, ends_at
from mini_buildd.keys.archive_keys import ArchiveKeys


def figures(site: Site) -> Iterator[Family]:
    """All that cost little to ask."""
    now = site.clock()
    yield from _jobs()
    yield from _builders()
    yield from _chroots(now)
    yield from _ends(site, now)
    yield gauge(
        "mini_buildd_troubles",
        "What cannot be done at present, and is tried again and again.",
        len(hosted.troubles()),
    )
    yield from _disks(site)


def held(site: Site) -> Iterator[Family]:
    """What the archives hold; not to be asked often."""
    del site
    found = rows.held_files()
    yield gauge(
        "mini_buildd_archive_files",
        "Files in the pool.",
        [Sample(each.files, {"repository": each.repository}) for each in found],
    )
    yield gauge(
        "mini_buildd_archive_bytes",
        "Size of the files in the pool.",
        [Sample(each.size_bytes, {"repository": each.repository}) for each in found],
    )


def _jobs() -> Iterator[Family]:
    yield gauge(
        "mini_buildd_jobs",
        "Builds that have not ended.",
        [
            Sample(each.count, {"state": each.state, "architecture": each.architecture})
            for each in rows.open_jobs()
        ],
    )
    found = hosted.outlook()
    waits: Counter[tuple[str, Hold]] = Counter()
    for job in found.jobs.values():
        hold = hold_of(job, found.forecasts.get(job.id), found.places, found.at)
        waits[job.demand.place[1], hold] += 1
    yield gauge(
        "mini_buildd_jobs_waiting",
        "Builds that wait for a builder, by what keeps them.",
        [
            Sample(count, {"architecture": architecture, "reason": hold})
            for (architecture, hold), count in sorted(waits.items())
        ],
    )


def _builders() -> Iterator[Family]:
    found = rows.builders_in_use()
    yield gauge(
        "mini_buildd_builder_slots",
        "Builds that a builder takes at a time.",
        [Sample(slots, {"builder": name}) for name, slots, _ in found],
    )
    yield gauge(
        "mini_buildd_builder_running",
        "Builds that a builder has now.",
        [Sample(taken, {"builder": name}) for name, _, taken in found],
    )


def _chroots(now: datetime) -> Iterator[Family]:
    made = [each for each in list_chroots(now) if each.made_at is not None]
    yield gauge(
        "mini_buildd_chroot_age_seconds",
        "Since a chroot was made.",
        [
            Sample((now - each.made_at).total_seconds(), {"chroot": each.name})
            for each in made
            if each.made_at is not None
        ],
    )
    yield gauge(
        "mini_buildd_chroot_problem",
        "1: a chroot could not be made anew, or is older than it may be.",
        [
            Sample(int(bool(each.problem) or each.needs_somebody), {"chroot": each.name})
            for each in made
        ],
    )


def _ends(site: Site, now: datetime) -> Iterator[Family]:
    """What is good until some moment; what is good for ever is left out."""
    keys = [
        Sample(_seconds(key.expires_at, now), {"fingerprint": key.fingerprint})
        for key in ArchiveKeys(site.places.gnupg).listing()
        if key.expires_at is not None
    ]
    yield gauge("mini_buildd_archive_key_expires_seconds", "Until a signing key ends.", keys)
    uploaders = rows.uploader_keys(now)
    yield gauge("mini_buildd_uploader_keys", "Keys whose uploads are taken.", uploaders.count)
    if uploaders.first_end is not None:
        yield gauge(
            "mini_buildd_uploader_key_expires_seconds",
            "Until the first of the uploaders' keys ends.",
            _seconds(uploaders.first_end, now),
        )
    files = certificate_files(site.settings, site.places, now) if _has_tls(site) else None
    if files is not None:
        try:
            end = ends_at(files.certificate)
        except (OSError, crypto.Error):  # who connects is told, and the log
            return
        yield gauge(
            "mini_buildd_certificate_expires_seconds",
            "Until the TLS certificate ends.",
            _seconds(end, now),
        )


def _has_tls(site: Site) -> bool:
    settings = site.settings
    return bool(settings.https.port or (settings.ftp.port and settings.ftp.tls != "off"))


def _seconds(end: datetime, now: datetime) -> float:
    return (end - now).total_seconds()


def _disks(site: Site) -> Iterator[Family]:
    sizes = {name: _disk(folder) for name, folder in disks(site).items()}
    yield gauge(
        "mini_buildd_disk_free_bytes",
        "Room on the disk where a folder is.",
        [Sample(free, {"folder": name}) for name, (free, _) in sizes.items()],
    )
    yield gauge(
        "mini_buildd_disk_size_bytes",
        "Size of the disk where a folder is.",
        [Sample(size, {"folder": name}) for name, (_, size) in sizes.items()],
    )


def disks(site: Site) -> Mapping[str, Path]:
    """The folders that may be on disks of their own."""
    places = site.places
    return {
        "home": places.home,
        "archive": places.archive,
        "builds": places.builds,
        "spool": places.spool,
        "chroots": places.chroots,
    }


def _disk(folder: Path) -> tuple[int, int]:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize
