"""People with keys, made by the real gpg."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from mini_buildd.keys import gpg


@dataclass(frozen=True, slots=True)
class Person:
    """Has one key in a GnuPG folder of its own."""

    home: Path
    fingerprint: str

    @property
    def public_key(self) -> str:
        """The armored public key as it is now."""
        return gpg.export_key(self.home, self.fingerprint)

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """The real gpg, without questions; AssertionError when it fails."""
        command = ["gpg", "--homedir", str(self.home), "--batch", "--yes", "--quiet"]
        done = subprocess.run(
            [*command, "--pinentry-mode", "loopback", "--passphrase", "", *arguments],
            input=given,
            check=False,
            capture_output=True,
        )
        if done.returncode:
            raise AssertionError(done.stderr.decode())
        return done.stdout

    def clearsign(self, text: bytes, *options: str) -> bytes:
        """Sign *text* as debsign does."""
        return self.run("--armor", *options, "--clearsign", given=text)

    def close(self) -> None:
        """End the agent."""
        gpg.stop_agent(self.home)


def make_person(home: Path, user_id: str, *options: str, usage: str = "sign") -> Person:
    """Somebody with an Ed25519 key without pass phrase; *options* may set gpg's clock."""
    home.mkdir(mode=0o700, parents=True)
    someone = Person(home, "")
    someone.run(*options, "--quick-generate-key", user_id, "ed25519", usage, "1y")
    return Person(home, fingerprint_of(someone))


def fingerprint_of(someone: Person) -> str:
    """The fingerprint of the only primary key."""
    lines = someone.run("--with-colons", "--list-keys").decode(errors="replace").splitlines()
    (first, *_) = (line.split(":")[9] for line in lines if line.startswith("fpr:"))
    return first
