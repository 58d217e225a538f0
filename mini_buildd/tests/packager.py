"""A person who packages: has a key, makes source packages, signs and uploads them with dput."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from ftplib import FTP
from io import BytesIO
from pathlib import Path

from mini_buildd.keys import gpg
from mini_buildd.tests.instance import Instance

NAME = "Pat Packager"
EMAIL = "pat@example.invalid"


@dataclass(frozen=True, slots=True)
class Upload:
    """A signed upload, ready for dput."""

    changes: Path

    @property
    def files(self) -> list[Path]:
        """The files that the .changes names."""
        text = self.changes.read_text(encoding="utf-8")
        names = re.findall(r"^ [0-9a-f]{64} [0-9]+ (\S+)$", text, re.MULTILINE)
        return [self.changes.with_name(name) for name in names]

    @property
    def name(self) -> str:
        """The name of the .changes."""
        return self.changes.name


@dataclass(slots=True)
class Packager:
    """Works in the folder *home*."""

    home: Path
    name: str = NAME
    email: str = EMAIL
    _fingerprint: str = field(default="", init=False)

    @property
    def gnupg(self) -> Path:
        """Where the key lives."""
        return self.home / "gnupg"

    @property
    def fingerprint(self) -> str:
        """The key, made on first use."""
        note = self.home / "fingerprint"
        if not self._fingerprint:
            if not note.exists():
                self.gnupg.mkdir(mode=0o700, parents=True, exist_ok=True)
                made = gpg.make_signing_key(self.gnupg, self.name, self.email, expires="2y")
                note.write_text(made, encoding="ascii")
            self._fingerprint = note.read_text(encoding="ascii")
        return self._fingerprint

    def public_key(self) -> Path:
        """A file with the armored public key."""
        path = self.home / "key.asc"
        path.write_text(gpg.export_key(self.gnupg, self.fingerprint), encoding="ascii")
        return path

    def close(self) -> None:
        """End the agent that signing has started."""
        gpg.stop_agent(self.gnupg)

    # --- source packages ---------------------------------------------------------

    def unpack(self, dsc: Path, folder: Path) -> Path:
        """Unpack a source package of somebody else; returns its tree."""
        folder.mkdir(parents=True, exist_ok=True)
        tree = folder / "tree"
        _run(["dpkg-source", "--no-check", "-x", str(dsc), str(tree)], folder)
        for path in dsc.parent.iterdir():  # the upstream tarballs are needed beside the tree
            if ".orig" in path.name and not (folder / path.name).exists():
                (folder / path.name).hardlink_to(path)
        return tree

    def change(self, tree: Path, *, version: str, distribution: str, text: str) -> None:
        """Put a new entry on top of the tree's changelog."""
        changelog = tree / "debian" / "changelog"
        old = changelog.read_text(encoding="utf-8") if changelog.exists() else ""
        control = (tree / "debian" / "control").read_text(encoding="utf-8")
        source = next(line for line in control.splitlines() if line.startswith("Source:")).split()[
            1
        ]
        date = format_datetime(datetime.now(UTC))
        entry = (
            f"{source} ({version}) {distribution}; urgency=medium\n\n  * {text}\n\n"
            f" -- {self.name} <{self.email}>  {date}\n\n"
        )
        changelog.write_text(entry + old, encoding="utf-8")

    def build_source(self, tree: Path, *, with_orig: bool = True, sign: bool = True) -> Upload:
        """Build and sign the source package of *tree* with Debian's own tools."""
        signing = [f"--sign-key={self.fingerprint}"] if sign else ["-us", "-uc"]
        orig = "-sa" if with_orig else "-sd"
        before = set(tree.parent.glob("*.changes"))
        _run(
            ["dpkg-buildpackage", "-S", "-d", "-nc", orig, *signing],
            tree,
            {"GNUPGHOME": str(self.gnupg)},
        )
        (changes,) = set(tree.parent.glob("*_source.changes")) - before
        return Upload(changes)

    def sign(self, text: bytes) -> bytes:
        """Clear-sign *text* with this packager's key."""
        return gpg.sign(self.gnupg, (self.fingerprint,), text, detached=False)

    # --- upload -------------------------------------------------------------------

    def dput(self, instance: Instance, upload: Upload, *, check: bool = True) -> None:
        """Upload with the real dput over FTP."""
        config = self.home / "dput.cf"
        config.write_text(dput_section("mini-buildd", instance), encoding="utf-8")
        _run(
            ["dput", "-u", "-f", "-c", str(config), "mini-buildd", str(upload.changes)],
            self.home,
            check=check,
        )


def dput_section(name: str, instance: Instance) -> str:
    """The section of dput.cf for *instance*."""
    return (
        f"[{name}]\nmethod = ftp\nfqdn = 127.0.0.1:{instance.ftp_port}\n"
        "login = anonymous\nincoming = /\nallow_unsigned_uploads = 1\n"
    )


def _run(
    command: list[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    check: bool = True,
) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if check and done.returncode:
        raise AssertionError(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )


def ftp(instance: Instance, *files: Path | tuple[str, bytes]) -> None:
    """Send *files* (paths, or names with their bytes) over one plain FTP session."""
    with FTP() as session:  # noqa: S321  # the protocol under test
        session.connect("127.0.0.1", instance.ftp_port, timeout=30)
        session.login()
        for file in files:
            name, data = file if isinstance(file, tuple) else (file.name, file.read_bytes())
            session.storbinary(f"STOR {name}", BytesIO(data))
        session.quit()
