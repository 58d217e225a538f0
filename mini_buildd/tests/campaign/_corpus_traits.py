"""What there is to see of a kind, in its source and in what was built of it."""

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_LONG_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Built:
    """A source and the packages that were built of it, without those of debug symbols."""

    dsc: str
    tree: Path
    packages: tuple[Path, ...]
    build_seconds: float

    def fields(self, name: str) -> list[str]:
        """A field of each package, empty where one has none."""
        return [output("dpkg-deb", "--field", str(each), name) for each in self.packages]

    def has_path(self, part: str) -> bool:
        """Whether a package has a file with that in its path."""
        return any(part in output("dpkg-deb", "--contents", str(each)) for each in self.packages)

    def has_cpp_symbols(self) -> bool:
        """Whether a package has a table of symbols with mangled names."""
        show = ("dpkg-deb", "--info")
        tables = [
            output(*show, str(each), "symbols")
            for each in self.packages
            if re.search(r"\ssymbols\s*$", output(*show, str(each)), re.MULTILINE)
        ]
        return any(re.search(r"^ _Z|^ \(c\+\+", table, re.MULTILINE) for table in tables)


def output(*command: str) -> str:
    """What a command says."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


_TRAITS: Mapping[str, Callable[[Built], bool]] = {
    "any": lambda built: set(built.fields("Architecture")) - {"all"} != set(),
    "all": lambda built: "all" in built.fields("Architecture"),
    "only all": lambda built: set(built.fields("Architecture")) == {"all"},
    "several": lambda built: len(built.packages) > 2,
    "udeb": lambda built: any(each.suffix == ".udeb" for each in built.packages),
    "no udeb": lambda built: all(each.suffix == ".deb" for each in built.packages),
    "same": lambda built: "same" in built.fields("Multi-Arch"),
    "foreign": lambda built: "foreign" in built.fields("Multi-Arch"),
    "native": lambda built: ".orig.tar" not in built.dsc,
    "format 1.0": lambda built: "Format: 1.0\n" in built.dsc,
    "diff": lambda built: "Format: 1.0\n" in built.dsc and ".diff.gz" in built.dsc,
    "components": lambda built: bool(re.search(r"\.orig-[a-z0-9-]+\.tar", built.dsc)),
    "no debhelper": lambda built: "debhelper" not in (built.tree / "debian/control").read_text(),
    "c++ symbols": Built.has_cpp_symbols,
    "perl": lambda built: built.has_path("/perl5/"),
    "python": lambda built: built.has_path("/python3/dist-packages/"),
    "go": lambda built: built.has_path("/share/gocode/src/"),
    "minutes": lambda built: built.build_seconds > _LONG_SECONDS,
}


def missing_traits(traits: tuple[str, ...], built: Built) -> list[str]:
    """Those that are not there to be seen."""
    return [trait for trait in traits if not _TRAITS[trait](built)]
