"""The instance itself: its ports, and once it is set up what its builds start from."""

import contextlib
import errno
import socket
from collections.abc import Iterator

from django.db import DatabaseError

from mini_buildd.db.models import Chroot
from mini_buildd.deb.names import Architecture
from mini_buildd.domain import instance
from mini_buildd.domain.diagnosis import Diagnosis
from mini_buildd.domain.problem import ArchitectureNotRunnable
from mini_buildd.flow.chroot import tarball_of, wants_generation
from mini_buildd.flow.doctor.ask import ask
from mini_buildd.flow.doctor.patient import Patient
from mini_buildd.flow.task import chroot_name
from mini_buildd.tools.foreign import demand_runnable, private_registration
from mini_buildd.tools.kernel import is_locked


def examine_instance(patient: Patient) -> Iterator[Diagnosis]:
    """Ports that our own daemon holds are as good as free ones."""
    settings, runs = patient.settings, is_locked(patient.places.lock)
    doors = {name: getattr(settings, name) for name in ("http", "https", "ftp", "sftp")}
    for name, place in doors.items():
        if not place.port:
            continue
        refused = _refused(place.interface, place.port)
        yield instance.judge_port(name, place.interface, place.port, refused, daemon_runs=runs)
    if patient.machine_only:
        return
    if not patient.is_set_up:
        yield instance.not_set_up(str(settings.home))
        return
    try:
        yield from _chroots(patient)
    except DatabaseError as error:
        yield instance.unreadable(str(error))


def _refused(interface: str, port: int) -> int:
    """The error number of listening there; 0 when it can be done."""
    try:
        found = socket.getaddrinfo(interface, port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with contextlib.closing(socket.socket(family, kind, protocol)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno or errno.EINVAL
    return 0


def _chroots(patient: Patient) -> Iterator[Diagnosis]:
    rows = list(Chroot.objects.filter(is_active=True).select_related("base"))
    if not rows:
        yield instance.no_chroots(str(patient.settings.home))
    for row in rows:
        if row.backend == "schroot":
            yield _schroot(patient, row)
            continue
        yield instance.judge_chroot(
            codename=row.base.codename,
            architecture=row.architecture,
            home=str(patient.settings.home),
            is_made=not wants_generation(patient.places, row),
            made_at=row.made_at,
            refresh_hours=row.refresh_hours,
            problem=row.problem,
            now=patient.clock(),
        )
    for architecture in sorted({row.architecture for row in rows}):
        yield instance.judge_architecture(architecture, _why_not(architecture))


def _schroot(patient: Patient, row: Chroot) -> Diagnosis:
    """Whether root has installed it, and we may use it, is what schroot itself knows."""
    name = chroot_name(patient.places, row)
    return instance.judge_schroot(
        codename=row.base.codename,
        architecture=row.architecture,
        home=str(patient.settings.home),
        is_made=tarball_of(patient.places, row).is_file(),
        said=ask(["schroot", "--chroot", f"chroot:{name}", "--info"]).complaint,
    )


def _why_not(architecture: str) -> str:
    """Why programs of *architecture* cannot run here; empty when they can."""
    wanted = Architecture(architecture)
    if private_registration(wanted):
        return ""
    try:
        demand_runnable(wanted)
    except ArchitectureNotRunnable as problem:
        return problem.found
    return ""
