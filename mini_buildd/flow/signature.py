"""Opening signed control data of an upload, with every fault told as a rejection."""

from dataclasses import dataclass
from datetime import datetime

from mini_buildd.db.uploaders import Signer, active_keys, archive_itself, find_signer
from mini_buildd.deb.changes import Changes, parse_changes
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.dsc import Dsc, parse_dsc
from mini_buildd.deb.names import Fingerprint, MalformedName
from mini_buildd.domain import problem
from mini_buildd.flow.site import Site
from mini_buildd.keys.verify import (
    BadSignature,
    NotOneSignedText,
    Signed,
    UnknownKey,
    is_signed,
    keyring_for,
    verify,
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A .changes as it was signed, by whom, and when."""

    changes: Changes
    signer: Signer
    signed_at: datetime


def open_changes(site: Site, name: str, data: bytes) -> Opened:
    """The .changes *name* out of what was sent as it; raises Rejection."""
    signed, signer = open_signed(site, name, data)
    changes = read_changes(name, signed.text)
    if any(file.name == name for file in changes.files):
        raise problem.ChangesMalformed(
            expected="a .changes that does not list itself",
            found=name,
            hint="Build the source package again and upload what comes out unchanged.",
        )
    return Opened(changes, signer, signed.signed_at)


def open_signed(site: Site, name: str, data: bytes) -> tuple[Signed, Signer]:
    """The signed text of *data* and whose signature it is; raises Rejection."""
    try:
        known = [*active_keys(), site.signer.public_key]
        signed = verify(data, keyring_for(site.places.keyrings, known))
    except NotOneSignedText as error:
        raise problem.SignatureMissing(
            expected=f"{name} clear-signed as a whole, with nothing before or after",
            found=str(error),
            hint="Sign it with debsign and upload again.",
        ) from None
    except UnknownKey as error:
        raise _signer_unknown(name, error.key_id) from None
    except BadSignature as error:
        raise problem.SignatureBad(
            expected=f"a good signature on {name}",
            found=str(error),
            hint="Sign the unchanged file with a valid key (debsign) and upload again.",
        ) from None
    signer = _signer(site, signed.fingerprint)
    if signer is None:
        raise _signer_unknown(name, signed.fingerprint)
    return signed, signer


def _signer(site: Site, fingerprint: Fingerprint) -> Signer | None:
    """Whose key it is; the archive's own stays that, whoever may have registered it."""
    if fingerprint in site.signer.fingerprints:
        return archive_itself(site.settings.identity)
    return find_signer(fingerprint)


def _signer_unknown(name: str, key_id: str) -> problem.SignerUnknown:
    return problem.SignerUnknown(
        expected=f"{name} signed by a registered uploader's key",
        found=f"a signature by key {key_id}",
        hint="Have an administrator register your public key, or sign with the registered one.",
    )


def read_changes(name: str, text: bytes) -> Changes:
    """Parse the signed *text* of a .changes; raises ChangesMalformed."""
    try:
        return parse_changes(text)
    except (MalformedControl, MalformedName) as error:
        raise _malformed(name, error) from None


def read_dsc(site: Site, name: str, data: bytes) -> Dsc:
    """Parse a .dsc whose digest a signed .changes gave; raises Rejection.

    A .dsc that is signed itself must be signed by somebody registered, and only what that
    signature covers is parsed.
    """
    text = open_signed(site, name, data)[0].text if is_signed(data) else data
    try:
        return parse_dsc(text)
    except (MalformedControl, MalformedName) as error:
        raise _malformed(name, error) from None


def _malformed(name: str, error: Exception) -> problem.ChangesMalformed:
    return problem.ChangesMalformed(
        expected=f"{name} as dpkg-genchanges and dpkg-source write it",
        found=str(error),
        hint="Build the source package again and upload what comes out unchanged.",
    )
