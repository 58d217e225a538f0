"""Source packages to upload: unchanged ones from Debian, and tiny ones of our own."""

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.deb.names import Codename
from mini_buildd.tools import hostapt

_DATA = Path(__file__).parents[2] / "test-data"


def tiny(name: str, folder: Path) -> Path:
    """A copy of the tiny source tree *name* from test-data/ in *folder*."""
    tree = folder / "tree"
    shutil.copytree(_DATA / name, tree)
    return tree


@dataclass(frozen=True, slots=True)
class DebianSources:
    """Fetches sources of *codename* by apt-get source, with an apt configuration in *folder*."""

    codename: Codename
    folder: Path

    def prepare(self, *, with_binaries: bool = False) -> None:
        """Download the lists from where this machine has its packages."""
        for name in ("lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        found = hostapt.sources_for(
            self.codename, "Debian", hostapt.read_host_sources(), with_updates=False
        )
        keyring = hostapt.keyring_of("Debian")
        kinds = ("deb-src", "deb") if with_binaries else ("deb-src",)
        lines = [
            f"{kind} [signed-by={keyring}] {source.url} {source.suite} main"
            for source in found
            for kind in kinds
        ]
        (self.folder / "sources.list").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._apt("update", "-qq", folder=self.folder)

    def fetch(self, package: str, folder: Path) -> Path:
        """Download *package*, a name or name=version, into *folder*; returns its .dsc."""
        folder.mkdir(parents=True, exist_ok=True)
        self._apt("source", "--download-only", "--only-source", package, folder=folder)
        (dsc,) = folder.glob(f"{package.partition('=')[0]}_*.dsc")
        return dsc

    def download(self, package: str, architecture: str, folder: Path) -> Path:
        """Download Debian's own binary *package* into *folder*; returns the .deb.

        The lists of binaries must have been prepared.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._apt("download", f"{package}:{architecture}", folder=folder)
        (deb,) = folder.glob(f"{package}_*.deb")
        return deb

    def _apt(self, *arguments: str, folder: Path) -> None:
        options = {
            "Dir::Etc::SourceList": self.folder / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder / "cache",
            "APT::Sandbox::User": "root",
            "Acquire::Retries": 3,
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        done = subprocess.run(
            ["apt-get", *words, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"apt-get {' '.join(arguments)}:\n{done.stdout}{done.stderr}")


def first_available(candidates: Iterable[str], codename: Codename, folder: Path) -> Path:
    """The .dsc of the first of *candidates* that the mirror really has.

    A mirror may lag behind its own index, so a source can answer 404; raises AssertionError, with
    each answer, when none of them is to be had.
    """
    sources = DebianSources(codename, folder / "apt")
    sources.prepare()
    answers = []
    for package in candidates:
        try:
            return sources.fetch(package, folder / "debian" / package)
        except AssertionError as error:
            answers.append(str(error))
    raise AssertionError("no source to be had:\n" + "\n".join(answers))
