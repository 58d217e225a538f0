"""What this machine is: its release, and the architecture of its packages."""

import subprocess
from pathlib import Path

from mini_buildd.deb.names import Architecture, Codename, MalformedName

_OS_RELEASE = Path("/etc/os-release")


def host_codename() -> Codename | None:
    """Its release (os-release(5)); None where it has no codename."""
    try:
        lines = _OS_RELEASE.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    try:
        return Codename(fields.get("VERSION_CODENAME", "").strip("\"'"))
    except MalformedName:
        return None


def host_architecture() -> Architecture:
    """As dpkg says; raises OSError or subprocess.CalledProcessError when it cannot tell."""
    told = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    )
    return Architecture(told.stdout.strip())
