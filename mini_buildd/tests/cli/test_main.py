"""The command line, as a person runs it: what it says and how it ends."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mini_buildd.keys import gpg
from mini_buildd.tests.packager import Packager
from mini_buildd.tests.scenario import host_codename
from mini_buildd.tests.tables import lay_tables

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Runs ``mini-buildd`` for an instance of one's own."""
    lay_tables(tmp_path / "home")

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mini_buildd.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "MINI_BUILDD_HOME": str(tmp_path / "home"), **environment},
            start_new_session=True,
        )

    return run


SETUP = (
    "setup",
    "--codename=trixie",
    "--architecture=amd64",
    "--archive-url=http://deb.example/debian",
    "--no-chroots",
)


def test_a_setup_says_what_it_made_and_the_next_one_that_all_was_there(call: Call) -> None:
    shown = call(*SETUP, "--dry-run")
    assert shown.returncode == 0
    assert "would be made, 0 there already" in shown.stdout
    first = call(*SETUP)
    assert (first.returncode, first.stderr) == (0, "")
    assert " + distribution trixie-test-unstable" in first.stdout
    again = call(*SETUP)
    assert "\n0 made, " in again.stdout
    assert " = distribution trixie-test-unstable" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "usage"),
        ((*SETUP, "--uploader=pat"), 2, "go together"),
        ((*SETUP, "--codename=Tri Xie"), 1, "not a codename"),
        ((*SETUP, "--repository=../x"), 1, "not a repository name"),
        ((*SETUP, "--codename=potato9"), 1, "distro-info"),
        ((*SETUP, "--uploader=pat", "--key=/nonexistent"), 1, "No such file"),
        ((*SETUP, "--uploader=pat", "--key=/etc/hostname"), 1, "gpg --armor --export"),
        (("chroot", "create", "trixie", "amd64"), 1, "none is configured"),
        (("chroot", "schroot-script", "x; rm -rf /", "amd64"), 1, "not a codename"),
        (("admin", "eve"), 1, "mini-buildd:"),
    ],
)
def test_what_does_not_work_is_told_in_a_line_or_two(
    call: Call, arguments: tuple[str, ...], status: int, said: str
) -> None:
    done = call(*arguments)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_none_is_told_so(call: Call, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "db.sqlite3").write_bytes(b"this is no database " * 100)
    done = call(*SETUP)
    assert done.returncode == 1
    assert "not a database" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_settings_are_a_status_of_their_own(call: Call, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "mini-buildd.toml").write_text("colour = 1\n")
    done = call(*SETUP)
    assert done.returncode == 2
    assert "colour: unknown" in done.stderr


def test_an_uploader_is_registered_with_a_key(call: Call, tmp_path: Path) -> None:
    pat = Packager(tmp_path / "p")
    pat.home.mkdir(exist_ok=True)
    try:
        key = pat.public_key()
        done = call(*SETUP, "--uploader=pat", "--email=pat@example.invalid", f"--key={key}")
        assert done.returncode == 0, done.stderr
        assert f" + key {pat.fingerprint}" in done.stdout
        taken = call(*SETUP, "--uploader=eve", f"--key={key}")
        assert taken.returncode == 1
        assert "registered for pat" in taken.stderr
    finally:
        pat.close()


SAID = "root may sign in, and sees the first steps at http://127.0.0.1:8066/first/\n"


def test_an_administrator_is_made_and_given_another_password(call: Call) -> None:
    for password in ("one long secret", "another long secret"):
        done = call("admin", "root", MINI_BUILDD_ADMIN_PASSWORD=password)
        assert (done.returncode, done.stdout) == (0, SAID)


def test_without_words_and_without_a_terminal_nothing_is_asked(call: Call) -> None:
    """It takes this machine's release, and tells what is next."""
    done = call("setup", "--no-chroots", "--archive-url=http://deb.example/debian")
    assert (done.returncode, done.stderr) == (0, "")
    assert f" + base release Debian {host_codename()}" in done.stdout
    assert "Next:\n" in done.stdout
    assert "setup --uploader NAME" in done.stdout
    again = call("setup", "--no-chroots")
    assert "\n0 made, " in again.stdout


def test_a_check_tells_how_far_it_is_and_makes_nothing(call: Call) -> None:
    before = call("setup", "--check")
    assert before.returncode == 1
    assert "○ a release that packages are built for: not yet" in before.stdout
    assert "· a repository: first, a release that packages are built for" in before.stdout
    call(*SETUP)
    after = call("setup", "--check").stdout
    assert "● a repository\n" in after
    assert "○ a chroot to build in: not yet" in after


def test_at_a_terminal_it_proposes_and_a_no_makes_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mini_buildd.cli", "setup", "--no-chroots"]
    env = {**os.environ, "MINI_BUILDD_HOME": str(tmp_path / "home"), "GNUPGHOME": str(tmp_path)}
    words = shlex.join([*command, "--archive-url=http://deb.example/debian"])
    for answer, status, said in (("n", 1, "nothing was made"), ("", 0, "Next:")):
        done = subprocess.run(
            ["script", "--quiet", "--return", "--command", words, "/dev/null"],
            input=f"{answer}\n",
            capture_output=True,
            text=True,
            check=False,
            env=env,
        )
        assert "Make it? [Y/n]" in done.stdout
        assert (done.returncode, said in done.stdout) == (status, True), done.stdout


def test_a_tarball_that_is_not_there_is_no_script(call: Call) -> None:
    call(*SETUP)
    done = call("chroot", "schroot-script", "trixie", "amd64")
    assert done.returncode == 1
    assert "chroot create" in done.stderr


def test_keys_are_made_listed_rotated_and_retired(call: Call, tmp_path: Path) -> None:
    def listed(*arguments: str) -> list[str]:
        done = call("key", *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return [line.split()[0] for line in done.stdout.splitlines() if "signs until" in line]

    try:
        assert "no key yet" in call("key", "list").stdout
        (old,) = listed("rotate")
        new, beside = listed("rotate")
        assert beside == old
        grouped = " ".join(old[place : place + 4] for place in range(0, 40, 4)).lower()
        assert listed("retire", grouped) == listed("list") == [new]
        for fingerprint, said in ((new, "key-is-last"), ("0" * 40, "key-unknown"), ("x", "not a")):
            refused = call("key", "retire", fingerprint)
            assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
    finally:
        gpg.stop_agent(tmp_path / "home" / "gnupg")


@pytest.fixture
def set_up(call: Call, tmp_path: Path) -> Iterator[Path]:
    """The folder of an instance whose key may be used."""
    call(*SETUP)
    yield tmp_path / "home"
    gpg.stop_agent(tmp_path / "home/gnupg")


def test_a_check_of_the_archive_says_what_is_wrong_and_mends_it(call: Call, set_up: Path) -> None:
    well = call("archive", "check")
    assert (well.returncode, well.stdout, well.stderr) == (0, "all is well\n", "")
    foreign = set_up / "archive/test/pool/main/f/foreign"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("foreign")
    told = call("archive", "check", "test")
    assert told.returncode == 1
    assert "left over: test/pool/main/f/foreign\n  expected nothing\n" in told.stdout
    assert "to repair: remove it\n1 found, 0 repaired, 1 left\n" in told.stdout
    mended = call("archive", "check", "--repair")
    assert mended.returncode == 0
    assert mended.stdout.endswith("  repaired\n1 found, 1 repaired, 0 left\n")
    assert not foreign.exists()
    unknown = call("archive", "check", "other")
    assert unknown.returncode == 1
    assert "expected a repository: test; found other" in unknown.stderr
