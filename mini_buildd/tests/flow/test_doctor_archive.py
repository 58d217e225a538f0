"""Sources of a base archive that the real apt is sent to: dead, unsigned, too old, too new."""

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from mini_buildd.domain.diagnosis import Mark
from mini_buildd.flow.doctor.archive import examine_source
from mini_buildd.tests.keys.people import Person, make_person
from mini_buildd.tools.mmdebstrap import ChrootSource


@pytest.fixture(scope="module")
def signer(short_folder: Path) -> Iterator[Person]:
    someone = make_person(short_folder / "archive-signer", "Archive <archive@example.invalid>")
    yield someone
    someone.close()


def _release(*, made: timedelta = timedelta(), valid: timedelta = timedelta(days=7)) -> bytes:
    now = datetime.now(UTC)
    return (
        "Origin: Test\nSuite: trixie\nCodename: trixie\n"
        f"Date: {format_datetime(now + made, usegmt=True)}\n"
        f"Valid-Until: {format_datetime(now + valid, usegmt=True)}\n"
        "Architectures: amd64\nComponents: main\n"
        f"SHA256:\n {'0' * 64} 1 main/binary-amd64/Packages\n"
    ).encode()


def _source(root: Path, signer: Person, release: bytes | None) -> ChrootSource:
    keyring = root / "keyring.asc"
    keyring.write_text(signer.public_key)
    if release is not None:
        suite = root / "dists/trixie"
        suite.mkdir(parents=True)
        (suite / "InRelease").write_bytes(release)
    return ChrootSource(f"file:{root}", "trixie", "main", str(keyring), check_valid_until=True)


def _found(source: ChrootSource) -> tuple[Mark, str]:
    diagnosis = examine_source(source)
    return diagnosis.mark, diagnosis.found


def test_a_source_that_is_signed_and_in_date_is_fine(tmp_path: Path, signer: Person) -> None:
    source = _source(tmp_path, signer, signer.clearsign(_release()))
    assert _found(source) == (Mark.OK, "reached and verified")


@pytest.mark.parametrize(
    ("times", "title"),
    [
        ({"valid": timedelta(days=-1)}, "past its date"),
        ({"made": timedelta(days=1)}, "from the future"),
    ],
)
def test_dates_are_told(
    tmp_path: Path, signer: Person, times: dict[str, timedelta], title: str
) -> None:
    source = _source(tmp_path, signer, signer.clearsign(_release(**times)))
    mark, found = _found(source)
    assert (mark, title in found) == (Mark.LACKS, True), found


def test_a_stranger_s_signature_is_told(tmp_path: Path, short_folder: Path, signer: Person) -> None:
    stranger = make_person(short_folder / "another-mirror", "Stranger <s@example.invalid>")
    try:
        source = _source(tmp_path, signer, stranger.clearsign(_release()))
    finally:
        stranger.close()
    mark, found = _found(source)
    assert (mark, "not signed by a key of its keyring" in found) == (Mark.LACKS, True), found


def test_a_suite_that_is_not_there_and_a_keyring_that_is_not_there_are_told(
    tmp_path: Path, signer: Person
) -> None:
    source = _source(tmp_path, signer, None)
    mark, found = _found(source)
    assert (mark, "does not have this suite" in found) == (Mark.LACKS, True), found
    (tmp_path / "keyring.asc").unlink()
    mark, found = _found(source)
    assert (mark, "no such file" in found) == (Mark.LACKS, True), found


def test_a_dead_mirror_is_told_at_once(tmp_path: Path, signer: Person) -> None:
    with closing(socket.socket()) as holder:  # nobody listens, and nobody else will
        holder.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{holder.getsockname()[1]}/debian"
        keyring = _source(tmp_path, signer, None).keyring
        source = ChrootSource(url, "trixie", "main", keyring, check_valid_until=True)
        diagnosis = examine_source(source)
    assert (diagnosis.mark, "cannot be reached" in diagnosis.found) == (Mark.LACKS, True)
    assert diagnosis.subject == f"{url} trixie"
