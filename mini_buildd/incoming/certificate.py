"""The certificate that an instance makes for itself while nobody has given it one.

It is its own authority: clients trust it by being given the file. Its key stays the same when it is
made anew, so that a client which has pinned the key goes on.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import crypto

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.kit.atomic import write_file

# No client takes one that is good for longer.
_VALID = timedelta(days=397)
_RENEWED_BEFORE = timedelta(days=30)
# Clocks differ.
_BACKDATED = timedelta(hours=1)
# X.509 bounds the length of a common name; the other names are what counts today.
_MAX_COMMON_NAME = 64


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """A certificate (with those between it and its authority), and its private key; PEM."""

    certificate: Path
    key: Path


def certificate_files(settings: Settings, places: Places, now: datetime) -> CertificateFiles:
    """The files that the *settings* name, or our own for the host that people know us by."""
    if settings.tls.certificate:
        return CertificateFiles(Path(settings.tls.certificate), Path(settings.tls.key))
    return self_made(places.tls, (settings.host,), now)


def self_made(folder: Path, names: Iterable[str], now: datetime) -> CertificateFiles:
    """Our own, in *folder* (which is made, for its owner only), for the host *names*.

    It is made when there is none, when it is for other names, and when its end is near.
    """
    files = CertificateFiles(folder / "certificate.pem", folder / "key.pem")
    wanted = tuple(dict.fromkeys((*filter(None, names), "localhost", "127.0.0.1", "::1")))
    if not _is_good(files, wanted, now):
        folder.mkdir(mode=0o700, exist_ok=True)
        key = _key(files.key)
        certificate = _certificate(key, wanted, now)
        write_file(files.certificate, certificate.public_bytes(serialization.Encoding.PEM))
    return files


def ends_at(certificate: Path) -> datetime:
    """When the certificate in that file ends; raises OSError, OpenSSL.crypto.Error."""
    found = crypto.load_certificate(crypto.FILETYPE_PEM, certificate.read_bytes())
    ends = found.get_notAfter()
    if ends is None:
        raise crypto.Error("a certificate without an end")
    return datetime.strptime(ends.decode(), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _is_good(files: CertificateFiles, wanted: tuple[str, ...], now: datetime) -> bool:
    try:
        if ends_at(files.certificate) - _RENEWED_BEFORE < now:
            return False
        found = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        key = serialization.load_pem_private_key(files.key.read_bytes(), None)
        extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (OSError, ValueError, crypto.Error, x509.ExtensionNotFound):
        return False
    has_names = set(extension.value) == set(_alternatives(wanted))
    return has_names and found.public_key() == key.public_key()


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The key in that file; a new one when there is none of ours."""
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError):
        found = None
    if isinstance(found, ec.EllipticCurvePrivateKey):
        return found
    made = ec.generate_private_key(ec.SECP256R1())
    text = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_file(path, text, mode=0o600)
    return made


def _certificate(
    key: ec.EllipticCurvePrivateKey, names: tuple[str, ...], now: datetime
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:_MAX_COMMON_NAME])])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now - _BACKDATED + _VALID)
        .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _alternatives(names: Iterable[str]) -> list[x509.GeneralName]:
    return [_alternative(name) for name in names]


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        # As it stands in DNS: a name with other letters is encoded.
        return x509.DNSName(name.encode("idna").decode("ascii"))
