"""The published tree: always whole, always signed, whatever happens while it is written."""

import errno
import gzip
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mini_buildd.archive import publish as publish_module
from mini_buildd.archive.plan import DEBUG, release_text
from mini_buildd.archive.publish import prune
from mini_buildd.deb.deb822 import parse_paragraph
from mini_buildd.keys import gpg
from mini_buildd.tests.archive import publish_for_ever
from mini_buildd.tests.archive.repository import Repository, parse_name

_ROUNDS = 8


def _publishing(repository: Repository) -> subprocess.Popen[str]:
    script = Path(publish_for_ever.__file__)
    return subprocess.Popen(
        [sys.executable, str(script), str(repository.folder), str(repository.keys.home)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_what_is_published_is_signed_and_every_digest_holds(repository: Repository) -> None:
    repository.add("tiny")
    repository.add_source("tiny")
    repository.publish(1)
    release = repository.verified_release()
    indexes = repository.check_indexes(release)
    assert (repository.dists / "Release").read_bytes() == release
    gpgv = ["gpgv", "--keyring", str(repository.folder / "keyring.gpg")]
    files = [str(repository.dists / name) for name in ("Release.gpg", "Release")]
    subprocess.run([*gpgv, *files], check=True, capture_output=True)
    assert sorted(path for path in indexes if not path.endswith((".gz", ".xz"))) == [
        "contrib/binary-amd64/Packages",
        "contrib/source/Sources",
        "main/binary-amd64/Packages",
        "main/source/Sources",
    ]
    assert b"Package: tiny\n" in indexes["main/binary-amd64/Packages"]
    for path, data in indexes.items():
        for suffix, tool in ((".gz", "gzip"), (".xz", "xz")):
            if path.endswith(suffix):
                told = subprocess.run([tool, "-dc"], input=data, check=True, capture_output=True)
                assert told.stdout == indexes[path.removesuffix(suffix)]


def test_an_installer_package_stands_in_the_installers_index_only(repository: Repository) -> None:
    repository.add("tiny")
    repository.add("tiny-udeb", suffix="udeb")
    repository.publish(1)
    indexes = repository.check_indexes(repository.verified_release())
    assert b"tiny-udeb" not in indexes["main/binary-amd64/Packages"]
    assert b"Package: tiny-udeb\n" in indexes["main/debian-installer/binary-amd64/Packages"]


def test_every_index_has_a_way_to_it_by_its_hash(repository: Repository) -> None:
    repository.shape = {"has_contents": True, "has_translations": True, "separates_debug": True}
    repository.add("tiny")
    repository.add("tiny-dbgsym", part=DEBUG)
    repository.publish(1)
    indexes = repository.check_indexes(repository.verified_release())
    assert gzip.decompress(indexes["main/Contents-amd64.gz"]).startswith(b"usr/share/tiny/")
    assert indexes["main/debug/source/Sources"] == b""  # apt wants one of every component


def test_of_two_publications_the_later_has_a_later_second(repository: Repository) -> None:
    seconds = []
    for number in (1, 2, 3):
        repository.publish(number, valid_until=datetime.now(UTC) + timedelta(days=number))
        files = ("Release", "Release.gpg", "InRelease")
        seconds.append({int((repository.dists / name).stat().st_mtime) for name in files})
    assert [len(each) for each in seconds] == [1, 1, 1]
    assert max(seconds[0]) < max(seconds[1]) < max(seconds[2])


def test_publishing_again_changes_nothing_and_the_next_version_replaces_it(
    repository: Repository,
) -> None:
    repository.add("tiny")
    repository.publish(1)
    before = {path: path.lstat().st_mtime_ns for path in repository.folder.rglob("*")}
    repository.publish(1)
    assert {path: path.lstat().st_mtime_ns for path in repository.folder.rglob("*")} == before
    repository.add("tiny", "2.0")
    repository.publish(2)
    assert repository.tree.published(repository.name) == 2
    indexes = repository.check_indexes(repository.verified_release())
    assert b"Version: 2.0\n" in indexes["main/binary-amd64/Packages"]


def test_a_description_stays_on_its_line(repository: Repository) -> None:
    face = replace(
        repository.face(1), description="one\nSuite: evil\n\nSHA256:\r\n x", origin="a\nb"
    )
    text = release_text(face, [])
    paragraph = parse_paragraph(text)
    assert paragraph.get("Description") == "one Suite: evil SHA256: x"
    assert paragraph.get("Origin") == "a b"
    assert paragraph.get("Suite") == str(repository.name)


def test_a_signature_that_fails_leaves_the_published_version(repository: Repository) -> None:
    repository.publish(1)
    release = repository.verified_release()

    def fail(_: bytes) -> bytes:
        raise gpg.GnupgFailed("no secret key")

    signer = replace(repository.signer, clearsign=fail)
    with pytest.raises(gpg.GnupgFailed):
        repository.publish(2, signer)
    assert repository.verified_release() == release
    suite = repository.tree.suite(repository.name)
    assert {path.name for path in suite.iterdir()} == {"by-hash", "1"}
    repository.publish(2)
    assert repository.tree.published(repository.name) == 2


def test_killed_at_any_moment_the_published_version_is_whole_and_publishing_goes_on(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(7)  # noqa: S311  # moments, not secrets
    published = 0
    for _ in range(_ROUNDS):
        with _publishing(repository) as process:
            assert process.stdout is not None
            assert int(process.stdout.readline()) > published
            try:
                process.wait(chance.uniform(0.0, 0.25))
            except subprocess.TimeoutExpired:
                process.kill()
        published = repository.tree.published(repository.name) or 0
        release = repository.verified_release()
        assert parse_paragraph(release).get("Version") == str(published)
        indexes = repository.check_indexes(release)
        texts = [index for path, index in indexes.items() if "." not in path]
        for binary in publish_for_ever.content(published):
            assert any(binary.paragraph.encode() in text for text in texts)
    monkeypatch.setattr(publish_module, "_GRACE_SECONDS", -60)
    repository.publish(published + 1)
    prune(repository.tree, repository.name, range(published - 1, published + 2))
    _nothing_is_left_over(repository, published + 1)


def _nothing_is_left_over(repository: Repository, published: int) -> None:
    """All that is there is a kept version, an index of one, or one of the few other files."""
    tree, suite = repository.tree, repository.tree.suite(repository.name)
    kept = {str(number) for number in range(published - 2, published + 1)}
    assert {path.name for path in suite.iterdir()} == {"by-hash"} | kept
    assert {path.stat().st_nlink > 1 for path in tree.blobs(repository.name).iterdir()} == {True}
    assert {path.name for path in repository.dists.parent.iterdir()} == {str(repository.name)}
    assert {path.name for path in tree.root.iterdir()} <= {
        *("archive-key.asc", f"{repository.name}.sources", "dists", "suites", "pool"),
    }
    repository.check_indexes(repository.verified_release())


def test_a_reader_finds_all_that_an_inrelease_names_while_others_are_published(
    repository: Repository,
) -> None:
    seen: set[str | None] = set()
    with _publishing(repository) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while len(seen) < 5:
            release = repository.verified_release()
            repository.check_indexes(release, only_by_hash=True)
            seen.add(parse_paragraph(release).get("Version"))
        process.kill()


def test_what_a_client_still_may_need_is_not_pruned(repository: Repository) -> None:
    for number in range(1, 7):
        repository.add("tiny", f"{number}.0")
        repository.publish(number)
        if number == 1:
            first = repository.verified_release()
        prune(repository.tree, repository.name, ())
    repository.check_indexes(first, only_by_hash=True)
    assert not repository.tree.version(repository.name, 1).exists()


def test_pruning_what_was_never_published_does_nothing(repository: Repository) -> None:
    prune(repository.tree, repository.name, ())
    assert not repository.tree.root.exists()


@pytest.fixture
def linked_out(repository: Repository) -> Iterator[Repository]:
    """A repository in which the index without packages has as many names as it can have."""
    repository.publish(1)
    empty = repository.dists / "contrib" / "binary-amd64" / "Packages.xz"
    names = repository.folder / "names"
    names.mkdir()
    for number in range(70_000):
        try:
            os.link(empty, names / str(number))
        except OSError as error:
            assert error.errno == errno.EMLINK  # noqa: PT017  # told by the file system
            break
    else:
        pytest.skip("files have no bound on their names here")
    yield repository
    for path in names.iterdir():
        path.unlink()


def test_an_index_that_can_have_no_more_names_is_written_anew(linked_out: Repository) -> None:
    linked_out.publish(2)
    linked_out.check_indexes(linked_out.verified_release())


def test_many_suites_can_be_published_at_once(repository: Repository) -> None:
    names = [f"trixie-test-{suite}" for suite in ("unstable", "testing", "stable", "hotfix")]
    ones = [Repository(repository.folder, repository.keys, name=parse_name(name)) for name in names]
    threads = [threading.Thread(target=each.publish, args=(1,)) for each in ones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in ones:
        each.check_indexes(each.verified_release())
