"""Opening signed control data of an upload, with every fault told as a rejection."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from mini_buildd.db.uploaders import Signer, active_keys, archive_itself, find_signer, is_blocked
from mini_buildd.deb.changes import Changes, parse_changes
from mini_buildd.deb.clearsigned import text_of
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.dsc import Dsc, parse_dsc
from mini_buildd.deb.names import MalformedName
from mini_buildd.domain import problem
from mini_buildd.domain.upload_rules import SignaturePolicy
from mini_buildd.flow.key_lookup import keys_in_keyrings, rights_of_key
from mini_buildd.flow.site import Site
from mini_buildd.flow.targets import named_distribution
from mini_buildd.keys.verify import (
    BadSignature,
    NotOneSignedText,
    Signed,
    UnknownKey,
    demand_whole,
    is_signed,
    keyring_for,
    verify,
)

_MAX_DISTRIBUTION = 130  # as there is room for in its row


@dataclass(frozen=True, slots=True)
class Opened:
    """A .changes as it was signed, by whom, and when.

    Neither of the latter is there when it was not: what then is parsed are all of its bytes.
    *signed_distribution* is what a folder that is watched lets stand for the one in *changes*.
    """

    changes: Changes
    signer: Signer | None
    signed_at: datetime | None
    signed_distribution: str = ""

    def aimed(self, suites: Mapping[str, str]) -> "Opened":
        """With the distribution that *suites* have for what is written."""
        written = self.changes.distribution
        target = suites.get(written, written)[:_MAX_DISTRIBUTION]
        if target == written:
            return self
        changes = replace(self.changes, distribution=target)
        return replace(self, changes=changes, signed_distribution=written[:_MAX_DISTRIBUTION])


def open_changes(
    site: Site, name: str, data: bytes, suites: Mapping[str, str] = MappingProxyType({})
) -> Opened:
    """The .changes *name* out of what was sent as it; raises Rejection.

    *suites* says which distributions stand for others. Where a repository is open, no signature
    and a stranger's are as good as each other.
    """
    try:
        signed, signer = open_signed(site, name, data)
    except (problem.SignatureMissing, problem.SignerUnknown) as rejection:
        opened = open_unsigned(name, data)
        opened = opened.aimed(suites) if opened is not None else None
        if opened is None or not _is_open(opened.changes):
            raise rejection from None
        return opened
    return Opened(_read_sane(name, signed.text), signer, signed.signed_at).aimed(suites)


def open_unsigned(name: str, data: bytes) -> Opened | None:
    """The same of one that nobody known has signed; None when it is not one whole text.

    That it is let in nowhere but where a repository is open is for flow.examine to say.
    """
    try:
        demand_whole(data)
        return Opened(_read_sane(name, text_of(data)), None, None)
    except (NotOneSignedText, MalformedControl, problem.Rejection):
        return None


def _is_open(changes: Changes) -> bool:
    distribution = named_distribution(changes.distribution)
    return distribution is not None and distribution.repository.is_open


def _read_sane(name: str, text: bytes) -> Changes:
    changes = read_changes(name, text)
    if any(file.name == name for file in changes.files):
        raise problem.ChangesMalformed(
            expected="a .changes that does not list itself",
            found=name,
            hint="Build the source package again and upload what comes out unchanged.",
        )
    return changes


def open_signed(site: Site, name: str, data: bytes) -> tuple[Signed, Signer]:
    """The signed text of *data* and whose signature it is; raises Rejection."""
    try:
        signed = _verify(site, data)
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
    signer = _signer(site, signed)
    if signer is None:
        raise _signer_unknown(name, signed.fingerprint)
    return signed, signer


def _verify(site: Site, data: bytes) -> Signed:
    """By the registered keys, or else by the one of a keyring that has made the signature."""
    known = [*active_keys(), site.signer.public_key]
    folder = site.places.keyrings
    try:
        return verify(data, keyring_for(folder, known))
    except UnknownKey as error:
        found = [found for _, found in keys_in_keyrings(site, error.key_id)]
        if not found:
            raise
        return verify(data, keyring_for(folder, found))


def _signer(site: Site, signed: Signed) -> Signer | None:
    """Whose key it is; the archive's own stays that, whoever may have registered it.

    A key of an account that is in a keyring as well may what either may.
    """
    key = signed.fingerprint
    if key in site.signer.fingerprints:
        return archive_itself(site.settings.identity)
    if is_blocked(key):
        return None
    keyrings = [keyring for keyring, _ in keys_in_keyrings(site, key)]
    rights = [right for each in keyrings for right in rights_of_key(each, key)]
    signer = find_signer(key)
    if signer is not None:
        return replace(signer, rights=(*signer.rights, *rights))
    if not keyrings:
        return None
    names = ", ".join(keyring.name for keyring in keyrings)
    return Signer(None, f"{signed.user_id[:200]} ({names[:190]})", tuple(rights), key)


def _signer_unknown(name: str, key_id: str) -> problem.SignerUnknown:
    return problem.SignerUnknown(
        expected=f"{name} signed by a registered uploader's key",
        found=f"a signature by key {key_id}",
        hint="Give your public key on the page “me” and have it approved, or sign with another.",
    )


def read_changes(name: str, text: bytes) -> Changes:
    """Parse the signed *text* of a .changes; raises ChangesMalformed."""
    try:
        return parse_changes(text)
    except (MalformedControl, MalformedName) as error:
        raise _malformed(name, error) from None


def read_dsc(site: Site, name: str, data: bytes, policy: SignaturePolicy, *, is_open: bool) -> Dsc:
    """Parse a .dsc whose digest the .changes gave; raises Rejection.

    A .dsc that is signed itself must be signed by somebody known, and only what that signature
    covers is parsed; where the repository *is_open*, it may be a stranger.
    """
    if not is_signed(data):
        if policy is SignaturePolicy.BOTH and not is_open:
            raise problem.SignatureMissing(
                expected=f"{name} signed too, as the repository demands",
                found="no signature in it",
                hint="Sign both with debsign and upload again.",
            )
        text = data
    else:
        text = _signed_text(site, name, data, is_open=is_open)
    try:
        return parse_dsc(text)
    except (MalformedControl, MalformedName) as error:
        raise _malformed(name, error) from None


def _signed_text(site: Site, name: str, data: bytes, *, is_open: bool) -> bytes:
    try:
        return open_signed(site, name, data)[0].text
    except problem.SignerUnknown:
        if not is_open:
            raise
        return text_of(data)


def _malformed(name: str, error: Exception) -> problem.ChangesMalformed:
    return problem.ChangesMalformed(
        expected=f"{name} as dpkg-genchanges and dpkg-source write it",
        found=str(error),
        hint="Build the source package again and upload what comes out unchanged.",
    )
