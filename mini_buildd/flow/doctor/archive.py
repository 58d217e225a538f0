"""The archive that chroots are made from: whether apt gets its Release files, and trusts them."""

import platform
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from django.db import DatabaseError

from mini_buildd.db.models import Base
from mini_buildd.deb.names import Architecture, Codename, MalformedName
from mini_buildd.domain.base_archive import judge_clock, judge_release_data, judge_source, no_source
from mini_buildd.domain.diagnosis import Diagnosis
from mini_buildd.flow.bootstrap import sources_of
from mini_buildd.flow.doctor.ask import ask
from mini_buildd.flow.doctor.patient import Patient
from mini_buildd.tools import aptlists, distroinfo, hostapt
from mini_buildd.tools.mmdebstrap import ChrootSource

_MAX_SECONDS = 60

# No list of packages is asked for, so any architecture will do.
_ARCHITECTURE = Architecture("amd64")

# What was written last on every machine with Debian's packages.
_LAST_CHANGE = Path("/var/lib/dpkg/status")


def examine_archive(patient: Patient) -> Iterator[Diagnosis]:
    """The configured sources, or those that ``setup`` would take for this machine's own release."""
    now = patient.clock()
    yield _clock(now)
    yield judge_release_data(is_outdated=distroinfo.is_outdated(now.date()))
    sources = _sources(patient)
    if not sources:
        yield no_source()
    with ThreadPoolExecutor(max_workers=4) as pool:
        yield from pool.map(examine_source, sources)


def _clock(now: datetime) -> Diagnosis:
    try:
        last = datetime.fromtimestamp(_LAST_CHANGE.stat().st_mtime, UTC)
    except OSError:
        last = now
    return judge_clock(now, last)


def _sources(patient: Patient) -> Sequence[ChrootSource]:
    if patient.has_instance:
        try:
            found = [source for base in Base.objects.all() for source in sources_of(base)]
        except DatabaseError:  # told by whoever looks at the instance
            found = []
        if found:
            return found
    return _host_sources(patient.clock())


def _host_sources(now: datetime) -> Sequence[ChrootSource]:
    """As ``setup`` finds them."""
    try:
        codename = Codename(platform.freedesktop_os_release()["VERSION_CODENAME"])
        release = distroinfo.find_release(codename)
        host = hostapt.read_host_sources()
    except (
        OSError,
        KeyError,
        MalformedName,
        distroinfo.ReleaseUnknown,
        subprocess.CalledProcessError,
    ):
        return []
    keyring = hostapt.keyring_of(release.vendor) or hostapt.expected_keyring(release.vendor)
    with_updates = distroinfo.is_released(codename, now.date())
    found = hostapt.sources_for(codename, release.vendor, host, with_updates=with_updates)
    return [
        ChrootSource(
            each.url, each.suite, " ".join(each.components), str(keyring), check_valid_until=True
        )
        for each in found
    ]


def examine_source(source: ChrootSource) -> Diagnosis:
    """Let apt fetch and verify the Release file, and nothing that it names."""
    keyring = Path(source.keyring)
    if not keyring.is_file():
        return judge_source(source.url, source.suite, f"no such file: {keyring}", keyring.stem)
    with tempfile.TemporaryDirectory(prefix="mini-buildd-doctor-") as name:
        folder = Path(name)
        aptlists.prepare(folder, aptlists.sources_text([source], targets="none"), _ARCHITECTURE)
        told = ask(aptlists.trial_command(folder), seconds=_MAX_SECONDS)
    said = "" if told.is_good else aptlists.read_complaint(told.lines)
    return judge_source(source.url, source.suite, said, keyring.stem)
