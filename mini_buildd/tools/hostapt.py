"""Which archive this machine takes its packages from, as its own apt tells.

So a mirror, proxy or keyring that somebody set up for the machine is used for chroots too, and no
host stands in the program.
"""

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.deb.names import Codename, Component, MalformedName

_FORMAT = "$(REPO_URI)\t$(RELEASE)\t$(COMPONENT)\t$(ORIGIN)\t$(CODENAME)"
_PROXY = re.compile(r"https?://[!#-&(-~]+")  # no quotation marks
_KEYRINGS = {
    "Debian": "/usr/share/keyrings/debian-archive-keyring",
    "Ubuntu": "/usr/share/keyrings/ubuntu-archive-keyring",
}


@dataclass(frozen=True, slots=True)
class HostSource:
    """One suite that the machine's apt knows; *suite* as it stands under dists/."""

    url: str
    suite: str
    components: tuple[Component, ...]
    origin: str
    codename: str


def read_host_sources() -> tuple[HostSource, ...]:
    """Ask apt; raises OSError or subprocess.CalledProcessError when it cannot tell."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    )
    return parse_index_targets(told.stdout.splitlines())


def parse_index_targets(lines: Iterable[str]) -> tuple[HostSource, ...]:
    """Join the lines of the indextargets call, one for each component, into sources."""
    found: dict[tuple[str, str], HostSource] = {}
    for line in lines:
        columns = line.split("\t")
        if len(columns) != 5 or columns[1].endswith("/"):  # noqa: PLR2004  # as in _FORMAT; flat
            continue
        url, suite, component, origin, codename = columns
        # Without downloaded lists apt leaves unknown fields as they stand in the format.
        origin = "" if origin.startswith("$(") else origin
        codename = suite if codename.startswith("$(") or not codename else codename
        try:
            area = Component(component)
        except MalformedName:
            continue
        known = found.get((url, suite))
        areas = dict.fromkeys((*(known.components if known else ()), area))
        found[url, suite] = HostSource(url.rstrip("/"), suite, tuple(areas), origin, codename)
    return tuple(found.values())


def sources_for(
    codename: Codename, vendor: str, host: Iterable[HostSource], *, with_updates: bool
) -> tuple[HostSource, ...]:
    """The sources of release *codename*, from where the *host* has this or another release.

    The release itself comes first; its updates and security suites follow when *with_updates*
    and the host has them for its own release. Empty when the host has none of *vendor*.
    """
    known = [each for each in host if _knows(each)]
    # Without downloaded lists apt is silent on all of them; else only a stranger's may be silent.
    of_vendor = [each for each in known if each.origin == vendor] or [
        each for each in known if not each.origin
    ]
    mains = [each for each in of_vendor if _part(each) == ""]
    mains.sort(key=lambda each: each.codename != codename)
    if not mains:
        return ()
    sources = [_moved(mains[0], codename)]
    if with_updates:
        own = mains[0].codename
        sources += [
            _moved(each, codename)
            for each in of_vendor
            if _part(each) in ("-updates", "-security") and each.codename.startswith(own)
        ]
    return tuple(sources)


def _knows(source: HostSource) -> bool:
    return bool(source.codename) and source.codename.partition("-")[0].isalnum()


def _part(source: HostSource) -> str:
    """What follows the codename: nothing, "-updates", "-security" or "-backports"."""
    base = source.codename.partition("-")[0]
    return source.codename.removeprefix(base)


def _moved(source: HostSource, codename: Codename) -> HostSource:
    suite = f"{codename}{_part(source)}"
    return HostSource(source.url, suite, source.components, source.origin, suite)


def keyring_of(vendor: str) -> Path | None:
    """The vendor's archive keyring as its keyring package installs it; None when it is missing."""
    for suffix in (".gpg", ".pgp"):
        path = expected_keyring(vendor, suffix)
        if path.exists():
            return path
    return None


def expected_keyring(vendor: str, suffix: str = ".gpg") -> Path:
    """Where it should be."""
    return Path(_KEYRINGS.get(vendor, "/nonexistent") + suffix)


def proxy() -> str:
    """The HTTP proxy that the machine's apt uses, or nothing."""
    told = subprocess.run(
        ["apt-config", "dump", "--format=%v%n", "Acquire::http::Proxy"],
        check=True,
        capture_output=True,
        text=True,
    )
    first = told.stdout.partition("\n")[0].strip()
    return first if _PROXY.fullmatch(first) else ""
