"""The keys by which SFTP's clients know this host again: made on the first start, and kept."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from twisted.conch.ssh.keys import Key

from mini_buildd.kit.atomic import write_file

_RSA_BITS = 3072
_KINDS = ("ed25519", "rsa")


def host_keys(folder: Path) -> list[Key]:
    """The private keys in *folder*; those that are missing are made, for their owner only.

    Beside each lies its public half, for people's known_hosts.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    return [_kept(folder / f"host_{kind}_key", kind) for kind in _KINDS]


def _kept(path: Path, kind: str) -> Key:
    if not path.exists():
        write_file(path, _made(kind), mode=0o600)
    key: Key = Key.fromFile(str(path))
    public = path.with_name(f"{path.name}.pub")
    if not public.exists():
        write_file(public, key.public().toString("OPENSSH") + b"\n")
    return key


def _made(kind: str) -> bytes:
    key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    if kind == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
