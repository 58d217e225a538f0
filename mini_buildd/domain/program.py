"""Programs that builds need: which version is late enough."""

import re
from dataclasses import dataclass

from mini_buildd.domain.diagnosis import Diagnosis, Part, Subject


@dataclass(frozen=True, slots=True)
class Program:
    """One of them; *asks* tells its version, of which *least* is the earliest that will do.

    What is not needed is named with the *use* that it would have.
    """

    name: str
    package: str
    use: str
    asks: tuple[str, ...] = ("--version",)
    least: str = ""
    is_needed: bool = True


_NUMBER = re.compile(r"\d+(?:\.\d+)+")


def read_version(said: str) -> str:
    """The first number with a full stop in what a program says of itself; empty when none."""
    found = _NUMBER.search(said)
    return found[0] if found else ""


def is_late_enough(version: str, least: str) -> bool:
    """Numbers are compared one by one; what tells no version is taken as it is."""
    if not (version and least):
        return True
    return _numbers(version) >= _numbers(least)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in version.split("."))


def judge_program(program: Program, path: str, version: str) -> Diagnosis:
    """*path* is empty when there is no such program."""
    expected = f"{program.name} {program.least} or later" if program.least else "installed"
    subject = Subject(Part.PROGRAMS, program.name, f"{expected}: {program.use}")
    found, install = "", f"sudo apt install {program.package}"
    if not path:
        found = "not installed"
    elif not is_late_enough(version, program.least):
        found, install = f"{version} at {path}", f"{install}  # from a later release or backports"
    if found:
        if program.is_needed:
            return subject.lacks(found, install)
        return subject.note(f"{found}: {program.use}", install)
    return subject.ok(version or path)
