"""The keys of the archive: made once, rotated without cutting anybody off, retired."""

import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mini_buildd.deb.names import Fingerprint
from mini_buildd.keys import archive_keys, gpg
from mini_buildd.keys.archive_keys import (
    ArchiveKeys,
    LastSigningKey,
    UnknownSigningKey,
    ensure_archive_keys,
    retire,
    rotate,
)
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.keys.people import Person

RELEASE = b"Origin: depot\nSuite: x\n"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "g"
    folder.mkdir(mode=0o700)
    yield folder
    gpg.stop_agent(folder)


@pytest.fixture
def keys(home: Path) -> ArchiveKeys:
    return ensure_archive_keys(home, "depot")


def keyring(keys: ArchiveKeys) -> Path:
    """What a client has that knows the keys of now."""
    signing = keys.fingerprints()
    path = keys.home.with_name(f"{len(signing)}-{signing[0]}.gpg")
    dearmor = ["gpg", "--yes", "--dearmor", "--output", str(path)]
    subprocess.run(dearmor, input=keys.public_key().encode(), check=True, capture_output=True)
    return path


def good(keyring: Path, *files: str) -> set[str]:
    """The keys whose good signatures gpgv finds."""
    told = subprocess.run(
        ["gpgv", "--status-fd", "1", "--keyring", str(keyring), "--output", "-", *files],
        check=False,
        capture_output=True,
        text=True,
        cwd=keyring.parent,
    )
    lines = [line.split() for line in told.stdout.splitlines() if "VALIDSIG" in line]
    assert "BADSIG" not in told.stdout
    return {line[2] for line in lines}


def sign(keys: ArchiveKeys) -> None:
    """Sign a Release both ways, beside the GnuPG folder."""
    for name, data in (
        ("Release", RELEASE),
        ("Release.gpg", keys.sign_detached(RELEASE)),
        ("InRelease", keys.clearsign(RELEASE)),
    ):
        (keys.home.with_name(name)).write_bytes(data)


def test_the_archive_has_one_key_that_is_made_once(home: Path, keys: ArchiveKeys) -> None:
    before = keys.fingerprints()
    assert ensure_archive_keys(home, "another").fingerprints() == before
    (listed,) = gpg.list_keys(home)
    assert listed["uids"] == ["depot archive <depot@archive.invalid>"]
    (key,) = keys.listing()
    assert key.expires_at is not None
    years = (key.expires_at - datetime.now(UTC)) / timedelta(days=365)
    assert 4.9 < years < 5.1


def test_many_who_need_the_first_key_at_once_make_one(home: Path) -> None:
    threads = [threading.Thread(target=ensure_archive_keys, args=(home, "depot")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ArchiveKeys(home).fingerprints()) == len(gpg.list_keys(home)) == 1


def test_who_knows_one_of_the_keys_verifies_throughout_a_rotation(keys: ArchiveKeys) -> None:
    (old,) = keys.fingerprints()
    of_old = keyring(keys)
    sign(keys)
    for files in (("InRelease",), ("Release.gpg", "Release")):
        assert good(of_old, *files) == {old}
    new = rotate(keys.home, "depot")
    assert keys.fingerprints() == (new, old)
    of_both = keyring(keys)
    assert keys.public_key().count("BEGIN PGP PUBLIC KEY BLOCK") == 1, "apt reads one"
    sign(keys)
    retire(keys.home, old)
    of_new = keyring(keys)
    for files in (("InRelease",), ("Release.gpg", "Release")):
        assert good(of_old, *files) == {old}
        assert good(of_new, *files) == {new}
        assert good(of_both, *files) == {old, new}
    sign(keys)
    for files in (("InRelease",), ("Release.gpg", "Release")):
        assert good(of_old, *files) == set()
        assert good(of_new, *files) == good(of_both, *files) == {new}


def test_an_upload_is_signed_by_the_newest_key_only(keys: ArchiveKeys) -> None:
    new = rotate(keys.home, "depot")
    keys.home.with_name("x.changes").write_bytes(keys.clearsign_alone(RELEASE))
    assert good(keyring(keys), "x.changes") == {new}


def test_the_last_key_and_a_strange_one_are_not_retired(
    keys: ArchiveKeys, stranger: Person
) -> None:
    (old,) = keys.fingerprints()
    with pytest.raises(LastSigningKey):
        retire(keys.home, old)
    new = rotate(keys.home, "depot")
    with pytest.raises(UnknownSigningKey):
        retire(keys.home, Fingerprint(stranger.fingerprint))
    assert (retire(keys.home, old), retire(keys.home, old)) == (True, False)
    assert keys.fingerprints() == (new,)


def test_an_expired_key_signs_no_more_and_holds_nothing_up(home: Path, pat: Person) -> None:
    person = Person(home, "")
    person.run(
        *("--faked-system-time", "20200101T000000!"),
        *("--quick-generate-key", "old <old@example.invalid>", "ed25519", "sign", "1y"),
    )
    (listed,) = gpg.list_keys(home)
    old = Fingerprint(str(listed["fingerprint"]))
    (home / "archive-key").write_text(f"{old}\n")
    keys = ArchiveKeys(home)
    with pytest.raises(gpg.GnupgFailed, match="key rotate"):
        keys.clearsign(RELEASE)
    new = rotate(home, "depot")
    sign(keys)
    assert good(keyring(keys), "InRelease") == {new}
    with pytest.raises(LastSigningKey):
        retire(home, new)
    (home / "archive-key").write_text(f"{new}\n{pat.fingerprint}\n")
    with pytest.raises(gpg.GnupgFailed):
        keys.clearsign(RELEASE)


@pytest.mark.parametrize("adds", [True, False])
def test_killed_in_a_rotation_or_retirement_it_is_done_or_not_and_can_be_repeated(
    keys: ArchiveKeys, *, adds: bool
) -> None:
    def work() -> None:
        if adds:
            rotate(keys.home, "depot")
        else:
            retire(keys.home, keys.fingerprints()[-1])

    rotate(keys.home, "depot")
    effects, ended = 0, False
    while not ended:
        if not adds and len(keys.fingerprints()) == 1:
            rotate(keys.home, "depot")
        before = keys.fingerprints()
        ended = runs_to_its_end(work, effects=effects)
        done = keys.fingerprints()[1:] if adds else keys.fingerprints()
        assert before in (keys.fingerprints(), done) or done == before[:-1], effects
        sign(keys)
        assert good(keyring(keys), "InRelease") == set(keys.fingerprints())
        effects += 1
    assert effects > 3, "it had effects"


def test_an_interrupted_making_of_the_first_key_is_made_again(home: Path, pat: Person) -> None:
    gpg.import_keys(home, pat.public_key)  # as far as it came
    assert pat.fingerprint not in ensure_archive_keys(home, "depot").fingerprints()


@pytest.mark.parametrize("identity", ["mini-buildd", "7days", "build.example.org", "a"])
def test_any_identity_that_the_settings_take_has_a_key(home: Path, identity: str) -> None:
    made = ensure_archive_keys(home, identity)
    assert made.public_key().startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")


def test_before_the_first_key_there_is_none(home: Path) -> None:
    keys = ArchiveKeys(home)
    assert (keys.fingerprints(), keys.listing(), keys.public_key()) == ((), (), "")
    assert archive_keys.rotate(home, "depot") in keys.fingerprints()
