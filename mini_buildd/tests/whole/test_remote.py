"""mini-buildd-api against the real daemon: its exit status says what became of an upload."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mini_buildd.client.server import Server, save_server
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
        self, *words: str, status: int = 0, env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Call it with *env* beside what there is; it must end with *status*."""
        done = subprocess.run(
            [sys.executable, "-m", "mini_buildd.cli.remote", *words],
            env={**os.environ, "HOME": str(self.home), **(env or {})},
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
def remote(scene: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Remote:
    """Pat, with a token that an administrator has made."""
    made = Remote(tmp_path_factory.mktemp("pat"))
    make = ("token", "make", "pat", "the tests", "--scope", "read", "--scope", "upload")
    secret = scene.instance.call(*make).stdout.strip()
    save_server(
        made.home / ".config/mini-buildd/config.toml", "here", Server(scene.instance.url, secret)
    )
    return made


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
    assert (
        "[version-exists]" in remote("upload", "--no-check", str(upload.changes), status=1).stderr
    )


def test_a_dry_run_tells_all_faults_at_once(scene: Scenario, remote: Remote) -> None:
    stable = f"{scene.codename}-test-stable"
    upload = scene.make_tiny(version="30.1", distribution=stable)
    told = remote("upload", "--dry-run", str(upload.changes), status=1)
    assert "[distribution-closed]" in told.stderr
    assert "[version-against-rule]" in told.stderr
    assert f"found {stable}, which packages reach by migration only" in told.stderr


def test_a_failed_build_is_another_status_and_its_log_is_at_hand(
    scene: Scenario, remote: Remote
) -> None:
    upload = failing(scene)
    done = remote("upload", str(upload.changes), status=2)
    assert "✕ failed" in done.stdout
    (build,) = remote.json("builds", "mbd-tiny", "--state", "failed", "--last", "1")["items"]
    assert build["version"] == scene.version("31.1")
    assert "dpkg-buildpackage" in remote("log", str(build["id"])).stdout
    assert remote("retry", str(build["id"])).stdout.startswith("○ waiting")
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
    assert "[sign-in-failed]" in remote("whoami", status=3, env=bad).stderr
    nobody = f"http://127.0.0.1:{free_port()}"
    assert nobody in remote("--url", nobody, "status", status=3).stderr
    assert (
        "[not-allowed]"
        in remote("--url", scene.instance.url, "cancel", "1", status=3, env={"HOME": "/"}).stderr
    )
    remote("uploads", "--state", "gone", status=64)


def test_what_there_is_can_be_looked_at(scene: Scenario, remote: Remote) -> None:
    del scene
    assert remote.json("whoami")["name"] == "pat"
    assert "pat, with a token for read, upload" in remote("whoami").stdout
    assert "running" in remote("status").stdout
    shown = remote("dput-conf").stdout
    where = "# FTP, for dput: ~/.dput.cf, then: dput mini-buildd FILE.changes"
    assert f"{where}\n[mini-buildd]\nmethod = ftp\n" in shown
    assert remote("dput-conf", "--alias", "mini-buildd").stdout.startswith("[mini-buildd]\n")
    assert "but: mini-buildd" in remote("dput-conf", "--alias", "x", status=1).stderr
    assert "nothing waits" in remote("queue").stdout
    assert remote("uploads", "--last", "5").stdout.splitlines()[0].split()[:2] == ["nr", "source"]


def test_a_password_makes_a_token_that_then_does(
    scene: Scenario, remote: Remote, tmp_path: Path
) -> None:
    subprocess.run(
        scene.instance.command("admin", "root"),
        env={**os.environ, "MINI_BUILDD_ADMIN_PASSWORD": PASSWORD},
        check=True,
    )
    root, url = Remote(tmp_path), ("--url", scene.instance.url)
    told = {"MINI_BUILDD_PASSWORD": PASSWORD}
    root(*url, "token", "make", "tests", "--account", "root", "--save", "here", env=told)
    assert root.json("whoami") == {
        "name": "root",
        "is_administrator": True,
        "scopes": ["read", "upload"],
        "roles": [],
        "acts": [
            "see a repository",
            "upload",
            "cancel a build",
            "try a build again",
            "read who changed what",
        ],
    }
    listed = root("token", "list", "--account", "root", env=told).stdout
    number = listed.splitlines()[1].split()[2]
    assert "● good" in listed
    root("token", "revoke", number, "--account", "root", env=told)
    assert "[sign-in-failed]" in root("whoami", status=3).stderr
    wrong = {"MINI_BUILDD_PASSWORD": "wrong"}
    assert "[sign-in-failed]" in root(*url, "token", "list", status=3, env=wrong).stderr
    del remote
