"""The daemon's life: kill -9, restart, a second one, a clean end."""

import re
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mini_buildd.tests.instance import processes, wait_for
from mini_buildd.tests.packager import Upload
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.sources import tiny

pytestmark = pytest.mark.whole


@pytest.fixture
def own_scene(short_folder: Path) -> Iterator[Scenario]:
    """An instance of one's own, to be killed at will."""
    own = Scenario(Path(tempfile.mkdtemp(prefix="own-", dir=short_folder)))
    own.set_up()
    yield own
    own.close()


def slow(scene: Scenario, seconds: int) -> Upload:
    """A tiny package whose build takes so long and counts aloud."""
    tree = tiny("mbd-tiny", scene.folder / "sources" / "slow")
    rules = tree / "debian" / "rules"
    # With a stamp: whether "build" is called before "binary" depends on the release's dpkg.
    counting = (
        "build-arch: counted\nbuild-indep:\ncounted:\n"
        f"\tfor i in $$(seq {seconds}); do echo count $$i; sleep 1; done\n\ttouch counted\n"
    )
    rules.write_text(rules.read_text().replace("build-arch build-indep:\n", counting))
    scene.packager.change(
        tree, version=scene.version("1.0"), distribution=scene.distribution, text="Slow."
    )
    return scene.packager.build_source(tree)


def test_a_build_goes_on_while_the_daemon_is_killed_and_started_again(own_scene: Scenario) -> None:
    instance = own_scene.instance.start()
    upload = slow(own_scene, 12)
    own_scene.packager.dput(instance, upload)
    upload_id = instance.upload_of(upload.name)["id"]
    job = wait_for("a job", lambda: instance.job_of(upload_id), seconds=30)

    def log(offset: int = 0) -> bytes:
        return instance.get(f"/builds/{job['id']}/log?offset={offset}")[1]

    wait_for("it counts", lambda: b"\ncount 2\n" in log(), seconds=120)
    before = log()
    instance.kill()
    instance.start()
    following = log(len(before))
    source = instance.wait_for_source(upload_id, "published")
    whole = log()
    assert whole.startswith(before + following), "the log goes on where it was"
    assert [int(n) for n in re.findall(rb"^count (\d+)$", whole, re.MULTILINE)] == list(
        range(1, 13)
    )
    attempts = instance.rows("SELECT * FROM mini_buildd_attempt WHERE job_id = ?", job["id"])
    assert [row["outcome"] for row in attempts] == ["succeeded"]
    publications = instance.rows(
        "SELECT * FROM mini_buildd_publication WHERE cause_id = ?", source["id"]
    )
    assert len(publications) == 1
    assert instance.stop() == 0
    with closing(sqlite3.connect(instance.home / "db.sqlite3")) as database, database:
        database.execute("UPDATE mini_buildd_attempt SET finished_at = '2020-01-01 00:00:00'")
    instance.start()
    plain = instance.home / "builds" / attempts[0]["token"] / "log"
    wait_for("the log is compressed", lambda: not plain.exists(), seconds=60)
    assert log(len(before)) == whole[len(before) :], "who follows by offset sees no difference"
    assert instance.stop() == 0


def test_a_build_whose_supervisor_is_killed_is_tried_again(own_scene: Scenario) -> None:
    instance = own_scene.instance.start()
    upload = slow(own_scene, 5)
    own_scene.packager.dput(instance, upload)
    upload_id = instance.upload_of(upload.name)["id"]

    def supervisor() -> int | None:
        return next(
            (
                pid
                for pid, command in processes()
                if b"buildd.supervisor" in command and str(instance.home).encode() in command
            ),
            None,
        )

    pid = wait_for("a supervisor", supervisor, seconds=30)
    wait_for("it runs", lambda: instance.events("job.started"), seconds=30)
    subprocess.run(["kill", "-9", str(pid)], check=True)
    instance.wait_for_source(upload_id, "published")
    outcomes = instance.rows("SELECT outcome FROM mini_buildd_attempt ORDER BY id")
    assert [row["outcome"] for row in outcomes] == ["lost", "succeeded"]


def test_an_instance_has_one_daemon_and_ends_without_leftovers(own_scene: Scenario) -> None:
    instance = own_scene.instance.start()
    second = instance.call("run", check=False)
    assert second.returncode == 1
    assert "another daemon runs" in second.stderr
    assert instance.stop() == 0
    home = str(instance.home).encode()
    wait_for(
        "nobody is left",
        lambda: not [command for _, command in processes() if home in command],
        seconds=20,
    )
    said = instance.daemon_log.read_text()
    assert "Traceback" not in said


def test_setup_can_be_repeated_and_shows_beforehand_what_it_would_do(own_scene: Scenario) -> None:
    arguments = own_scene.setup_arguments()
    again = own_scene.instance.call(*arguments).stdout
    assert "0 made" in again
    shown = own_scene.instance.call(
        "setup", "--codename=sid", "--architecture=i386", "--repository=extra", "--dry-run"
    ).stdout
    assert "+ distribution sid-extra-unstable" in shown
    assert not own_scene.instance.rows("SELECT * FROM mini_buildd_base WHERE codename = 'sid'")


def test_wrong_settings_are_told_all_at_once(own_scene: Scenario) -> None:
    path = own_scene.instance.home / "mini-buildd.toml"
    path.write_text('[http]\nport = "x"\ncolour = 1\n[builder]\nslots = -1\n')
    done = own_scene.instance.call("run", check=False)
    assert done.returncode == 2
    for word in ("http.port", "http.colour", "builder.slots"):
        assert word in done.stderr
