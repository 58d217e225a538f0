"""The instance's folder: where it is, who gets there, and how much room there is."""

import os
from collections.abc import Iterator
from pathlib import Path

from mini_buildd.domain import room
from mini_buildd.domain.diagnosis import Diagnosis
from mini_buildd.flow.doctor.patient import Patient, read_text
from mini_buildd.tools.kernel import available_memory_bytes, mount_of


def examine_room(patient: Patient) -> Iterator[Diagnosis]:
    """Look at the nearest folder that is there, since nothing is made."""
    home, ground = patient.settings.home, patient.ground
    exists = home.is_dir()
    yield room.judge_home(
        str(home),
        exists=exists,
        writable=os.access(ground, os.W_OK | os.X_OK),
        is_ours=not exists or ground.stat().st_uid == patient.uid,
        user=patient.name or str(patient.uid),
    )
    yield room.judge_way(patient.closed, str(home))
    mount = mount_of(ground, patient.mounts)
    if mount:
        yield room.judge_file_system(mount.kind, mount.options, mount.place)
    figures = os.statvfs(ground)
    yield room.judge_disk(figures.f_bavail * figures.f_frsize, str(ground))
    yield room.judge_inodes(figures.f_favail, figures.f_files, str(ground))
    memory = available_memory_bytes(read_text(Path("/proc/meminfo")))
    yield room.judge_memory(memory, patient.settings.builder.slots)
