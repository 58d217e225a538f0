"""A published suite as plain files, read and verified as a client does that knows only the key."""

import base64
import gzip
import hashlib
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from mini_buildd.deb.deb822 import parse_paragraph

_FORMS = (".gz", ".xz", ".zst")
_PACKAGE = re.compile(r"^Package: (\S+)\nVersion: (\S+)$", re.MULTILINE)
_FILE = re.compile(r"^Filename: (\S+)\nSize: (\d+)\n", re.MULTILINE)


class NotWhole(AssertionError):
    """The tree is not what it says of itself."""


def verified_release(root: Path, suite: Path) -> bytes:
    """The text of the InRelease in the folder *suite*, as gpgv verifies it by the served key."""
    with tempfile.NamedTemporaryFile(suffix=".gpg") as ring:
        ring.write(_dearmored((root / "archive-key.asc").read_text(encoding="ascii")))
        ring.flush()
        done = subprocess.run(
            ["gpgv", "--keyring", ring.name, "--output", "-", str(suite / "InRelease")],
            check=False,
            capture_output=True,
        )
    if done.returncode:
        raise NotWhole(f"{suite}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def _dearmored(text: str) -> bytes:
    """RFC 9580, 6.2: headers up to an empty line, base64, a checksum after "="."""
    body = text.partition("\n\n")[2].partition("\n-----END")[0]
    return base64.b64decode("".join(line for line in body.splitlines() if line[:1] != "="))


def indexes(root: Path, suite: Path) -> Mapping[str, bytes]:
    """Every index that is kept, by its path; each is found by name and by hash, and is right."""
    release = parse_paragraph(verified_release(root, suite))
    found = {}
    for line in release.lines("SHA256"):
        digest, size, path = line.split()
        if path.endswith(_FORMS):
            for file in (suite / path, (suite / path).parent / "by-hash" / "SHA256" / digest):
                data = file.read_bytes()
                if hashlib.sha256(data).hexdigest() != digest or len(data) != int(size):
                    raise NotWhole(f"{file} is not what Release says")
            found[path] = data
    return found


def packages(root: Path, suite: Path) -> dict[str, str]:
    """The packages that the *suite* names, with their versions; all their files are in the pool."""
    held: dict[str, str] = {}
    for text in _packages_texts(root, suite):
        held |= _PACKAGE.findall(text)
        for name, size in _FILE.findall(text):
            if (root / name).stat().st_size != int(size):
                raise NotWhole(f"{name} is not as large as the index says")
    return held


def _packages_texts(root: Path, suite: Path) -> Iterator[str]:
    for path, data in indexes(root, suite).items():
        if path.endswith("/Packages.gz"):
            yield gzip.decompress(data).decode()
