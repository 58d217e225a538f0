"""The keys that whoever runs a command has in their own GnuPG: to propose one as an uploader's."""

import re
import subprocess
from dataclasses import dataclass

_ADDRESS = re.compile(r"<([^<>\s]+@[^<>\s]+)>")
_FINGERPRINT_FIELD, _USER_ID_FIELD = 9, 9


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key with its first user id."""

    fingerprint: str
    user_id: str

    @property
    def email(self) -> str:
        """The address of its user id; empty where there is none."""
        found = _ADDRESS.search(self.user_id)
        return found.group(1) if found else ""


def list_own_keys() -> tuple[OwnKey, ...]:
    """Those there are, in the order of GnuPG (doc/DETAILS); none where gpg cannot tell."""
    told = subprocess.run(
        ["gpg", "--batch", "--with-colons", "--list-secret-keys"],
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
    )
    return parse_keys(told.stdout)


def parse_keys(told: str) -> tuple[OwnKey, ...]:
    """The keys in what ``gpg --with-colons`` has told."""
    keys: list[OwnKey] = []
    fingerprint = ""
    is_primary = False
    for line in told.splitlines():
        fields = line.split(":")
        if fields[0] in ("sec", "ssb"):
            is_primary, fingerprint = fields[0] == "sec" and fields[1] not in tuple("reid"), ""
        elif fields[0] == "fpr" and is_primary and not fingerprint:
            fingerprint = fields[_FINGERPRINT_FIELD]
        elif fields[0] == "uid" and is_primary and fingerprint:
            keys.append(OwnKey(fingerprint, fields[_USER_ID_FIELD].replace("\\x3a", ":")))
            is_primary = False
    return tuple(keys)


def export_own_key(fingerprint: str) -> str:
    """The armored public key; raises subprocess.CalledProcessError."""
    told = subprocess.run(
        [
            "gpg",
            "--batch",
            "--armor",
            "--export-options",
            "export-minimal",
            "--export",
            fingerprint,
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout
