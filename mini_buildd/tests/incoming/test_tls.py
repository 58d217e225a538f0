"""The certificate that servers show: our own, given ones, and ones that are replaced meanwhile."""

import logging
import socket
import ssl
import subprocess
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from OpenSSL import SSL

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Http, Settings, Tls
from mini_buildd.domain.problem import CertificateUnusable
from mini_buildd.incoming.certificate import (
    CertificateFiles,
    certificate_files,
    ends_at,
    self_made,
)
from mini_buildd.incoming.tls import TlsContext

_NOW = datetime.now(UTC)


def _shake(context: TlsContext, client: ssl.SSLContext, name: str) -> ssl.SSLSocket:
    """What Python's ssl, a real client, makes of a connection to *name*."""
    ours, theirs = socket.socketpair()
    connection = context.serverConnectionForTLS(None)

    def serve() -> None:
        with closing(ours):
            try:
                _pump(connection, ours)
            except (SSL.Error, OSError):
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        theirs.settimeout(20)
        return client.wrap_socket(theirs, server_hostname=name)
    finally:
        thread.join()


def _pump(connection: SSL.Connection, ours: socket.socket) -> None:
    """The server's side of a handshake, as Twisted does it: OpenSSL in memory, bytes by us."""
    connection.set_accept_state()
    ours.settimeout(20)
    while True:
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            _flush(connection, ours)
            connection.bio_write(ours.recv(65536))
        else:
            _flush(connection, ours)
            return
        finally:
            _flush(connection, ours)


def _flush(connection: SSL.Connection, ours: socket.socket) -> None:
    try:
        ours.sendall(connection.bio_read(65536))
    except SSL.WantReadError:
        return


def _shown(context: TlsContext) -> bytes:
    """The certificate that a client is shown, DER."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    with _shake(context, client, "localhost") as connection:
        return cast("bytes", connection.getpeercert(binary_form=True))


def _der(path: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(path.read_text(encoding="ascii"))


def _given(folder: Path, name: str) -> CertificateFiles:
    """A certificate as an administrator makes one with OpenSSL."""
    files = CertificateFiles(folder / f"{name}.crt", folder / f"{name}.key")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "3", "-subj", f"/CN={name}"),
            *("-keyout", files.key, "-out", files.certificate),
        ],
        check=True,
        capture_output=True,
    )
    return files


def _put(source: CertificateFiles, target: CertificateFiles) -> None:
    for each, place in ((source.certificate, target.certificate), (source.key, target.key)):
        each.rename(place)


# --- our own ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["buildd.example.org", "localhost", "127.0.0.1", "::1"])
def test_a_client_that_is_given_our_own_certificate_trusts_each_of_its_names(
    tmp_path: Path, name: str
) -> None:
    files = self_made(tmp_path / "tls", ["buildd.example.org"], _NOW)
    client = ssl.create_default_context(cafile=str(files.certificate))
    with _shake(TlsContext(files), client, name) as connection:
        assert connection.version() == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake(TlsContext(files), client, "elsewhere.example.org")


def test_our_own_key_is_for_its_owner_only(tmp_path: Path) -> None:
    files = self_made(tmp_path / "tls", [], _NOW)
    assert files.key.stat().st_mode & 0o777 == 0o600
    assert files.key.parent.stat().st_mode & 0o777 == 0o700


def test_our_own_certificate_stays_until_its_end_is_near_and_its_key_beyond_that(
    tmp_path: Path,
) -> None:
    first = self_made(tmp_path / "tls", ["a.example"], _NOW).certificate.read_bytes()
    key = (tmp_path / "tls" / "key.pem").read_bytes()
    later = _NOW + timedelta(days=300)
    assert self_made(tmp_path / "tls", ["a.example"], later).certificate.read_bytes() == first
    much_later = _NOW + timedelta(days=380)
    files = self_made(tmp_path / "tls", ["a.example"], much_later)
    assert files.certificate.read_bytes() != first
    assert ends_at(files.certificate) > much_later + timedelta(days=300)
    assert files.key.read_bytes() == key


@pytest.mark.parametrize("what", ["key.pem", "certificate.pem"])
@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_a_part_of_our_own_that_is_lost_or_damaged_is_made_anew(
    tmp_path: Path, what: str, content: bytes | None
) -> None:
    files = self_made(tmp_path / "tls", ["a.example"], _NOW)
    path = tmp_path / "tls" / what
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    files = self_made(tmp_path / "tls", ["a.example"], _NOW)
    assert _shown(TlsContext(files)) == _der(files.certificate)


def test_another_name_of_the_host_makes_another_certificate(tmp_path: Path) -> None:
    first = self_made(tmp_path / "tls", ["a.example"], _NOW).certificate.read_bytes()
    assert self_made(tmp_path / "tls", ["b.example"], _NOW).certificate.read_bytes() != first


def test_a_certificate_is_the_given_one_or_for_the_host_that_people_know(tmp_path: Path) -> None:
    places = Places(tmp_path)
    given = Settings(home=tmp_path, tls=Tls("/etc/a.crt", "/etc/a.key"))
    assert certificate_files(given, places, _NOW) == CertificateFiles(
        Path("/etc/a.crt"), Path("/etc/a.key")
    )
    own = Settings(home=tmp_path, http=Http(public_url="https://bücher.example:8443/x"))
    files = certificate_files(own, places, _NOW)
    client = ssl.create_default_context(cafile=str(files.certificate))
    _shake(TlsContext(files), client, "xn--bcher-kva.example").close()


# --- replaced while servers run ---------------------------------------------------------


def test_a_certificate_that_was_replaced_is_shown_to_the_next_who_connects(tmp_path: Path) -> None:
    files, other = _given(tmp_path, "first"), _given(tmp_path, "second")
    context = TlsContext(files)
    before = _shown(context)
    _put(other, files)
    assert _shown(context) == _der(files.certificate) != before


def test_one_that_does_not_fit_its_key_leaves_the_old_one_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    files, other = _given(tmp_path, "first"), _given(tmp_path, "second")
    context = TlsContext(files, told.append)
    before = _shown(context)
    other.certificate.rename(files.certificate)
    with caplog.at_level(logging.ERROR):
        assert [_shown(context), _shown(context)] == [before, before]
    assert len(told) == len(caplog.records) == 1
    assert "key values mismatch" in told[0]
    other.key.rename(files.key)
    assert _shown(context) == _der(files.certificate) != before
    assert told[1:] == [""]


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_files_that_are_gone_or_damaged_leave_the_old_ones(
    tmp_path: Path, content: bytes | None
) -> None:
    told: list[str] = []
    files = _given(tmp_path, "first")
    context = TlsContext(files, told.append)
    before = _shown(context)
    files.certificate.unlink()
    if content is not None:
        files.certificate.write_bytes(content)
    assert _shown(context) == before
    assert len(told) == 1


def test_nothing_starts_with_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(CertificateUnusable, match="No such file"):
        TlsContext(CertificateFiles(tmp_path / "no.crt", tmp_path / "no.key"))


def test_a_key_with_a_pass_phrase_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    files = _given(tmp_path, "locked")
    plain = files.key.rename(tmp_path / "plain.key")
    subprocess.run(
        ["openssl", "pkey", "-aes256", "-passout", "pass:x", "-in", plain, "-out", files.key],
        check=True,
    )
    with pytest.raises(CertificateUnusable, match="without a pass phrase"):
        TlsContext(files)


# --- what is spoken ---------------------------------------------------------------------


def test_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path) -> None:
    context = TlsContext(self_made(tmp_path / "tls", [], _NOW))
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    with _shake(context, client, "localhost") as connection:
        assert connection.version() == "TLSv1.2"
    old = SSL.Context(SSL.TLS_METHOD)
    old.set_max_proto_version(SSL.TLS1_1_VERSION)
    old.set_cipher_list(b"ALL:@SECLEVEL=0")
    client_side = SSL.Connection(old, None)
    client_side.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        client_side.do_handshake()
    server_side = context.serverConnectionForTLS(None)
    server_side.set_accept_state()
    server_side.bio_write(client_side.bio_read(65536))
    with pytest.raises(SSL.Error, match="unsupported protocol"):
        server_side.do_handshake()


def test_our_own_certificate_is_one_that_openssl_accepts_strictly(tmp_path: Path) -> None:
    files = self_made(tmp_path / "tls", ["a.example"], _NOW)
    said = subprocess.run(
        [
            *("openssl", "verify", "-x509_strict", "-purpose", "sslserver"),
            *("-verify_hostname", "a.example", "-CAfile", files.certificate, files.certificate),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert said.stdout.endswith(": OK\n"), said.stderr
