"""A repository is made private, read with a token, and the token is revoked, as it runs."""

import json
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

from mini_buildd.tests.instance import Instance, wait_for

SECRET = "mbd_" + "a" * 43
_SEED = f"""
import sys
from pathlib import Path
from mini_buildd.config.load import load
from mini_buildd.daemon.main import prepare
from mini_buildd.db.connect import migrate
places = prepare(load(Path(sys.argv[1])))
migrate()
from django.contrib.auth.models import User
from django.utils.timezone import now
from mini_buildd.db import models
from mini_buildd.domain.permission import Role
from mini_buildd.domain.token import digest
layout = models.Layout.objects.create(name="x")
repository = models.Repository.objects.create(name="hush", layout=layout)
ada = User.objects.create_user("ada")
models.Grant.objects.create(user=ada, repository=repository, role=Role.READER)
models.ApiToken.objects.create(
    user=ada, name="apt", digest=digest("{SECRET}"), hint="mbd_aaaa", scopes="read", made_at=now()
)
(places.archive / "hush").mkdir()
(places.archive / "hush" / "InRelease").write_text("hush hush")
"""


def ask(instance: Instance, path: str, secret: str = "") -> tuple[int, str]:
    """Status and text of what comes, asked with a token or without."""
    request = urllib.request.Request(instance.url + path)
    if secret:
        request.add_header("Authorization", f"Bearer {secret}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, str(answer.read(), "utf-8")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, str(error.read(), "utf-8")


def say(instance: Instance, statement: str) -> None:
    """Change a row, as some page would."""
    with closing(sqlite3.connect(instance.home / "db.sqlite3", timeout=30)) as database:
        database.execute(statement)
        database.commit()


def test_what_becomes_private_is_so_within_seconds_and_so_is_a_revoked_token(
    tmp_path: Path,
) -> None:
    instance = Instance(tmp_path)
    instance.configure()
    subprocess.run([sys.executable, "-c", _SEED, str(tmp_path)], check=True, timeout=60)
    file, page = "/archive/hush/InRelease", "/repositories/hush/"
    with instance:
        assert ask(instance, file) == (200, "hush hush")
        assert ask(instance, page)[0] == 200
        say(instance, "UPDATE mini_buildd_repository SET is_private = 1")
        assert ask(instance, page)[0] == 404
        assert "hush" not in ask(instance, "/repositories/")[1]
        wait_for("its archive is private", lambda: ask(instance, file)[0] == 401, seconds=20)
        assert "hush" not in ask(instance, "/archive/")[1]
        assert ask(instance, file, SECRET) == (200, "hush hush")
        listed = json.loads(ask(instance, "/api/v1/repositories/", SECRET)[1])
        assert [each["name"] for each in listed["items"]] == ["hush"]
        assert "hush" not in ask(instance, "/api/v1/repositories/")[1]
        say(instance, "UPDATE mini_buildd_apitoken SET revoked_at = '2026-01-01 00:00:00'")
        wait_for("it is revoked", lambda: ask(instance, file, SECRET)[0] == 401, seconds=20)
