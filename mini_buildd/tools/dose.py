"""dose-debcheck: which packages cannot be installed, told from Packages indexes alone.

It has a solver that finds every solution, so what it calls broken cannot be installed by anybody.
It considers every version it is given, as if apt were free to take an older one from the base
distribution. Essential packages belong to every installation. Virtual packages, Multi-Arch and
dependencies on ":any" are its business, too; a dependency on a package of another architecture by
name ("wine32:i386") is never met, since each run sees one architecture and all.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from mini_buildd.deb.names import Architecture
from mini_buildd.domain.installability import Broken

PACKAGE = "dose-distcheck"  # what Debian has it in

# Some packages are broken: a result like any other (dose-distcheck(1), "EXIT CODES").
STATUS_BROKEN = 1
# As timeout(1) has them.
STATUS_TOO_LONG = 124
STATUS_NOT_INSTALLED = 127

_MAX_SECONDS = 900
_RELATIONS = ("Depends", "Pre-Depends", "Conflicts", "Breaks", "Provides")
_FIELDS = ("Package", "Version", "Architecture", "Multi-Arch", "Essential", *_RELATIONS)
_SPELLINGS = {name.lower(): name for name in _FIELDS}


class MalformedResult(ValueError):
    """What was read is not a whole result of dose-debcheck."""


def command(
    *, architecture: Architecture, checked: Iterable[str], known: Iterable[Path]
) -> list[str]:
    """Check the packages in *checked*, which may use those in *known*; the result is its output.

    Both are names of Packages indexes that went through slim(). Packages of other architectures
    are passed over. --explain-minimal leaves out the chains of dependencies, of which there can be
    any number.
    """
    return [
        "timeout",
        str(_MAX_SECONDS),
        "dose-debcheck",
        "--quiet",
        f"--deb-native-arch={architecture}",
        "--failures",
        "--explain",
        "--explain-minimal",
        *(f"--bg={path}" for path in known),
        *(f"--fg={path}" for path in checked),
    ]


def slim(lines: Iterable[str]) -> Iterator[str]:
    """Of the lines of a Packages index what dose-debcheck has use for, each field on one line.

    That takes less time and memory. And it needs it so: one relation over several lines, which
    Debian Policy 5.1 allows, ends its work, and a field in other letters is not seen at all.
    """
    field = ""
    for line in lines:
        if line[:1] in (" ", "\t") and line.strip():
            field = f"{field.rstrip()} {line.strip()}\n" if field else ""
            continue
        if field:
            yield field
        name, _, value = line.partition(":")
        spelling = _SPELLINGS.get(name.lower())
        field = f"{spelling}:{value}" if spelling else ""
        if not line.strip():
            yield "\n"
    if field:
        yield field


def read_result(lines: Iterable[str]) -> tuple[Broken, ...]:
    """The broken packages out of the lines of a result; raises MalformedResult.

    The result is YAML of a simple kind: packages are items at one blank, their reasons are items
    at three, and the totals are not indented.
    """
    report, totals = [], {}
    for line in lines:
        if line.startswith(" "):
            report.append(line)
        else:
            name, _, value = line.partition(":")
            totals[name] = value.strip()
    found = tuple(
        _read_package(item, totals.get("native-architecture", "")) for item in _items(report, " -")
    )
    if totals.get("broken-packages") != str(len(found)):
        raise MalformedResult(
            f"{len(found)} broken packages, and their number: {totals.get('broken-packages')}"
        )
    return found


def _items(lines: Iterable[str], mark: str) -> list[list[str]]:
    """The lines of each item that a line *mark* begins."""
    found: list[list[str]] = []
    for line in lines:
        if line == mark:
            found.append([])
        elif found:
            found[-1].append(line)
    return found


def _read_package(lines: list[str], native: str) -> Broken:
    reasons = _items(lines, "   -")
    fields = _read_parts(lines)[""]
    try:
        name, version = fields["package"], fields["version"]
        told = sorted({_tell(_read_parts(reason), name, native) for reason in reasons})
        return Broken(name, version, fields["architecture"], tuple(told) or ("is broken",))
    except KeyError as missing:
        raise MalformedResult(f"a package without {missing}") from None


def _read_parts(lines: list[str]) -> dict[str, dict[str, str]]:
    """The fields under each key that has no value itself; under "" those before the first."""
    part: dict[str, str] = {}
    parts = {"": part}
    for line in lines:
        name, _, value = line.strip().partition(":")
        if value:
            part[name] = value.strip()
        else:
            part = parts.setdefault(name, {})
    return parts


def _tell(parts: dict[str, dict[str, str]], broken: str, native: str) -> str:
    """One reason, as it goes on from the name of the *broken* package."""
    if "missing" in parts:
        part = parts["pkg"]
        wanted = _relation(part["unsat-dependency"], native)
        dependency = f"depends on {wanted}, which nothing provides"
        is_own = part["package"] == broken
        return dependency if is_own else f"needs {_name(part)}, which {dependency}"
    if "conflict" in parts:
        return _tell_conflict(parts["pkg1"], parts["pkg2"], broken, native)
    return "is broken"


def _tell_conflict(one: dict[str, str], two: dict[str, str], broken: str, native: str) -> str:
    if one["package"] == two["package"]:
        return f"needs both {_name(one)} and {_name(two)}"
    conflict = f"conflicts with {_relation(one['unsat-conflict'], native)}"
    if one["package"] == broken:
        return f"{conflict}, and needs {_name(two)}"
    if two["package"] == broken:
        return f"needs {_name(one)}, which {conflict}"
    return f"needs {_name(one)}, which {conflict}, and needs {_name(two)}"


def _name(part: dict[str, str]) -> str:
    essential = " (essential)" if part.get("essential") == "true" else ""
    return f"{part['package']} {part['version']}{essential}"


def _relation(text: str, native: str) -> str:
    """A relation of dose's as Debian writes it (Policy 7.1): strict signs doubled, no native."""
    alternatives = [
        each.strip().replace(f":{native}", "").replace("(< ", "(<< ").replace("(> ", "(>> ")
        for each in text.split("|")
    ]
    return " | ".join(dict.fromkeys(alternatives))
