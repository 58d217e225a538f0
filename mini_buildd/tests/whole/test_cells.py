"""Builds in their cells, the whole way: what they share, and what they cannot reach."""

import json
import re
import sqlite3
from pathlib import Path

import pytest

from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import tiny

pytestmark = pytest.mark.whole


def build(scene: Scenario, name: str, version: str, rule: str) -> sqlite3.Row:
    """Build mbd-tiny as *version*, with *rule* done by its debian/rules; the attempt."""
    tree = tiny("mbd-tiny", scene.folder / "sources" / f"{name}-{version}")
    rules = tree / "debian" / "rules"
    script = tree / "debian" / "try.sh"
    script.write_text(rule)
    rules.write_text(rules.read_text().replace("build-arch build-indep:\n", "build-indep:\n"))
    with rules.open("a") as stream:
        stream.write("\nbuild-arch:\n\tsh debian/try.sh\n")
    # In a suite that no other test uses: there these versions are the highest for ever.
    suite = f"{scene.codename}-test-experimental"
    scene.packager.change(
        tree, version=scene.version(version, 0), distribution=suite, text="Tried."
    )
    upload = scene.packager.build_source(tree)
    scene.packager.dput(scene.instance, upload)
    row = scene.instance.upload_of(upload.name)
    scene.instance.wait_for_source(row["id"], "published", "failed")
    job = scene.instance.job_of(row["id"])
    assert job is not None
    attempt = scene.instance.attempt_of(job["id"])
    assert attempt is not None
    assert attempt["outcome"] == "succeeded", scene.log_of(job["id"])
    return attempt


def log_of(scene: Scenario, attempt: sqlite3.Row) -> str:
    """What the build said."""
    log: Path = scene.instance.home / "builds" / attempt["token"] / "log"
    return log.read_text(encoding="utf-8", errors="replace")


def test_a_build_reaches_neither_files_nor_ports_nor_keys_of_the_daemon(scene: Scenario) -> None:
    instance, home = scene.instance, scene.instance.home
    ports = " ".join(map(str, (instance.http_port, instance.ftp_port)))
    addresses = f"for port in {ports}; do for host in 127.0.0.1 localhost ::1 $(hostname)"
    attempt = build(
        scene,
        "curious",
        "5.0",
        f"""
        for path in {home} {home}/secret-key {home}/gnupg {home}/db.sqlite3; do
          cat $path 2>/dev/null && echo READ $path
          ls $path 2>/dev/null && echo LISTED $path
        done
        {addresses}; do
          perl -MIO::Socket::IP -e \
            'exit !IO::Socket::IP->new(PeerHost => shift, PeerPort => shift, Timeout => 3)' \
            $host $port 2>/dev/null && echo CONNECTED $host $port
        done; done
        getent hosts example.org && echo RESOLVED
        kill -9 {instance.pid} 2>/dev/null && echo KILLED
        id -un; echo tried all
        """,
    )
    said = log_of(scene, attempt)
    assert "\nsbuild\ntried all\n" in said, "as its own user, to the end"
    for word in ("READ", "LISTED", "CONNECTED", "RESOLVED", "KILLED"):
        assert f"\n{word} " not in said
    assert instance.get("/")[0] == 200


def test_builds_share_their_build_dependencies_and_nothing_that_they_wrote(scene: Scenario) -> None:
    places = "/tmp /var/tmp /build /var/lib/sbuild"  # noqa: S108  # those of its cell
    leave = f"for place in {places}; do touch $place/left-behind 2>/dev/null; done; true\n"
    look = f"for place in {places}; do ls -a $place; done | grep -c left-behind || echo clean\n"
    first = build(scene, "leaving", "5.1", leave)
    second = build(scene, "looking", "5.2", look)
    assert first["layer"] == second["layer"] != ""
    assert "\nclean\n" in log_of(scene, second)
    titles = [title for title, _ in json.loads(second["phases"])]
    assert "Build dependencies" not in titles, "they were there"
    assert "Build" in titles
    assert re.search(r"^Status: successful$", log_of(scene, second), re.MULTILINE)
