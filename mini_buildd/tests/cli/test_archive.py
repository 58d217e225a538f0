"""``mini-buildd archive``: what people type, and what they read."""

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.archive.tree import changelog_path
from mini_buildd.db.models import Publication, Snapshot
from mini_buildd.deb.names import Component, SourceName
from mini_buildd.flow.beside import beside_daemon
from mini_buildd.flow.freeze import freeze
from mini_buildd.keys.archive_keys import ensure_archive_keys
from mini_buildd.tests.archive.repository import Repository
from mini_buildd.tests.cli.conftest import Desk
from mini_buildd.tests.flow.base_archive import BaseArchive, paragraph
from mini_buildd.tests.flow.shelf import ADMIN
from mini_buildd.tests.instance import Instance, processes, wait_for

UNSTABLE, TESTING = "trixie-test-unstable", "trixie-test-testing"


def lines(said: str) -> list[list[str]]:
    """Each line's columns."""
    return [re.split(r"\s{2,}", line.strip()) for line in said.splitlines()]


# --- looking ------------------------------------------------------------------------


def test_versions_tell_what_when_who_and_what_changed(desk: Desk) -> None:
    Publication.objects.filter(number=2).update(removed_at=desk.scene.clock(), reason="\x1b[2J\nhm")
    desk.shelf.put(desk.shelf.source("dash"))
    Publication.objects.filter(number=4).update(published_at=None)
    freeze(desk.scene.site, ADMIN, desk.scene.distribution(), "release")
    said = lines(desk.say("versions", UNSTABLE))
    when = said[2][2]
    assert re.fullmatch(r"2026-11-20 \d\d:\d\d", when)
    assert said == [
        [f"◈ frozen since {when} UTC by root: release"],
        ["nr", "when (UTC)", "what", "who", "changes", "why"],
        ["○ waiting", "4", when, "upload", "mini-buildd", "+ dash 1.0"],
        ["● published", "3", when, "upload", "mini-buildd", "↑ hello 1.0 → 1.1"],
        ["– gone", "2", when, "upload", "mini-buildd", "+2", "?[2J hm"],
        ["kept", "1", when, "begin", "mini-buildd"],
    ]
    assert len(desk.say("versions", UNSTABLE, "--last=1").splitlines()) == 3


def test_columns_stand_below_each_other(desk: Desk) -> None:
    first, *rows = desk.say("versions", UNSTABLE).splitlines()
    for word in ("nr", "when", "what", "who", "changes"):
        column = first.index(word)
        assert all(row[column - 1] == " " != row[column] for row in rows if len(row) > column)


def test_show_lists_the_source_packages_of_any_version(desk: Desk) -> None:
    desk.shelf.scene.distribution().suite.layout.suites.update(kept_versions=2)
    desk.shelf.put(
        desk.shelf.source("hello", "2.0", paragraph("a"), paragraph("b", architecture="all"))
    )
    assert lines(desk.say("show", UNSTABLE)) == [
        [f"version 4 of {UNSTABLE}: 2 source packages"],
        ["bc", "1.0", "1 binary package: amd64"],
        ["hello", "2.0", "2 binary packages: all amd64"],
        ["hello", "1.1", "1 binary package: amd64"],
    ]
    assert desk.say("show", UNSTABLE, "1") == f"version 1 of {UNSTABLE}: 0 source packages\n"


def test_diff_of_versions_and_of_suites(desk: Desk) -> None:
    up = "version 2 → version 3:\n  ↑ upgraded  hello  1.0 → 1.1\n"
    down = "version 3 → version 2:\n  ↓ downgraded  hello  1.1 → 1.0\n"
    added = "version 1 → version 2:\n  + added  bc     1.0\n  + added  hello  1.0\n"
    gone = f"version 2 → {TESTING} version 1:\n  - removed  bc     1.0\n  - removed  hello  1.0\n"
    for words, said in (
        ((UNSTABLE,), up),
        ((UNSTABLE, "2"), up),
        ((f"{UNSTABLE}@2",), up),
        ((UNSTABLE, "1", "2"), added),
        ((UNSTABLE, "3", "2"), down),
        ((f"{UNSTABLE}@3", "2"), down),
        ((f"{UNSTABLE}@2", TESTING), gone),
        ((UNSTABLE, f"{UNSTABLE}@3"), "version 3 → version 3: no difference\n"),
    ):
        assert desk.say("diff", *words) == f"{UNSTABLE} {said}"


def test_diff_shows_the_entries_that_came_in_between(desk: Desk) -> None:
    assert "hello: the archive has no changelog of it" in desk.say("diff", UNSTABLE, "--changelog")
    path = changelog_path(Component("main"), SourceName("hello"), "1.1")
    file = desk.scene.site.tree("test").root / path
    file.parent.mkdir(parents=True)
    file.write_bytes(
        b"".join(
            b"hello (%s) unstable; urgency=medium\n\n  * Of %s \x1b]0;\xff.\n\n"
            b" -- Pat <pat@example.invalid>  Fri, 20 Nov 2026 12:00:00 +0000\n\n" % (each, each)
            for each in (b"1.1", b"1.0+b", b"1.0", b"0.9")
        )
    )
    said = desk.say("diff", UNSTABLE, "--changelog")
    assert [line for line in said.splitlines() if "* Of" in line] == [
        "  * Of 1.1 ?]0;�.",
        "  * Of 1.0+b ?]0;�.",
    ]
    assert "* Of 1.1" in desk.say("diff", UNSTABLE, "3", "2", "--changelog"), "backwards, too"


# --- changing -------------------------------------------------------------------------


def test_a_migration_is_published_and_says_as_what(desk: Desk) -> None:
    assert desk.say("migrate", UNSTABLE, "hello", "--dry-run") == (
        f"○ would be version 2 of {TESTING}\n  + added  hello  1.1\n"
    )
    assert desk.shelf.in_tree("testing") == {}
    said = desk.say("migrate", UNSTABLE, "hello", "--reason=it is time", "--whole-way")
    assert said == (
        f"● published as version 2 of {TESTING}\n  + added  hello  1.1\n"
        "● published as version 1 of trixie-test-stable\n  + added  hello  1.1\n"
    )
    assert desk.shelf.in_tree("testing") == desk.shelf.in_tree("stable") == {"hello": ["1.1"]}
    owner = subprocess.run(["id", "-nu"], check=True, capture_output=True, text=True)
    made = Publication.objects.get(distribution__name=TESTING, number=2)
    assert (made.actor, made.reason) == (owner.stdout.strip(), "it is time")


def test_a_removal_and_a_rollback_are_published(desk: Desk) -> None:
    assert "- removed  bc" in desk.say("remove", UNSTABLE, "bc", "--dry-run")
    desk.say("remove", UNSTABLE, "bc", "hello")
    assert desk.shelf.in_tree() == {}
    assert "would be version 5" in desk.say("rollback", UNSTABLE, "2", "--dry-run")
    assert "published as version 5" in desk.say("rollback", UNSTABLE, "2")
    assert desk.shelf.in_tree() == {"hello": ["1.0"], "bc": ["1.0"]}
    assert "rollback to 2" in desk.say("versions", UNSTABLE)


def test_what_would_break_is_told_and_refused_unless_somebody_insists(
    desk: Desk, tmp_path: Path
) -> None:
    key = ensure_archive_keys(desk.scene.site.places.gnupg, "example")
    base = BaseArchive(Repository(tmp_path / "base", key), desk.scene)
    base.publish(paragraph("libc6"))
    base.configure()
    desk.shelf.check_installability(wanted=True)
    desk.shelf.put(desk.shelf.source("app", "1.0", paragraph("app", "Depends: gone")))
    status, said, complained = desk.call("migrate", UNSTABLE, "app", "--dry-run")
    assert (status, complained) == (1, "")
    assert "  ✕ app 1.0 (amd64) depends on gone, which nothing provides\n" in said
    status, said, complained = desk.call("migrate", UNSTABLE, "app")
    assert (status, said) == (1, "")
    assert "[would-break]" in complained
    assert "  nothing would become uninstallable\n" in desk.say(
        "migrate", UNSTABLE, "bc", "--dry-run"
    )
    assert "published as version 2" in desk.say("migrate", UNSTABLE, "app", "--force")


def test_what_cannot_be_done_is_told_in_two_lines(desk: Desk) -> None:
    before = desk.shelf.rows()
    for words, code in (
        (("migrate", UNSTABLE, "hello", "nothing"), "package-not-there"),
        (("migrate", "trixie-test-stable", "hello"), "package-not-there"),
        (("remove", UNSTABLE, "hello="), "package-not-there"),
        (("remove", "nowhere", "hello"), "suite-unknown"),
        (("rollback", UNSTABLE, "9"), "version-not-kept"),
        (("rollback", UNSTABLE, "3"), "nothing-to-do"),
        (("thaw", UNSTABLE), "nothing-to-do"),
        (("show", UNSTABLE, "9"), "version-not-kept"),
        (("diff", UNSTABLE, "nowhere"), "suite-unknown"),
        (("snapshots", "rest"), "repository-unknown"),
        (("drop-snapshot", "test", "first"), "snapshot-unknown"),
    ):
        status, said, complained = desk.call(*words)
        assert (status, said, complained.count("\n")) == (1, "", 2)
        assert f"[{code}]" in complained
    assert desk.shelf.rows() == before


def test_a_suite_is_frozen_and_thawed(desk: Desk) -> None:
    assert desk.say("freeze", UNSTABLE, "--reason=release\x1b[2J").startswith(
        f"{UNSTABLE} is frozen"
    )
    status, _, complained = desk.call("remove", UNSTABLE, "bc")
    assert status == 1
    assert "release?[2J" in complained
    assert f"mini-buildd archive thaw {UNSTABLE}" in complained
    assert desk.say("thaw", UNSTABLE).startswith(f"{UNSTABLE} is open")
    desk.say("remove", UNSTABLE, "bc")


def test_a_snapshot_is_taken_listed_and_dropped(desk: Desk) -> None:
    assert desk.say("snapshots", "test") == "test has no snapshots\n"
    said = desk.say("snapshot", "test", "first", "--reason=release")
    assert "http://buildd.example:8066/archive/test/snapshots/first\n" in said
    assert re.search(rf"{UNSTABLE}\s+version 3\n", said)
    (heading, row) = lines(desk.say("snapshots", "test"))
    assert (heading[0], row[:2], row[-2:]) == (
        "name",
        ["first", "named"],
        ["2 suites", "release"],
    )
    assert "dropped" in desk.say("drop-snapshot", "test", "first")
    assert not Snapshot.objects.exists()


def test_what_cannot_be_published_now_is_decided_and_told_so(desk: Desk) -> None:
    suite = desk.scene.site.tree("test").root / "suites" / UNSTABLE
    suite.chmod(0o500)
    try:
        status, said, complained = desk.call("remove", UNSTABLE, "bc")
    finally:
        suite.chmod(0o755)
    assert status == 1
    assert f"decided as version 4 of {UNSTABLE}" in said
    assert "Permission denied" in complained
    assert "The daemon tries it again" in complained
    assert "published as version 5" in desk.say("remove", UNSTABLE, "hello")
    assert desk.shelf.in_tree() == {}


# --- beside others ------------------------------------------------------------------------


def agents(home: Path) -> list[int]:
    """The gpg-agents of the instance in *home*."""
    return [pid for pid, line in processes() if b"gpg-agent" in line and bytes(home) in line]


def test_the_last_command_ends_the_agent_that_signing_has_started(desk: Desk) -> None:
    site = desk.scene.site
    with beside_daemon(site.settings, site.places) as first:
        with beside_daemon(site.settings, site.places):
            first.signer.sign_detached(b"x")
        assert agents(site.places.home)
    wait_for("no agent", lambda: not agents(site.places.home), seconds=10)


@pytest.fixture(scope="module")
def instance(short_folder: Path) -> Iterator[Instance]:
    """One whose unstable has bc, dash and hello; its daemon does not run yet."""
    made = Instance(Path(tempfile.mkdtemp(dir=short_folder)) / "home")
    made.configure()
    made.call(
        "setup",
        "--codename=trixie",
        "--architecture=amd64",
        "--archive-url=http://deb.example/debian",
        "--no-chroots",
    )
    furnish = Path(__file__).with_name("furnish.py")
    subprocess.run([sys.executable, str(furnish), str(made.home)], check=True)
    yield made
    made.kill()
    subprocess.run(["gpgconf", "--homedir", str(made.home / "gnupg"), "--kill", "all"], check=True)


def test_it_works_without_the_daemon_beside_it_and_beside_itself(instance: Instance) -> None:
    done = instance.call("archive", "migrate", UNSTABLE, "hello")
    assert done.stdout.startswith(f"● published as version 1 of {TESTING}\n")
    wait_for("no agent", lambda: not agents(instance.home), seconds=10)
    with instance:
        commands = [
            subprocess.Popen(
                instance.command("archive", "migrate", UNSTABLE, name),
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in ("bc", "dash")
        ]
        told = [command.communicate()[0] for command in commands]
        assert [command.returncode for command in commands] == [0, 0]
        assert all(f"of {TESTING}" in each for each in told)
        status, index, _ = instance.get(
            f"/archive/test/dists/{TESTING}/main/binary-amd64/Packages.xz"
        )
        assert (status, bool(index)) == (200, True)
    shown = instance.call("archive", "show", TESTING).stdout
    assert shown.startswith(f"version 3 of {TESTING}: 3 source packages\n")


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals(
    instance: Instance, environment: dict[str, str], *, coloured: bool
) -> None:
    ours, theirs = pty.openpty()
    try:
        subprocess.run(
            instance.command("archive", "show", UNSTABLE),
            check=True,
            stdout=theirs,
            env={**os.environ, "TERM": "xterm", **environment},
        )
        subprocess.run(
            instance.command("archive", "versions", UNSTABLE),
            check=True,
            stdout=theirs,
            env={**os.environ, "TERM": "xterm", **environment},
        )
        said = os.read(ours, 10000)
    finally:
        os.close(ours)
        os.close(theirs)
    assert (b"\x1b[" in said) is coloured
    piped = instance.call("archive", "versions", UNSTABLE).stdout
    assert "\x1b[" not in piped
    assert "published" in piped


def test_other_encodings_and_readers_who_leave_do_no_harm(instance: Instance) -> None:
    words = instance.command("archive", "versions", UNSTABLE)
    plain = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(words, check=True, capture_output=True, text=True, env=plain)
    assert "? published" in done.stdout
    left = subprocess.run(
        ["sh", "-c", '"$@" | true', "sh", *words], check=True, capture_output=True, text=True
    )
    assert left.stderr == ""
