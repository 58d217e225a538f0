"""mini-buildd-api against the real daemon: its exit status says what became of an upload."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mini_buildd.tests.instance import free_port, wait_for
from mini_buildd.tests.packager import Upload
from mini_buildd.tests.scenario import Scenario

pytestmark = pytest.mark.whole

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Remote:
    """The command as somebody calls it who has a profile in *home*."""

    home: Path

    def __call__(
        self, *words: str, status: int = 0, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Call it; it must end with *status*."""
        done = subprocess.run(
            [sys.executable, "-m", "mini_buildd.cli.remote", *words],
            env={**os.environ, "HOME": str(self.home), **environment},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def json(self, *words: str) -> Any:
        """What it says to programs."""
        return json.loads(self("--json", *words).stdout)


@pytest.fixture(scope="module")
def remote(scene: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    """Pat, who has made a token with the password of the account."""
    made = Remote(tmp_path_factory.mktemp("pat"))
    script = (
        "from django.contrib.auth import get_user_model as m;"
        f"u=m().objects.get(username='pat');u.set_password('{PASSWORD}');u.save()"
    )
    scene.instance.in_django(script)
    made(
        *("--url", scene.instance.url, "token", "make", "the tests", "--account", "pat"),
        *("--scope", "read", "--scope", "upload", "--save", "here"),
        MINI_BUILDD_PASSWORD=PASSWORD,
    )
    yield made


def failing(scene: Scenario) -> Upload:
    """An upload whose build fails."""
    upload = scene.make_tiny(version=scene.version("31.0"))
    tree = upload.changes.with_name("tree")
    rules = tree / "debian" / "rules"
    rules.write_text("#!/usr/bin/make -f\n%:\n\tfalse\nclean:\n", encoding="utf-8")
    scene.packager.change(
        tree, version=scene.version("31.1"), distribution=scene.distribution, text="Fail."
    )
    return scene.packager.build_source(tree)


def test_an_upload_is_asked_for_sent_and_waited_for(scene: Scenario, remote: Remote) -> None:
    upload = scene.make_tiny(version=scene.version("30.0"))
    asked = remote("upload", str(upload.changes), "--dry-run").stdout
    assert "it would be accepted" in asked
    assert f"to be built on {scene.architecture}" in asked
    assert not scene.instance.rows(
        "SELECT 1 FROM mini_buildd_upload WHERE changes_name = ?", upload.name
    )
    done = remote("upload", str(upload.changes))
    assert "● published" in done.stdout
    assert f"{upload.files[0].name} " in done.stderr
    row = scene.instance.upload_of(upload.name)
    assert done.stdout.rstrip().endswith(f"{scene.instance.url}/uploads/{row['id']}/")
    source = scene.instance.source_of(row["id"])
    assert source is not None
    assert source["state"] == "published"
    # The very same once more is not even sent.
    again = remote("upload", str(upload.changes), status=1)
    assert "[version-exists]" in again.stderr
    count = "SELECT count(*) FROM mini_buildd_upload WHERE changes_name = ?"
    assert scene.instance.rows(count, upload.name)[0][0] == 1
    # Nor asked about, and rejected then.
    assert "[version-exists]" in remote("upload", "--no-check", str(upload.changes), status=1).stderr


def test_a_dry_run_tells_all_faults_at_once(scene: Scenario, remote: Remote) -> None:
    stable = f"{scene.codename}-test-stable"
    upload = scene.make_tiny(version="30.1", distribution=stable)
    told = remote("upload", "--dry-run", str(upload.changes), status=1)
    assert "[distribution-closed]" in told.stderr
    assert "[version-against-rule]" in told.stderr
    assert "  Upload to" in told.stderr or "\n  " in told.stderr


def test_a_failed_build_is_another_status_and_its_log_is_at_hand(
    scene: Scenario, remote: Remote
) -> None:
    upload = failing(scene)
    done = remote("upload", str(upload.changes), status=2)
    assert "✕ failed" in done.stdout
    (build,) = remote.json("builds", "mbd-tiny", "--state", "failed", "--last", "1")["items"]
    assert build["version"] == scene.version("31.1")
    assert "dpkg-buildpackage" in remote("log", str(build["id"])).stdout
    assert "retry" not in remote("retry", str(build["id"])).stderr
    remote("cancel", str(build["id"]), "--reason", "enough")
    ended = wait_for(
        "it is cancelled",
        lambda: [
            each
            for each in remote.json("builds", "mbd-tiny", "--last", "1")["items"]
            if each["state"] == "cancelled"
        ],
        seconds=60,
    )
    assert ended[0]["reason"] == "cancelled by pat: enough"


def test_who_waits_no_longer_and_who_does_not_get_in(scene: Scenario, remote: Remote) -> None:
    upload = scene.make_tiny(version=scene.version("32.0"))
    remote("upload", "--timeout", "0.01", str(upload.changes), status=4)
    row = scene.instance.upload_of(upload.name)
    remote("cancel", "--upload", str(row["id"]))
    scene.instance.wait_for_source(row["id"], "failed")
    bad = {"MINI_BUILDD_TOKEN": "mbd_" + "x" * 43}
    assert "[sign-in-failed]" in remote("whoami", status=3, **bad).stderr
    nobody = f"http://127.0.0.1:{free_port()}"
    assert nobody in remote("--url", nobody, "status", status=3).stderr
    assert "[not-allowed]" in remote(
        "--url", scene.instance.url, "cancel", "1", status=3, MINI_BUILDD_TOKEN="", HOME="/"
    ).stderr
    remote("uploads", "--state", "gone", status=64)


def test_what_there_is_can_be_looked_at(scene: Scenario, remote: Remote) -> None:
    del scene
    assert remote.json("whoami")["name"] == "pat"
    assert "pat, with a token for read, upload" in remote("whoami").stdout
    assert "running" in remote("status").stdout
    assert "nothing waits" in remote("queue").stdout
    assert remote("uploads", "--last", "5").stdout.splitlines()[0].split()[:2] == ["nr", "source"]
    listed = remote("token", "list", "--account", "pat", MINI_BUILDD_PASSWORD=PASSWORD).stdout
    assert "● good" in listed
    assert "the tests" in listed
