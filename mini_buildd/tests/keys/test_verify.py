"""Verifying: what comes out is exactly what somebody known has signed, or nothing comes out."""

import subprocess
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_buildd.keys.verify import (
    BadSignature,
    NotOneSignedText,
    UnknownKey,
    is_signed,
    keyring_for,
    verify,
)
from mini_buildd.tests.keys.people import Person

TEXT = b"""Format: 1.8
Source: hello
Version: 2.10-3~test13+1
Changes:
 hello (2.10-3~test13+1) trixie-test-unstable; urgency=low
 .
   * New.
"""
EVIL = b"Source: evil\nVersion: 6.6.6\n"
_REFUSALS = (NotOneSignedText, UnknownKey, BadSignature)


@pytest.fixture(scope="module")
def signed(pat: Person) -> bytes:
    return pat.clearsign(TEXT)


@pytest.fixture(scope="module")
def known(pat: Person, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A keyring that is shared, since hypothesis verifies often."""
    return keyring_for(tmp_path_factory.mktemp("known"), [pat.public_key])


def _refused_or_exact(data: bytes, keyring: Path, text: bytes = TEXT) -> None:
    """The promise: all that anybody will parse is what was signed."""
    try:
        found = verify(data, keyring)
    except _REFUSALS:
        return
    assert found.text == text


def test_a_signed_text_comes_out_as_it_was_with_its_signer(
    signed: bytes, pat: Person, keyring: Path
) -> None:
    found = verify(signed, keyring)
    assert (found.text, found.fingerprint) == (TEXT, pat.fingerprint)
    assert is_signed(signed)
    assert not is_signed(TEXT)


def test_a_text_of_dashes_comes_out_as_it_was(pat: Person, keyring: Path) -> None:
    text = b"- a\n-----BEGIN PGP SIGNED MESSAGE-----\n\nFrom here\n-----END PGP SIGNATURE-----\n"
    assert verify(pat.clearsign(text), keyring).text == text


@given(data=st.data())
@settings(deadline=None, max_examples=80)
def test_with_any_byte_changed_it_is_refused_or_still_what_was_signed(
    signed: bytes, known: Path, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(signed) - 1))
    byte = data.draw(st.integers(0, 255))
    _refused_or_exact(signed[:place] + bytes([byte]) + signed[place + 1 :], known)


@given(data=st.data())
@settings(deadline=None, max_examples=80)
def test_with_anything_put_in_anywhere_it_is_refused_or_still_what_was_signed(
    signed: bytes, known: Path, data: st.DataObject
) -> None:
    ends = [place for place, byte in enumerate(signed, start=1) if byte == ord("\n")]
    place = data.draw(st.sampled_from([0, *ends]))
    extra = data.draw(
        st.sampled_from(
            [
                *(EVIL, EVIL + b"\n", b"\n" + EVIL, b"- " + EVIL, signed, TEXT),
                *(b"\n", b"\r\n", b" ", b"\t\n", b"\0", b"Hash: SHA1\n", b"Comment: x\n"),
                *(b"-----BEGIN PGP SIGNED MESSAGE-----\n", b"-----BEGIN PGP SIGNATURE-----\n"),
                *(b"-----END PGP SIGNATURE-----\n", b"-----BEGIN PGP MESSAGE-----\n"),
            ]
        )
    )
    _refused_or_exact(signed[:place] + extra + signed[place:], known)


@pytest.mark.parametrize(
    "change",
    [
        lambda signed: EVIL + b"\n" + signed,
        lambda signed: signed + EVIL,
        lambda signed: signed + b"\n" + EVIL,
        lambda signed: signed + signed,
        lambda signed: b"\n" + signed,
        lambda signed: b" " + signed,
        lambda signed: b"\xef\xbb\xbf" + signed,
        lambda signed: signed.replace(b"Source: hello", b"Source: evil"),
        lambda signed: signed.replace(b"\n\nFormat", b"\n" + EVIL + b"\nFormat"),
        lambda signed: signed.replace(b"-----BEGIN PGP SIGNATURE", EVIL + b"\n-----BEGIN PGP SIG"),
        lambda signed: signed[: signed.index(b"-----BEGIN PGP SIGNATURE")],
        lambda signed: signed[: len(signed) // 2],
        lambda signed: signed.partition(b"\n")[2],
        lambda signed: signed.partition(b"-----BEGIN PGP SIGNATURE")[1],
        lambda _: TEXT,
        lambda _: b"",
        lambda _: b"\n",
        lambda _: b"\0" * 100,
    ],
)
def test_what_is_not_one_whole_signed_text_is_refused(
    change: Callable[[bytes], bytes], signed: bytes, keyring: Path
) -> None:
    assert change(signed) != signed
    with pytest.raises(_REFUSALS):
        verify(change(signed), keyring)


def test_a_signed_text_within_a_signed_text_is_refused_or_comes_out_as_it_was(
    signed: bytes, pat: Person, stranger: Person, keyring: Path
) -> None:
    _refused_or_exact(pat.clearsign(signed), keyring, text=signed)
    nested = stranger.clearsign(signed)
    with pytest.raises(_REFUSALS):
        verify(nested, keyring)
    inside_out = signed.replace(b"Format: 1.8\n", b"Format: 1.8\n" + stranger.clearsign(EVIL))
    with pytest.raises(_REFUSALS):
        verify(inside_out, keyring)


def test_lines_that_end_in_carriage_returns_and_blanks_are_refused_or_as_they_were_signed(
    signed: bytes, keyring: Path
) -> None:
    for ending in (b"\r\n", b" \n", b"\t \n", b"\r\r\n"):
        _refused_or_exact(signed.replace(b"\n", ending), keyring)


def test_blanks_put_at_the_end_of_signed_lines_do_not_come_out(
    signed: bytes, keyring: Path
) -> None:
    changed = signed.replace(b"Source: hello\n", b"Source: hello \t\n")
    _refused_or_exact(changed, keyring)


def test_a_line_of_any_length_is_refused_or_comes_out_whole(pat: Person, keyring: Path) -> None:
    text = b"Binary: " + b"a" * 50_000 + b"\n" + EVIL
    _refused_or_exact(pat.clearsign(text), keyring, text=text)


def test_what_stands_in_the_armor_does_not_come_out(signed: bytes, keyring: Path) -> None:
    for mark in (b"-----END PGP SIGNATURE", b"=", b"\niH"):
        _refused_or_exact(signed.replace(mark, EVIL + b"\n" + mark), keyring)
        _refused_or_exact(signed.replace(mark, b"\n" + EVIL + b"\n" + mark), keyring)


def test_other_kinds_of_signatures_are_refused(pat: Person, keyring: Path) -> None:
    for arguments in (["--sign"], ["--armor", "--sign"], ["--armor", "--detach-sign"]):
        with pytest.raises(NotOneSignedText):
            verify(pat.run(*arguments, given=TEXT), keyring)
    detached = pat.run("--armor", "--detach-sign", given=TEXT)
    with pytest.raises(_REFUSALS):
        verify(b"-----BEGIN PGP SIGNED MESSAGE-----\n\n" + TEXT + detached, keyring)


def _with_packets(signed: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """*signed* with the packets of its signature changed."""
    head, mark, armor = signed.partition(b"-----BEGIN PGP SIGNATURE-----")
    packets = _gpg("--dearmor", given=mark + armor)
    new = _gpg("--enarmor", given=change(packets))
    return head + new.replace(b"PGP ARMORED FILE", b"PGP SIGNATURE").replace(
        b'Comment: Use "gpg --dearmor" for unpacking\n', b""
    )


def _gpg(*arguments: str, given: bytes) -> bytes:
    done = subprocess.run(["gpg", *arguments], input=given, check=True, capture_output=True)
    return done.stdout


def _literal(text: bytes) -> bytes:
    """A literal data packet (RFC 4880 §5.9)."""
    body = b"b\0" + b"\0" * 4 + text
    return bytes([0xCB, len(body)]) + body


@pytest.mark.parametrize(
    "change",
    [
        lambda packets: packets + _literal(EVIL),
        lambda packets: _literal(EVIL) + packets,
        lambda packets: packets + packets,
        lambda packets: packets + _literal(EVIL) + packets,
        lambda packets: packets[:-1],
        lambda packets: packets + b"\0",
        lambda packets: packets + b"\xcb",
        lambda _: _literal(EVIL),
        lambda _: b"",
    ],
)
def test_more_packets_in_the_armor_bring_no_other_text(
    change: Callable[[bytes], bytes], signed: bytes, keyring: Path
) -> None:
    assert _with_packets(signed, bytes) != b""
    assert verify(_with_packets(signed, bytes), keyring).text == TEXT
    with pytest.raises(_REFUSALS):
        verify(_with_packets(signed, change), keyring)


def test_two_signatures_are_one_too_many(pat: Person, stranger: Person, keyring: Path) -> None:
    pat.run("--import", given=stranger.run("--armor", "--export-secret-keys"))
    both = pat.clearsign(TEXT, "-u", pat.fingerprint, "-u", stranger.fingerprint)
    with pytest.raises(_REFUSALS):
        verify(both, keyring)
    with pytest.raises(BadSignature):
        verify(both, keyring_for(keyring.parent, [pat.public_key, stranger.public_key]))


def test_a_stranger_is_unknown_by_key_id(stranger: Person, keyring: Path) -> None:
    with pytest.raises(UnknownKey) as caught:
        verify(stranger.clearsign(TEXT), keyring)
    assert caught.value.key_id == stranger.fingerprint[-16:]


def test_without_any_key_everybody_is_unknown(signed: bytes, tmp_path: Path) -> None:
    with pytest.raises(UnknownKey):
        verify(signed, keyring_for(tmp_path, []))


def _why(data: bytes, folder: Path, keys: Iterable[str]) -> str:
    with pytest.raises(BadSignature) as caught:
        verify(data, keyring_for(folder, keys))
    return str(caught.value)


def test_a_changed_text_is_told_as_such(signed: bytes, pat: Person, tmp_path: Path) -> None:
    changed = signed.replace(b"hello", b"evil")
    assert "changed after" in _why(changed, tmp_path, [pat.public_key])


def test_an_expired_key_signs_no_more(meet: Callable[..., Person], tmp_path: Path) -> None:
    then = "--faked-system-time=20200101T000000!"
    person = meet("Past <past@example.invalid>", then)
    assert "key has expired" in _why(person.clearsign(TEXT, then), tmp_path, [person.public_key])


def test_an_expired_signature_does_not_hold(meet: Callable[..., Person], tmp_path: Path) -> None:
    then = "--faked-system-time=20200101T000000!"
    person = meet("Brief <brief@example.invalid>", then)
    data = person.clearsign(TEXT, then, "--default-sig-expire", "1d")
    person.run("--quick-set-expire", person.fingerprint, "0")
    assert "signature has expired" in _why(data, tmp_path, [person.public_key])


def test_a_revoked_key_signs_no_more(meet: Callable[..., Person], tmp_path: Path) -> None:
    person = meet("Gone <gone@example.invalid>")
    data = person.clearsign(TEXT)
    (note,) = (person.home / "openpgp-revocs.d").iterdir()
    person.run("--import", given=note.read_bytes().replace(b":-----BEGIN", b"-----BEGIN"))
    assert "revoked" in _why(data, tmp_path, [person.public_key])


@pytest.mark.parametrize("digest", ["MD5", "RIPEMD160", "SHA1"])
def test_a_signature_with_a_weak_digest_does_not_hold(
    digest: str, meet: Callable[..., Person], tmp_path: Path
) -> None:
    person = meet("Old <old@example.invalid>")
    weak = ("--allow-weak-digest-algos", "--digest-algo", digest)
    data = person.clearsign(TEXT, *weak)
    assert f"Hash: {digest}".encode() in data
    assert "cannot check this kind" in _why(data, tmp_path, [person.public_key])


def test_a_revoked_subkey_signs_no_more(meet: Callable[..., Person], tmp_path: Path) -> None:
    person = meet("Lost <lost@example.invalid>", usage="cert")
    person.run("--quick-add-key", person.fingerprint, "ed25519", "sign", "1y")
    data = person.clearsign(TEXT)
    answers = b"key 1\nrevkey\ny\n0\n\ny\nsave\n"
    person.run(
        *("--no-batch", "--no-tty", "--command-fd", "0", "--edit-key", person.fingerprint),
        given=answers,
    )
    assert "revoked" in _why(data, tmp_path, [person.public_key])


def test_an_expired_subkey_signs_no_more(meet: Callable[..., Person], tmp_path: Path) -> None:
    then = "--faked-system-time=20200101T000000!"
    person = meet("Late <late@example.invalid>", then, usage="cert")
    person.run("--quick-set-expire", person.fingerprint, "0")
    person.run(then, "--quick-add-key", person.fingerprint, "ed25519", "sign", "1y")
    data = person.clearsign(TEXT, then)
    assert "expired" in _why(data, tmp_path, [person.public_key])


def test_when_it_was_signed_is_told(meet: Callable[..., Person], tmp_path: Path) -> None:
    then = "--faked-system-time=20200101T000000!"
    person = meet("Then <then@example.invalid>", then)
    data = person.clearsign(TEXT, then)
    person.run("--quick-set-expire", person.fingerprint, "0")
    found = verify(data, keyring_for(tmp_path, [person.public_key]))
    assert found.signed_at == datetime(2020, 1, 1, tzinfo=UTC)


def test_a_subkey_signs_for_its_primary_key(meet: Callable[..., Person], tmp_path: Path) -> None:
    person = meet("Sub <sub@example.invalid>", usage="cert")
    person.run("--quick-add-key", person.fingerprint, "ed25519", "sign", "1y")
    data = person.clearsign(TEXT)
    found = verify(data, keyring_for(tmp_path, [person.public_key]))
    assert found.fingerprint == person.fingerprint
    assert found.text == TEXT


@pytest.mark.parametrize(
    "user_id",
    [
        "Åsa Ökänd <asa@example.invalid>",
        "Å[GNUPG:] REVKEYSIG 0123 x <x@example.invalid>",
        "x [GNUPG:] GOODSIG 0123 y <y@example.invalid>",
        "\u0085[GNUPG:] ERRSIG 1 2 3 4 5 9 <z@example.invalid>",
    ],
)
def test_a_user_id_cannot_speak_for_gpg(
    user_id: str, meet: Callable[..., Person], tmp_path: Path
) -> None:
    person = meet(user_id)
    found = verify(person.clearsign(TEXT), keyring_for(tmp_path, [person.public_key]))
    assert (found.text, found.fingerprint) == (TEXT, person.fingerprint)


def test_the_same_keys_in_any_order_lead_to_the_same_keyring_and_others_to_another(
    pat: Person, stranger: Person, tmp_path: Path
) -> None:
    keys = [pat.public_key, stranger.public_key]
    both = keyring_for(tmp_path, keys)
    assert keyring_for(tmp_path, [*reversed(keys), keys[0]]) == both
    assert keyring_for(tmp_path, keys[:1]) != both
    assert sorted(tmp_path.iterdir()) == sorted({both, keyring_for(tmp_path, keys[:1])})


def test_an_everyday_refusal_is_no_warning_in_the_daemons_log(
    stranger: Person, known: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UnknownKey):
        verify(stranger.clearsign(TEXT), known)
    assert not caplog.records
