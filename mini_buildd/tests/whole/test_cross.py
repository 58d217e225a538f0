"""A suite whose second architecture is cross-compiled, the whole way with the real compilers."""

import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_buildd.tests.scenario import Scenario, host_architecture

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(
        host_architecture() != "amd64", reason="the cross compiler that is tried runs on amd64"
    ),
]
_AARCH64 = 183  # e_machine in elf.h


@pytest.fixture(scope="module")
def crossed(short_folder: Path) -> Iterator[Scenario]:
    """An instance for amd64 and, from there, arm64, with mbd-cc published for both."""
    made = Scenario(Path(tempfile.mkdtemp(prefix="cross-", dir=short_folder)), crossed=("arm64",))
    made.set_up()
    made.instance.start()
    upload = made.make_tiny("mbd-cc")
    made.packager.dput(made.instance, upload)
    upload_id = made.instance.upload_of(upload.name)["id"]
    source = made.instance.wait_for_source(upload_id, "published", "failed", seconds=600)
    jobs = made.instance.rows("SELECT * FROM mini_buildd_job")
    assert source["state"] == "published", [(job["reason"], made.log_of(job["id"])) for job in jobs]
    yield made
    made.close()


def test_the_job_is_built_on_the_other_architecture(crossed: Scenario) -> None:
    jobs = crossed.instance.rows("SELECT * FROM mini_buildd_job ORDER BY architecture")
    assert [(job["architecture"], job["build_architecture"]) for job in jobs] == [
        ("amd64", ""),
        ("arm64", "amd64"),
    ]
    page = crossed.instance.get(f"/builds/{jobs[1]['id']}/")[1].decode()
    assert "Cross-compiled on" in page


def test_what_comes_out_is_for_the_architecture_it_says(crossed: Scenario, tmp_path: Path) -> None:
    pool = crossed.instance.home / "archive/test/pool/main/m/mbd-cc"
    (deb,) = pool.glob("mbd-cc_*_arm64.deb")
    subprocess.run(["dpkg-deb", "-x", str(deb), str(tmp_path)], check=True)
    header = (tmp_path / "usr/bin/mbd-cc").read_bytes()[:20]
    assert header[:4] == b"\x7fELF"
    assert struct.unpack("<H", header[18:20]) == (_AARCH64,)


def test_a_cross_build_runs_no_tests_and_lacks_what_only_they_need(crossed: Scenario) -> None:
    rows = crossed.instance.rows("SELECT package, architecture FROM mini_buildd_binary")
    assert sorted(tuple(row) for row in rows) == [
        ("mbd-cc", "amd64"),
        ("mbd-cc", "arm64"),
        ("mbd-cc-checked", "amd64"),
    ]
