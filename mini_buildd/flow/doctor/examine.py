"""All that the doctor looks at, in the order in which a person mends it."""

from collections.abc import Iterator

from mini_buildd.config.settings import Settings
from mini_buildd.domain.diagnosis import Diagnosis
from mini_buildd.domain.machine import judge_user
from mini_buildd.flow.doctor.archive import examine_archive
from mini_buildd.flow.doctor.instance import examine_instance
from mini_buildd.flow.doctor.namespaces import examine_namespaces
from mini_buildd.flow.doctor.patient import meet
from mini_buildd.flow.doctor.programs import examine_programs
from mini_buildd.flow.doctor.room import examine_room
from mini_buildd.kit.clock import Clock


def examine(settings: Settings, clock: Clock, *, machine_only: bool = False) -> Iterator[Diagnosis]:
    """Look at this machine, and at the instance of *settings* unless *machine_only*.

    Nothing is made or changed, also where there is no instance yet. Root is told little more than
    not to be it.
    """
    patient = meet(settings, clock, machine_only=machine_only)
    yield judge_user(patient.name, patient.uid)
    if patient.uid == 0:
        yield from examine_programs(patient)
        return
    yield from examine_namespaces(patient)
    yield from examine_programs(patient)
    yield from examine_room(patient)
    yield from examine_archive(patient)
    yield from examine_instance(patient)
