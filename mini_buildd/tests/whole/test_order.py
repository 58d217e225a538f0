"""Sources that need each other, uploaded in the wrong order, with the real daemon and builds."""

from pathlib import Path

import pytest

from mini_buildd.tests.instance import wait_for
from mini_buildd.tests.packager import Upload
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import tiny

pytestmark = pytest.mark.whole

NAMES = ("mbd-first", "mbd-second", "mbd-third", "mbd-fourth")


def link(scene: Scenario, name: str, needed: str | None) -> Upload:
    """A source called *name* that builds with what *needed* has installed."""
    folder = scene.folder / "sources" / f"chain-{name}"
    tree = tiny("mbd-needy", folder)
    version = scene.version("1.0")
    control, rules = tree / "debian" / "control", tree / "debian" / "rules"
    _edit(control, "Build-Depends: mbd-tiny (>= 1.0~)", _needs(needed, version))
    _edit(control, "Depends: mbd-tiny\n", "")
    _edit(rules, "mbd-tiny > said.txt", f"cat /usr/share/{needed}/said.txt - </dev/null > said.txt")
    if needed is None:
        _edit(rules, f"cat /usr/share/{needed}/said.txt - </dev/null", "echo said")
    for path in (control, rules):
        path.write_text(path.read_text().replace("mbd-needy", name))
    scene.packager.change(tree, version=version, distribution=scene.distribution, text="Upload.")
    return scene.packager.build_source(tree)


def _needs(needed: str | None, version: str) -> str:
    return f"Build-Depends: {needed} (>= {version})" if needed else "Rules-Requires-Root: no"


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_chain_uploaded_in_the_wrong_order_is_built_in_the_right_one_and_once(
    scene: Scenario,
) -> None:
    instance = scene.instance
    before = dict(zip(NAMES, (None, *NAMES), strict=False))
    uploads = [link(scene, name, before[name]) for name in reversed(NAMES)]
    ids = []
    for upload in uploads:
        scene.packager.dput(instance, upload)
        ids.append(instance.upload_of(upload.name)["id"])
    job = instance.job_of(ids[0])
    assert job is not None
    page = f"/builds/{job['id']}/"

    def tells() -> bool:
        return "waits for mbd-third (&gt;= " in instance.get(page)[1].decode()

    wait_for("the last one says what it waits for", tells, seconds=60)
    for upload_id in ids:
        source = instance.wait_for_source(upload_id, "published", "failed", seconds=600)
        assert source["state"] == "published", dict(source)
    attempts = instance.rows(
        "SELECT s.name, a.number, a.outcome FROM mini_buildd_attempt a"
        " JOIN mini_buildd_job j ON j.id = a.job_id JOIN mini_buildd_source s ON s.id = j.source_id"
        " WHERE s.upload_id BETWEEN ? AND ? ORDER BY a.id",
        min(ids),
        max(ids),
    )
    assert [tuple(row) for row in attempts] == [(name, 1, "succeeded") for name in NAMES]
