"""Chroots of an instance of their own: made with every snippet, checked, refreshed, kept."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mini_buildd.flow.generations import Generations, own_subids
from mini_buildd.kit.lock import locked
from mini_buildd.tests.instance import Instance, free_port, processes, wait_for
from mini_buildd.tests.scenario import generations_beside, host_architecture, host_codename
from mini_buildd.tools import hostapt
from mini_buildd.tools.root import RootCommands
from mini_buildd.tools.snippets import LIBRARY

pytestmark = pytest.mark.whole

_MAKE_SECONDS = 400

_PACKAGE = """\
cd /tmp
mkdir -p p/DEBIAN p/usr/share/man/man1 p/usr/share/doc/p r/var/lib/dpkg
touch p/usr/share/man/man1/p.1 p/usr/share/doc/p/readme r/var/lib/dpkg/status
cat > p/DEBIAN/control <<END
Package: p
Version: 1
Architecture: all
Maintainer: N <n@example.org>
Description: p
END
dpkg-deb --build p p.deb
dpkg --root=/tmp/r --log=/dev/null --unpack p.deb
test -e r/usr/share/doc/p/readme
test ! -e r/usr/share/man/man1/p.1
"""
_COMPILE = """\
ccache --show-config | grep -q 'cache_dir = /var/cache/ccache'
test -w /var/cache/ccache
export PATH=/usr/local/sbin:/usr/local/bin:$PATH CCACHE_DIR=/tmp/ccache
cd /tmp
echo 'int x;' > x.c
for round in 1 2; do gcc -c x.c; g++ -c x.c; done
ccache --print-stats > stats
test "$(awk '/^(direct|preprocessed)_cache_hit/ { n += $2 } END { print n }' stats)" = 2
"""

# What shows, inside, that a snippet did what it says.
_SHOWS = {
    "eatmydata": "ldd /bin/true | grep -q libeatmydata",
    "ccache": _COMPILE,
    "debhelper": "command -v dh && perl -MDebian::Debhelper::Dh_Lib -e 1",
    "fakeroot": 'test "$(setpriv --reuid=nobody --clear-groups fakeroot id -u)" = 0',
    "unsafe-io": "grep -rqx force-unsafe-io /etc/dpkg/dpkg.cfg.d && dpkg --help",
    "no-man-db": "grep -A4 '^Name: man-db/auto-update' /var/cache/debconf/config.dat"
    " | grep -qx 'Value: false'",
    "no-documents": _PACKAGE,
    "no-recommends": "apt-config dump APT::Install-Recommends | grep -q false",
    "no-translations": "apt-config dump Acquire::Languages | grep -q none",
    "apt-proxy": "apt-config dump Acquire::http::Proxy | grep -qF {proxy}",
}


@dataclass
class Made:
    """An instance with one chroot that was made with all snippets."""

    instance: Instance
    generations: Generations
    said: str

    @property
    def row(self) -> dict[str, Any]:
        """The chroot's row now."""
        found = self.instance.one("SELECT * FROM mini_buildd_chroot")
        assert found is not None
        return dict(found)

    @property
    def root(self) -> Path:
        """The tree that builds would start from now."""
        return self.generations.path(self.row["generation"]) / "root"

    def inside(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run *script* in it as root."""
        command = RootCommands(own_subids()).inside(self.root, "sh", "-ec", script)
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command about the chroot."""
        return self.instance.call("chroot", *words, check=False)

    def set(self, assignments: str, *values: Any) -> None:
        """Change what is configured, as an administrator would."""
        path = self.instance.home / "db.sqlite3"
        with closing(sqlite3.connect(path, timeout=20)) as connection, connection:
            connection.execute(f"UPDATE mini_buildd_{assignments}", values)  # ours

    @contextmanager
    def mirror_down(self) -> Iterator[None]:
        """The archive is not where it was."""
        urls = self.instance.rows("SELECT id, url FROM mini_buildd_aptsource")
        self.set("aptsource SET url = ?", f"http://127.0.0.1:{free_port()}/gone")
        try:
            yield
        finally:
            for row in urls:
                self.set("aptsource SET url = ? WHERE id = ?", row["url"], row["id"])


@pytest.fixture(scope="module")
def made(short_folder: Path) -> Iterator[Made]:
    """One chroot for all tests of this file."""
    instance = Instance(short_folder / "chroots")
    instance.configure()
    codename, architecture = host_codename(), host_architecture()
    instance.call("setup", f"--codename={codename}", "--no-chroots")
    names = " ".join(snippet.name for snippet in LIBRARY)
    done = instance.call("chroot", "create", codename, architecture, "--snippets", names)
    tarball = instance.home / "chroots" / f"{codename}-{architecture}.tar.zst"
    found = Made(instance, generations_beside(tarball), done.stdout)
    yield found
    instance.kill()
    with found.generations.alone():
        found.generations.remove_unused(but=())


def test_a_generation_is_whole_with_its_lists_and_its_tarball(made: Made) -> None:
    row = made.row
    assert made.generations.names() == [row["generation"]]
    assert (row["problem"], row["problem_since"]) == ("", None)
    assert row["checked_at"]
    lists = [path.name for path in (made.root / "var/lib/apt/lists").iterdir()]
    assert any(name.endswith("_Packages") for name in lists)
    assert list((made.root / "dev").iterdir()) == []
    assert list((made.root / "tmp").iterdir()) == []
    assert sorted(path.name for path in made.root.parent.iterdir()) == ["lock", "root"]
    assert made.generations.folder.with_name(f"{made.generations.folder.name}.tar.zst").exists()
    listed = made.call("list").stdout
    assert f"{host_codename()} {host_architecture()} (unshare): good" in listed
    assert "checking a tiny build" in made.said
    (event,) = made.instance.events("chroot.made")
    assert event["detail"].endswith(row["generation"])


@pytest.mark.parametrize("name", [snippet.name for snippet in LIBRARY])
def test_a_snippet_does_what_it_says(made: Made, name: str) -> None:
    if name == "apt-proxy" and not hostapt.proxy():
        assert made.inside("test ! -e /etc/apt/apt.conf.d/50apt-proxy").returncode == 0
        return
    done = made.inside(_SHOWS[name].replace("{proxy}", hostapt.proxy()))
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_does_not_work_any_more_is_found(made: Made) -> None:
    codename, architecture = host_codename(), host_architecture()
    assert made.call("check", codename, architecture).returncode == 0
    subids = RootCommands(own_subids())
    cc = made.root / "usr/bin/cc"
    subprocess.run(subids.beside("mv", str(cc), f"{cc}.away"), check=True)
    try:
        done = made.call("check", codename, architecture)
        assert done.returncode == 1
        assert "[chroot-unfit]" in done.stderr
        assert "a tiny build works" in done.stderr
        assert ": problem, " in made.call("list").stdout
    finally:
        subprocess.run(subids.beside("mv", f"{cc}.away", str(cc)), check=True)


def test_an_unknown_snippet_is_refused_by_its_name(made: Made) -> None:
    done = made.call("create", host_codename(), host_architecture(), "--snippets", "ccache turbo")
    assert done.returncode == 1
    assert "found turbo" in done.stderr
    assert "turbo" not in made.row["snippets"]


def test_a_mirror_that_is_down_leaves_what_is_there_in_use(made: Made) -> None:
    before, failed = made.row["generation"], len(made.instance.events("chroot.failed"))
    made.set("chroot SET problem = '', problem_since = NULL")
    with made.mirror_down():
        for _ in range(2):
            assert made.call("refresh", "--all").returncode == 1
    assert made.row["generation"] == before
    assert made.row["problem_since"]
    assert "127.0.0.1" in made.row["problem"].partition("\n")[0]
    assert len(made.instance.events("chroot.failed")) == failed + 1
    assert made.inside("apt-get check").returncode == 0


def test_a_tarball_that_somebody_has_put_in_its_place_is_taken(
    made: Made, short_folder: Path
) -> None:
    """It has no lists, as other makers leave none; so apt fetches them once."""
    other = Instance(short_folder / "other")
    other.configure()
    name = made.generations.folder.name
    tarball = other.home / "chroots" / f"{name}.tar.zst"
    tarball.parent.mkdir(parents=True)
    tarball.touch()  # so it is ours
    tools = RootCommands(own_subids())
    pack = tools.pack(made.root, tarball)
    without_lists = [*pack[:-1], "--exclude=./var/lib/apt/lists/*", pack[-1]]
    subprocess.run(without_lists, check=True)
    os.utime(tarball, (1_700_000_000, 1_700_000_000))
    try:
        said = other.call("setup", f"--codename={host_codename()}").stdout
        assert "unpacking" in said
        assert "running apt-get update" in said
        generations = generations_beside(tarball)
        assert generations.names() == ["20231114T221320Z"]
        lists = generations.path(generations.names()[0]) / "root/var/lib/apt/lists"
        assert list(lists.glob("*_InRelease"))
        assert " = chroot " in other.call("setup", f"--codename={host_codename()}").stdout
    finally:
        with generations_beside(tarball).alone():
            generations_beside(tarball).remove_unused(but=())


def test_the_daemon_makes_a_new_one_that_replaces_the_old_when_no_build_uses_it(made: Made) -> None:
    """By debootstrap this time; it is stopped once in the middle, and takes it up again."""
    if shutil.which("debootstrap") is None:
        pytest.skip("debootstrap is not installed")
    before = made.row["generation"]
    made.set("chroot SET maker = 'debootstrap', snippets = '', asked_at = made_at, problem = ''")
    root = made.generations.folder / "making-one" / "root"
    with locked(made.generations.path(before) / "lock", is_shared=True):
        made.instance.start()
        wait_for("it is being made", root.is_dir, seconds=_MAKE_SECONDS)
        assert made.instance.stop() == 0
        assert _workers(made.generations.folder) == []
        assert made.row["generation"] == before
        made.instance.start()
        wait_for("it was made", lambda: made.row["generation"] != before, seconds=_MAKE_SECONDS)
        assert made.generations.names() == [before, made.row["generation"]]
        assert made.inside("test ! -e /etc/ld.so.preload").returncode == 0
        readable = "setpriv --reuid=nobody --clear-groups cat /etc/apt/sources.list"
        assert made.inside(readable).returncode == 0  # whatever the daemon's umask
    wait_for("the old one has gone", lambda: _entries(made) == [made.row["generation"]], seconds=90)
    assert made.instance.stop() == 0
    assert made.row["asked_at"] is None


def _entries(made: Made) -> list[str]:
    return [path.name for path in made.generations.folder.iterdir()]


def _workers(folder: Path) -> list[bytes]:
    return [command for _, command in processes() if str(folder).encode() in command]
