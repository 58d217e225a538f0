"""A real apt in a root of its own that knows one archive, and what is asked of it."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.tests.throwaway import ThrowawayRoot

_SNIPPET = "/etc/apt/sources.list.d/here.sources"
_LISTS = "/var/lib/apt/lists"
_FAULT = re.compile(r"^(W:|E:|Warning:|Error:|Ign:|Err:)", re.MULTILINE)

# Indexes that apt fetches and verifies when it is told of them: apt-file asks for the first in just
# this way (apt's doc/acquire-additional-files.md), the second is what debian-installer reads.
_CONFIGURATION = b"""
APT::Install-Recommends "false";
Acquire::Retries "0";
Acquire::IndexTargets::deb::Contents-deb {
  MetaKey "$(COMPONENT)/Contents-$(ARCHITECTURE)";
  ShortDescription "Contents-$(ARCHITECTURE)";
  Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents";
  KeepCompressed "false";
};
Acquire::IndexTargets::deb::Installer {
  MetaKey "$(COMPONENT)/debian-installer/binary-$(ARCHITECTURE)/Packages";
  ShortDescription "Installer";
  Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Installer";
  KeepCompressed "false";
};
"""


class Refused(AssertionError):
    """apt failed, or warned."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The apt in *root*."""

    root: ThrowawayRoot

    def prepare(self) -> None:
        """Let it know no archive."""
        self.root.run("sh", "-c", "rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*")
        self.root.write("/etc/apt/apt.conf.d/99reader", _CONFIGURATION)

    @property
    def version(self) -> tuple[int, ...]:
        """Its first two numbers, such as (3, 0)."""
        told = self.root.run("apt-get", "--version").stdout
        return tuple(int(number) for number in re.findall(r"\d+", told)[:2])

    def follow(self, repository: Path, distribution: str, *, url: str) -> None:
        """Let it know this suite, read from *url*, and nothing that it has read before."""
        snippet = (repository / f"{distribution}.sources").read_text()
        snippet = re.sub(r"(?m)^URIs: .*$", f"URIs: {url}", snippet)
        self.root.write(_SNIPPET, snippet.encode())
        self.root.run("sh", "-c", f"rm -rf {_LISTS}/* /var/cache/apt/archives/*.deb")

    def add_to_sources(self, *lines: str) -> None:
        """Let its sources end with *lines*, and with no others that were added so."""
        own = self.root.read(_SNIPPET).decode().partition("\n# added\n")[0]
        self.root.write(_SNIPPET, "\n".join([own.rstrip(), "# added", *lines, ""]).encode())

    def run(self, *command: str) -> str:
        """What *command* of apt says; raises Refused when it fails or warns."""
        done = self.root.run(*command, check=False)
        if done.returncode or _FAULT.search(done.stderr):
            raise Refused(f"{command}: {done.stdout[-2000:]}{done.stderr[-3000:]}")
        return done.stdout

    def update(self, *options: str) -> str:
        """Read the suite's indexes; gives what was asked of the server.

        Raises Refused also when something came only at the second try.
        """
        words = ("apt-get", "--error-on=any", "--option", "Debug::pkgAcquire=true", "update")
        done = self.root.run(*words, *options, check=False)
        said = [line for line in (done.stdout + done.stderr).splitlines() if _FAULT.match(line)]
        if done.returncode or said:
            raise Refused(f"{words}: {' '.join(said)}")
        return done.stderr

    def install(self, *packages: str, options: tuple[str, ...] = ()) -> None:
        """Install *packages*, each with its suite or version, and remove what is there of them."""
        self.run("apt-get", "install", "--yes", "--allow-downgrades", *options, *packages)

    def installed(self, package: str) -> str:
        """The version of *package* that dpkg has installed; empty when it has none."""
        told = self.root.run("dpkg-query", "-W", "-f", "${Version}", package, check=False)
        return told.stdout

    def lists(self, suffix: str) -> str:
        """The text of the one index that it has read whose path ends so."""
        script = f"cat {_LISTS}/*_{suffix}"
        return self.root.run("sh", "-c", script).stdout


def forms_fetched(release: bytes, path: str, asked: str) -> set[str]:
    """In which forms the index *path* of *release* was fetched, by name or by hash."""
    found = set()
    for line in release.decode().partition("\nSHA256:\n")[2].splitlines():
        words = line.split()
        if len(words) != 3 or not words[2].startswith(f"{path}."):
            continue
        digest, _, name = words
        if f"/{name}" in asked or f"/by-hash/SHA256/{digest}" in asked:
            found.add(name.rpartition(".")[2])
    return found


def verify(keyring: Path, *files: Path) -> bytes:
    """What gpgv says that was signed; raises AssertionError."""
    command = ["gpgv", "--keyring", str(keyring), "--output", "-", *map(str, files)]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        raise AssertionError(done.stderr.decode())
    return done.stdout
