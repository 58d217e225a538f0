"""The one place where python-gnupg, which has no types, is called."""

import logging
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

import gnupg

# python-gnupg warns of every exit status but 0, but gpg ends with 1 or 2 if a signature is bad
# or a stranger's: an everyday rejection, told with its cause by those who read the Run.
logging.getLogger("gnupg").setLevel(logging.ERROR)

# MD5 is weak to GnuPG itself.
_WEAK = [word for digest in ("SHA1", "RIPEMD160") for word in ("--weak-digest", digest)]
_OPTIONS = ["--no-auto-key-retrieve", *_WEAK, "--trust-model", "always"]


class GnupgFailed(Exception):
    """GnuPG could not do what was asked; the text is its own last word on it."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of gpg: its exit and its output, and its status lines (doc/DETAILS of GnuPG)."""

    exit_status: int
    output: bytes
    status: tuple[tuple[str, ...], ...]
    said: str

    def lines(self, keyword: str) -> list[tuple[str, ...]]:
        """The arguments of each status line with *keyword*."""
        return [line[1:] for line in self.status if line[0] == keyword]


def _gpg(home: Path, *, with_agent: bool) -> gnupg.GPG:
    options = _OPTIONS if with_agent else [*_OPTIONS, "--no-autostart"]
    return gnupg.GPG(gnupghome=str(home), options=options)


def _run(result: object, output: bytes) -> Run:
    # Line feeds only: a user id may hold what else Python takes for the end of a line, and gpg
    # escapes just the line feed, so splitlines() would let a key speak for gpg.
    lines = str(getattr(result, "stderr", "")).split("\n")
    prefix = "[GNUPG:] "
    status = tuple(
        tuple(line.removeprefix(prefix).split(" ")) for line in lines if line.startswith(prefix)
    )
    words = [line for line in lines if line.startswith("gpg: ")]
    return Run(int(getattr(result, "returncode", -1)), output, status, "; ".join(words[-3:]))


def open_clearsigned(home: Path, data: bytes) -> Run:
    """Let gpg take the text out of clear-signed *data*; the output is just what it verified."""
    result = _gpg(home, with_agent=False).decrypt(data)
    return _run(result, result.data)


def check_detached(home: Path, data: bytes, signature: Path) -> Run:
    """Let gpg check the detached *signature* of *data*."""
    return _run(_gpg(home, with_agent=False).verify_data(str(signature), data), b"")


def import_keys(home: Path, armored: str) -> tuple[str, ...]:
    """Import public keys; returns their fingerprints, raises GnupgFailed when there is none."""
    # As bytes: python-gnupg would encode a text as Latin-1, and fail where people paste more.
    data = armored.encode("utf-8", "replace")
    result = _gpg(home, with_agent=False).import_keys(data)
    fingerprints = tuple(dict.fromkeys(str(item) for item in result.fingerprints if item))
    run = _run(result, b"")
    # GnuPG 2.4 takes half a key for one, and only its status line tells. (Its exit status does not:
    # it is never 0 where no agent may be started.)
    if not fingerprints or run.lines("NODATA"):
        raise GnupgFailed(run.said or "no OpenPGP key in it")
    return fingerprints


def list_keys(home: Path) -> list[dict[str, object]]:
    """Each primary key as python-gnupg tells it: fingerprint, uids, expires, trust …."""
    gpg = _gpg(home, with_agent=False)
    gpg.encoding, gpg.decode_errors = "utf-8", "replace"  # as user ids are (RFC 4880 §5.11)
    return [dict(key) for key in gpg.list_keys()]


def list_records(home: Path) -> list[tuple[str, ...]]:
    """The keys as doc/DETAILS of GnuPG describes its colon listings: a record a line."""
    done = _gpg_itself(home, "--with-colons", "--fixed-list-mode", "--list-keys")
    if done.returncode != 0:
        raise GnupgFailed(_last_words(done))
    lines = done.stdout.decode("utf-8", "replace").split("\n")
    return [tuple(line.split(":")) for line in lines if line]


def export_from(keyring: Path, home: Path, key_id: str) -> bytes:
    """The public keys of that id or fingerprint in the file *keyring*; empty when it has none.

    gpg skims the file for it: of a thousand keys that takes some milliseconds, where importing
    them would take a minute. *home* is any folder of ours.
    """
    file = ("--no-default-keyring", "--keyring", str(keyring.absolute()))
    done = _gpg_itself(home, *file, "--armor", "--export", f"0x{key_id}")
    if b"export failed" in done.stderr or (done.returncode != 0 and not done.stdout):
        raise GnupgFailed(_last_words(done))
    return done.stdout


def _gpg_itself(home: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run gpg without agent, questions or translations."""
    options = ["--batch", "--no-tty", "--no-autostart", *_OPTIONS]
    return subprocess.run(
        ["gpg", "--homedir", str(home), *options, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode("utf-8", "replace").strip() or f"gpg ended with {done.returncode}"


def plain_user_id(escaped: str) -> str:
    """A user id out of a status line: in UTF-8, with %XX for what would break the line."""
    # python-gnupg reads what gpg says as Latin-1, which keeps every byte.
    return unquote_to_bytes(escaped.encode("latin-1", "replace")).decode("utf-8", "replace")


def export_key(home: Path, fingerprint: str) -> str:
    """The armored public key."""
    return export_keys(home, (fingerprint,))


def export_keys(home: Path, fingerprints: tuple[str, ...]) -> str:
    """These public keys, at least one, in one armored block."""
    return str(_gpg(home, with_agent=False).export_keys(list(fingerprints)))


def make_signing_key(home: Path, name: str, email: str, *, expires: str) -> str:
    """Make an Ed25519 key without pass phrase; returns its fingerprint."""
    gpg = _gpg(home, with_agent=True)
    result = gpg.gen_key(
        gpg.gen_key_input(
            key_type="EDDSA",
            key_curve="ed25519",
            key_usage="sign",
            name_real=name,
            name_email=email,
            expire_date=expires,
            no_protection=True,
        )
    )
    if not result.fingerprint:
        raise GnupgFailed(_run(result, b"").said)
    return str(result.fingerprint)


def sign(home: Path, fingerprints: tuple[str, ...], data: bytes, *, detached: bool) -> bytes:
    """Sign *data* by each key: armored detached signatures, or the whole as clear-signed text.

    Raises GnupgFailed when one of them cannot.
    """
    signers = [word for each in fingerprints for word in ("--local-user", each)]
    result = _gpg(home, with_agent=True).sign(
        data,
        clearsign=not detached,
        detach=detached,
        extra_args=["--digest-algo", "SHA512", *signers],
    )
    # With one of several keys missing, gpg signs by the others and tells it by its exit only.
    if not signers or not result.data or result.returncode != 0:
        raise GnupgFailed(_run(result, b"").said)
    return bytes(result.data)


def stop_agent(home: Path) -> None:
    """End the gpg-agent that signing started for *home*."""
    subprocess.run(
        ["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True
    )
