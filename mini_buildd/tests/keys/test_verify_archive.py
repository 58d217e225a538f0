"""The signatures of what was published, as apt would ask for them."""

from pathlib import Path

import pytest

from mini_buildd.keys.verify import BadSignature, keyring_for
from mini_buildd.keys.verify_archive import check_detached, open_inrelease
from mini_buildd.tests.keys.people import Person

RELEASE = b"Origin: example\nSuite: trixie-test-unstable\nSHA256:\n"


def detached(tmp_path: Path, *people: Person) -> Path:
    """The signatures of all of them, one after the other."""
    path = tmp_path / "Release.gpg"
    path.write_bytes(b"".join(each.run("--detach-sign", given=RELEASE) for each in people))
    return path


def test_a_good_signature_is_one_of_just_this_text(
    pat: Person, keyring: Path, tmp_path: Path
) -> None:
    assert open_inrelease(pat.clearsign(RELEASE), keyring) == RELEASE
    signature = detached(tmp_path, pat)
    check_detached(RELEASE, signature, keyring)
    with pytest.raises(BadSignature, match="changed after it was signed"):
        check_detached(RELEASE + b"\n", signature, keyring)
    with pytest.raises(BadSignature, match="text outside"):
        open_inrelease(b"Origin: foreign\n" + pat.clearsign(RELEASE), keyring)
    with pytest.raises(BadSignature, match="changed after it was signed"):
        open_inrelease(pat.clearsign(RELEASE).replace(b"unstable", b"stable"), keyring)


def test_a_strangers_signature_alone_is_none(
    pat: Person, stranger: Person, keyring: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadSignature, match=r"only a signature by [0-9A-F]+"):
        check_detached(RELEASE, detached(tmp_path, stranger), keyring)
    with pytest.raises(BadSignature, match="only a signature by"):
        open_inrelease(stranger.clearsign(RELEASE), keyring)
    check_detached(RELEASE, detached(tmp_path, stranger, pat), keyring)
    both = keyring_for(tmp_path, [pat.public_key, stranger.public_key])
    check_detached(RELEASE, detached(tmp_path, stranger, pat), both)


@pytest.mark.parametrize("data", [b"", b"foreign", RELEASE])
def test_what_is_not_signed_is_refused(data: bytes, keyring: Path, tmp_path: Path) -> None:
    (tmp_path / "Release.gpg").write_bytes(data)
    with pytest.raises(BadSignature):
        check_detached(RELEASE, tmp_path / "Release.gpg", keyring)
    with pytest.raises(BadSignature):
        open_inrelease(data, keyring)
