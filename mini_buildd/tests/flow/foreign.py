"""Archives that the real reprepro(1) and aptly(1) make, as somebody may have had for years."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.tests.flow.package import BinaryPackage, SourcePackage
from mini_buildd.tests.packager import Packager


@dataclass(frozen=True, slots=True)
class Foreign:
    """An archive in *root*, signed by *packager*."""

    root: Path
    packager: Packager

    def call(self, *command: str) -> None:
        """Run a command of the archive's program."""
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.root),
                "GNUPGHOME": str(self.packager.gnupg),
            },
        )
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)

    @property
    def keyring(self) -> Path:
        """A file with the key."""
        return self.packager.public_key()


def write_source(folder: Path, package: SourcePackage) -> Path:
    """The files of a source package; gives the .dsc."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in package.source_files().items():
        (folder / name).write_bytes(data)
    return folder / f"{package.stem}.dsc"


def reprepro(folder: Path, packager: Packager) -> Foreign:
    """Suites old and new, with two components and architectures, packages for all, and udebs.

    Both have hello 1.0-1 with its source; new has tool, in contrib, for all, and a udeb of it.
    """
    made = Foreign(folder / "reprepro", packager)
    (made.root / "conf").mkdir(parents=True)
    (made.root / "conf" / "distributions").write_text(
        "\n".join(
            f"Origin: us\nCodename: {name}\nArchitectures: amd64 i386 source\n"
            "Components: main contrib\nUDebComponents: main contrib\n"
            f"SignWith: {packager.fingerprint}\n"
            for name in ("old", "new")
        )
    )
    incoming = folder / "incoming"
    dsc = write_source(incoming, SourcePackage(version="1.0-1"))

    hello = [
        BinaryPackage(version="1.0-1", architecture=each).put(incoming)
        for each in ("amd64", "i386")
    ]
    tool = BinaryPackage("tool", "2:1.0", "all", "tools (1.0)", files={"usr/bin/tool": b"1"})
    udeb = BinaryPackage("tool-udeb", "2:1.0", "i386", "tools (1.0)", suffix=".udeb")

    def add(suite: str, kind: str, component: str, *paths: Path) -> None:
        files = ["-C", component, "--basedir", str(made.root), kind, suite, *map(str, paths)]
        # Only a .dsc says none of these itself, and there they must be given.
        section = ["-S", "utils", "-P", "extra"] if kind == "includedsc" else []
        made.call("reprepro", *section, *files)

    for suite in ("old", "new"):
        add(suite, "includedsc", "main", dsc)
        add(suite, "includedeb", "main", *hello)
    add("new", "includedeb", "contrib", tool.put(incoming))
    add("new", "includeudeb", "contrib", udeb.put(incoming))
    return made


def aptly(folder: Path, packager: Packager) -> Foreign:
    """A published snapshot with two versions of hello, the earlier one with its source."""
    made = Foreign(folder / "aptly", packager)
    made.root.mkdir(parents=True)
    config = made.root / "aptly.conf"
    settings = {"rootDir": str(made.root), "gpgProvider": "gpg", "skipLegacyPool": True}
    config.write_text(json.dumps(settings))
    incoming = folder / "incoming"
    write_source(incoming, SourcePackage(version="1.0-1"))
    for version in ("1.0-1", "1.0-2"):
        BinaryPackage(version=version).put(incoming)
    program = ("aptly", f"-config={config}")
    made.call(*program, "repo", "create", "local")
    made.call(*program, "repo", "add", "local", str(incoming))
    made.call(*program, "snapshot", "create", "first", "from", "repo", "local")
    options = ("-batch", f"-gpg-key={packager.fingerprint}", "-architectures=amd64,source")
    made.call(*program, "publish", "snapshot", *options, "-distribution=first", "first")
    return Foreign(made.root / "public", packager)
