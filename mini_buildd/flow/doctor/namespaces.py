"""The user, namespaces of subordinate ids, and what builds need in them: each is really tried."""

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mini_buildd.domain import machine
from mini_buildd.domain.diagnosis import Diagnosis, Mark
from mini_buildd.flow.doctor.ask import ask
from mini_buildd.flow.doctor.patient import Patient, read_text
from mini_buildd.tools import trials
from mini_buildd.tools.kernel import kernel_version, mount_of, read_sysctl
from mini_buildd.tools.namespace import MIN_IDS, SUBGID, SUBUID, Subids, free_range

_FILE_CAPABILITIES = "security.capability"


def examine_namespaces(patient: Patient) -> Iterator[Diagnosis]:
    """What has failed lets all fail that needs it, so nothing further is tried then."""
    basis = [_namespaces(), _subids(patient), *_privileges(patient)]
    yield from basis
    if patient.subids and not any(each.mark is Mark.LACKS for each in basis):
        mapping = machine.judge_trial(
            "id mapping",
            "a namespace with the subordinate ids can be made",
            ask(trials.mapping(patient.subids)).complaint,
        )
        yield mapping
        if mapping.mark is not Mark.LACKS:
            yield from _trials(patient, patient.subids)


def _namespaces() -> Diagnosis:
    settings = {name: read_sysctl(name) for name in machine.FORBIDDING}
    return machine.judge_namespaces(settings, ask(trials.namespace()).complaint)


def _subids(patient: Patient) -> Diagnosis:
    return machine.judge_subids(
        patient.name or str(patient.uid),
        has_range=patient.subids is not None,
        free_uid=free_range(read_text(SUBUID)),
        free_gid=free_range(read_text(SUBGID)),
        count=MIN_IDS,
    )


def _privileges(patient: Patient) -> Iterator[Diagnosis]:
    for program in ("newuidmap", "newgidmap"):
        path = shutil.which(program) or ""
        mount = mount_of(Path(path).resolve(), patient.mounts) if path else None
        yield machine.judge_privilege(
            program,
            path,
            is_privileged=bool(path) and _is_privileged(path),
            is_nosuid=mount is not None and "nosuid" in mount.options,
        )


def _is_privileged(path: str) -> bool:
    """Setuid, or with file capabilities, as some distributions have it (capabilities(7))."""
    if Path(path).stat().st_mode & stat.S_ISUID:
        return True
    try:
        return bool(os.getxattr(path, _FILE_CAPABILITIES))
    except OSError:
        return False


def _trials(patient: Patient, subids: Subids) -> Iterator[Diagnosis]:
    yield machine.judge_trial(
        "processes",
        "processes, /proc, /sys and terminals of its own for each build",
        ask(trials.processes(subids)).complaint,
    )
    yield machine.judge_trial(
        "network",
        "a network of its own for each build",
        ask(trials.network(subids, sys.executable)).complaint,
    )
    kernel = kernel_version()
    yield machine.judge_overlay(
        _overlay(patient, subids, trials.disk_overlay),
        kernel,
        is_needed=patient.settings.builder.backend == "unshare",
    )
    yield machine.judge_memory_overlay(_overlay(patient, subids, trials.memory_overlay), kernel)


def _overlay(patient: Patient, subids: Subids, trial: Callable[[Subids, Path], list[str]]) -> str:
    try:
        with _scratch(patient, subids) as folder:
            return ask(trial(subids, folder)).complaint
    except OSError as error:
        return f"no scratch folder can be made: {error.strerror}"


@contextmanager
def _scratch(patient: Patient, subids: Subids) -> Iterator[Path]:
    """An empty folder on the disk of the instance, as far as we may write there."""
    ground = patient.ground
    is_good = os.access(ground, os.W_OK | os.X_OK) and not patient.closed
    place = ground if is_good else Path("/var/tmp")  # noqa: S108  # made by mkdtemp
    folder = Path(tempfile.mkdtemp(prefix=".doctor-", dir=place))
    try:
        yield folder
    finally:
        ask(trials.remove_scratch(subids, folder))
        folder.rmdir()
