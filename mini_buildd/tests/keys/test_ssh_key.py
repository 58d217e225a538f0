"""SSH keys as the real ssh-keygen makes them."""

import subprocess
from pathlib import Path

import pytest

from mini_buildd.keys.ssh_key import SshKeyUnfit, read_ssh_key


def make(folder: Path, kind: str, bits: str = "") -> str:
    """A key of that kind; returns its line."""
    path = folder / f"{kind}{bits}"
    size = ["-b", bits] if bits else []
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, *size, "-N", "", "-C", "pat at home", "-f", str(path)],
        check=True,
    )
    return path.with_suffix(".pub").read_text(encoding="ascii")


@pytest.mark.parametrize(
    ("kind", "bits"), [("ed25519", ""), ("ecdsa", "256"), ("ecdsa", "521"), ("rsa", "2048")]
)
def test_a_key_has_the_fingerprint_that_ssh_keygen_prints(
    kind: str, bits: str, tmp_path: Path
) -> None:
    line = make(tmp_path, kind, bits)
    key = read_ssh_key(line)
    printed = subprocess.run(
        ["ssh-keygen", "-l", "-f", "-"], input=line, check=True, capture_output=True, text=True
    ).stdout
    assert printed.split()[1] == key.fingerprint
    assert (key.comment, f"{key.line} pat at home\n") == ("pat at home", line)


def test_what_is_no_key_or_a_weak_one_is_refused_with_the_reason(tmp_path: Path) -> None:
    good = make(tmp_path, "ed25519").strip()
    weak = make(tmp_path, "rsa", "1024")
    secret = (tmp_path / "ed25519").read_text(encoding="ascii")
    kind, blob, _ = good.split(maxsplit=2)
    for text, why in (
        ("", "not one line"),
        (f"{good}\n{good}", "not one line"),
        (secret, "private key"),
        (f'command="sh" {good}', "not one line"),
        (weak, "RSA of 1024 bits is weak"),
        (f"ssh-rsa {blob}", "cannot be read"),
        (f"{kind} {blob[:-8]}", "cannot be read"),
        ("ssh-dss AAAAB3NzaC1kc3M=", "cannot be read"),
        (f"sk-ssh-ed25519@openssh.com {blob}", "security token"),
        (f"ssh-ed25519-cert-v01@openssh.com {blob}", "certificate"),
        (good + "x" * 20_000, "not one line"),
    ):
        with pytest.raises(SshKeyUnfit, match=why):
            read_ssh_key(text)
