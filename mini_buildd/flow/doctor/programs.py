"""The programs that builds need, and what they tell of their versions."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from mini_buildd.domain.diagnosis import Diagnosis
from mini_buildd.domain.program import Program, judge_program, read_version
from mini_buildd.flow.doctor.ask import ask
from mini_buildd.flow.doctor.patient import Patient
from mini_buildd.tools.programs import programs


def examine_programs(patient: Patient) -> Iterator[Diagnosis]:
    """All at once, since some of them take a while to say their version."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        yield from pool.map(_examine, programs(backend=patient.settings.builder.backend))


def _examine(program: Program) -> Diagnosis:
    path = shutil.which(program.name) or ""
    told = "\n".join(ask([path, *program.asks]).lines) if path else ""
    return judge_program(program, path, read_version(told))
