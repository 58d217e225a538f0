"""SSH keys that people give: one line of OpenSSH, read strictly.

What a line could demand of the server, options before the key, is not taken: the servers here let
nobody do anything but upload.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

_LINE = re.compile(r"([a-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]+(.*))?")
_MAX_CHARACTERS = 16_000
_LEAST_RSA_BITS = 2048


class SshKeyUnfit(Exception):
    """The text is no SSH public key that may be used here; it says why."""


@dataclass(frozen=True, slots=True)
class SshPublicKey:
    """A key with its *comment*; the *fingerprint* as ssh-keygen -l prints it: SHA256:..."""

    kind: str
    blob: str
    comment: str
    fingerprint: str

    @property
    def line(self) -> str:
        """As authorized_keys has it, without the comment."""
        return f"{self.kind} {self.blob}"


def read_ssh_key(text: str) -> SshPublicKey:
    """The key in the one line *text*; raises SshKeyUnfit."""
    line = text.strip()
    if "PRIVATE KEY" in line:
        raise SshKeyUnfit("this is a private key; only its public part, the .pub, belongs here")
    match = _LINE.fullmatch(line) if len(line) <= _MAX_CHARACTERS else None
    if match is None:
        raise SshKeyUnfit("not one line such as “ssh-ed25519 AAAA… comment”")
    kind, blob, comment = match[1], match[2], match[3] or ""
    _check(kind, blob)
    fingerprint = fingerprint_of(base64.b64decode(blob))
    return SshPublicKey(kind, blob, " ".join(comment.split())[:200], fingerprint)


def fingerprint_of(blob: bytes) -> str:
    """As ssh-keygen -l prints it, of a key as it goes over the wire (RFC 4253 §6.6)."""
    digest = base64.b64encode(hashlib.sha256(blob).digest())
    return f"SHA256:{digest.decode('ascii').rstrip('=')}"


def _check(kind: str, blob: str) -> None:
    if kind.startswith("sk-"):
        # Their signatures hold more than others', which the SFTP server does not check.
        raise SshKeyUnfit("keys in a security token, sk-…, cannot be checked here")
    if "-cert-" in kind:
        raise SshKeyUnfit("this is a certificate; give the key itself")
    try:
        key = load_ssh_public_key(f"{kind} {blob}".encode("ascii"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SshKeyUnfit(f"it cannot be read: {error}") from None
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < _LEAST_RSA_BITS:
            raise SshKeyUnfit(f"RSA of {key.key_size} bits is weak; at least {_LEAST_RSA_BITS}")
    elif not isinstance(key, ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey):
        raise SshKeyUnfit(f"{kind} is weak; make another: ssh-keygen -t ed25519")


def fingerprints_in(folder: Path) -> tuple[str, ...]:
    """Of the public keys in *folder*, with their kinds, as ssh-keygen -l prints them."""
    found = []
    for path in sorted(folder.glob("*.pub")):
        kind, blob, *_ = path.read_text(encoding="ascii").split()
        found.append(f"{fingerprint_of(base64.b64decode(blob))} ({kind})")
    return tuple(found)
