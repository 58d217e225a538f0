"""The archive benchmark: its packages are packages, and the archives that it measures work."""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mini_buildd.tests.bench import peers
from mini_buildd.tests.bench.aims import OURS, Row, judged
from mini_buildd.tests.bench.archive import ours
from mini_buildd.tests.bench.contest import Operation, ThrowawayKey, Tool, Work
from mini_buildd.tests.bench.controls import choose
from mini_buildd.tests.bench.measure import CommandFailed, Measured, measure
from mini_buildd.tests.bench.packages import EXTRA, PackageSet, package_set
from mini_buildd.tests.scenario import host_architecture

_ARCHITECTURE = host_architecture()
_INDEX = f"""Package: one
Source: uno
Version: 1:2.0-1
Architecture: {_ARCHITECTURE}
Maintainer: Someone <someone@example.invalid>
Priority: optional
Section: contrib/games
Description: the first
Description-md5: d943033bedada21853d2ae54a2578a7b
Tag: role::program,
 uitoolkit::sdl
Filename: pool/o/one.deb
Size: 1
SHA256: 00

Package: one
Version: 3
Architecture: all
Maintainer: Someone <someone@example.invalid>
Section: misc
Priority: optional

Package: two
Version: 1
Architecture: strange
Maintainer: Someone <someone@example.invalid>
Section: misc
Priority: optional

Package: three
Version: 1
Architecture: all
"""


def _make(folder: Path, size: int, name: str = "set") -> PackageSet:
    return package_set(folder / "cache", folder / name, size, index=lambda: _INDEX, most=40)


def test_what_an_index_says_becomes_a_control_file() -> None:
    one, other = choose(_INDEX, _ARCHITECTURE, 2)
    assert other.package not in ("one", "two", "three")
    assert one.filename == f"one_2.0-1_{_ARCHITECTURE}.deb"
    lines = one.text.splitlines()
    assert lines[:7] == [
        "Package: one",
        "Source: uno",
        "Version: 1:2.0-1",
        f"Architecture: {_ARCHITECTURE}",
        "Maintainer: Someone <someone@example.invalid>",
        "Priority: optional",
        "Section: games",
    ]
    assert lines[7:10] == ["Tag: role::program,", " uitoolkit::sdl", "Description: the first"]
    assert all(line.startswith(" ") for line in lines[10:])


def test_dpkg_reads_the_packages_and_they_are_the_same_each_time(tmp_path: Path) -> None:
    many = _make(tmp_path, 20)
    again = _make(tmp_path / "other", 3)
    assert (len(many.names), len(set(many.names)), len(many.extra)) == (20, 20, EXTRA)
    assert again.names == many.names[:3]
    for deb in [*again.folder.iterdir(), again.extra[0]]:
        subprocess.run(["dpkg-deb", "-I", str(deb)], check=True, capture_output=True)
        listed = subprocess.run(["dpkg-deb", "-c", str(deb)], check=True, capture_output=True)
        assert listed.stdout.count(b"\n-") >= 6
    for deb in again.folder.iterdir():
        assert deb.read_bytes() == (many.folder / deb.name).read_bytes()
    assert _make(tmp_path, 5, "fewer").names == many.names[:5]


@pytest.mark.parametrize(
    ("tool", "distributions", "operations"),
    [
        (peers.reprepro, "dists", {"gz": 12, "gz+xz": 3}),
        (peers.aptly, "public/dists", {"gz": 12}),
    ],
)
def test_a_peer_really_does_what_is_measured(
    tool: Tool,
    distributions: str,
    operations: dict[str, int],
    tmp_path: Path,
    short_folder: Path,
) -> None:
    key = ThrowawayKey.make(short_folder / tool.__name__)
    try:
        work = Work(_make(tmp_path, 20), tmp_path / "home", key)
        samples = list(tool(work))
    finally:
        key.close()
    for indexes, count in operations.items():
        assert len([each for each in samples if each.indexes == indexes]) == count
    assert {each.operation for each in samples} == set(Operation) - {Operation.ROLLBACK}
    assert all(each.measured.wall_seconds > 0 for each in samples)
    published = work.home / distributions / peers.CODENAME
    index = published / "main" / f"binary-{_ARCHITECTURE}" / "Packages"
    added = 2 * work.rounds if "gz+xz" in operations else work.rounds
    assert index.read_bytes().count(b"Package: ") == 20 + added - work.rounds
    assert b"-----BEGIN PGP SIGNATURE-----" in (published / "InRelease").read_bytes()


def test_ours_really_does_what_is_measured(tmp_path: Path, short_folder: Path) -> None:
    key = ThrowawayKey.make(short_folder / "ours")
    try:
        work = Work(_make(tmp_path, 20), Path(tempfile.mkdtemp(dir=short_folder)), key, rounds=1)
        samples = [each for each in ours(work) if each.tool == OURS]
    finally:
        key.close()
    assert [each.operation for each in samples] == list(Operation)
    tree = work.home / "archive" / "bench"
    version = tree / "dists/trixie-bench-unstable"
    indexes = version.glob(f"*/binary-{_ARCHITECTURE}/Packages.gz")
    text = b"".join(gzip.decompress(each.read_bytes()) for each in indexes)
    assert text.count(b"Package: ") == 20  # as the first version had
    assert (version.resolve().name, (tree / "snapshots/s0").is_dir()) == ("4", True)


def test_a_command_is_measured_alone_and_with_its_children(tmp_path: Path) -> None:
    big = "x = bytearray(150_000_000)"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{big}'])"
    held = bytearray(300_000_000)
    taken, said = measure(
        [sys.executable, "-c", f"{script}; print('done')"],
        folder=tmp_path,
        environment=dict(os.environ),
    )
    assert said == "done\n"
    assert 150_000_000 < taken.peak_rss_bytes < len(held)
    assert taken.cpu_seconds > 0


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo no more >&2; exit 3"]
    with pytest.raises(CommandFailed, match=r"status 3:\nno more"):
        measure(command, folder=tmp_path, environment=dict(os.environ))
    with pytest.raises(CommandFailed, match=r"could not be run:[^$]*no-such-command"):
        measure(["no-such-command"], folder=tmp_path, environment=dict(os.environ))


def test_our_own_operation_is_measured_without_what_came_before(tmp_path: Path) -> None:
    script = """if True:
        import json
        from mini_buildd.tests.bench.ours import measured
        before = bytearray(300_000_000)
        del before
        print(json.dumps(measured(lambda: len(bytearray(100_000_000)))))"""
    whole, said = measure(
        [sys.executable, "-c", script], folder=tmp_path, environment=dict(os.environ)
    )
    alone = Measured(**json.loads(said))
    assert 100_000_000 < alone.peak_rss_bytes < 300_000_000
    assert 0 < alone.wall_seconds < whole.wall_seconds
    assert 0 < alone.cpu_seconds < whole.cpu_seconds


def test_an_aim_is_judged_only_when_both_sides_were_measured() -> None:
    def row(tool: str, indexes: str) -> Row:
        return Row(60_000, Operation.ADD, tool, indexes)

    own = {row(OURS, "gz+xz"): Measured(0.2, 0.2, 300_000_000)}
    peer = {row("reprepro", "gz"): Measured(3, 3, 1), row("reprepro", "gz+xz"): Measured(1, 1, 1)}
    answers = {text: answer for text, _, _, answer in judged(own | peer)}
    assert answers["add one: 1/10 of reprepro (gz alone)"] == "reached"
    assert answers["add one: 1/30 of aptly"] == "not measured"
    assert answers["add one: 0.25 s"] == "reached"
    assert answers["add one: 3 times our own with 1,000"] == "not measured"
    assert answers["peak memory: 250 MB"] == "MISSED"
    assert {answer for *_, answer in judged(peer)} == {"not measured"}
