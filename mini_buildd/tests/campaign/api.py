"""Calls of the API made up by schemathesis, as everybody who may come, against the real daemon.

``./devel campaign api [EXAMPLES]``: so many requests of each call as each person, both as it is
described and otherwise; 40 when nothing is said. It fails on a 5xx and on any answer that the
description does not have.
"""

import base64
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import schemathesis

from mini_buildd.tests.api.trial import STREAM, Tried, try_all
from mini_buildd.tests.figures import table
from mini_buildd.tests.scenario import Scenario

_PASSWORD = "only in this campaign"  # as it says
_EXAMPLES = 40


def run(arguments: list[str]) -> int:
    """Try all; the exit status is 1 when an answer was wrong."""
    examples = int(arguments[0]) if arguments else _EXAMPLES
    folder = Path(tempfile.mkdtemp(prefix="mbd-api-"))
    scene = Scenario(folder)
    try:
        scene.set_up()
        scene.instance.start()
        upload = scene.make_tiny()
        scene.packager.dput(scene.instance, upload)
        scene.instance.upload_of(upload.name)
        rows = [_row(who, scene, headers, examples) for who, headers in people(scene).items()]
    finally:
        scene.close()
        shutil.rmtree(folder, ignore_errors=True)
    table("the API", ("who", "calls", "requests", "refused", "s", "outcome"), rows)
    return int(any(row[-1] != "as described" for row in rows))


def people(scene: Scenario) -> Mapping[str, Mapping[str, str]]:
    """Who calls, and with which header fields."""
    environment = {**os.environ, "MINI_BUILDD_ADMIN_PASSWORD": _PASSWORD}
    subprocess.run(scene.instance.command("admin", "root"), env=environment, check=True)
    basic = base64.b64encode(f"root:{_PASSWORD}".encode()).decode()
    return {
        "nobody": {},
        "a reader": _token(scene, "pat", "read"),
        "an uploader": _token(scene, "pat", "read", "upload", "change"),
        "an administrator's token": _token(scene, "root", "read", "upload", "change"),
        "an administrator": {"Authorization": f"Basic {basic}"},
    }


def _token(scene: Scenario, account: str, *scopes: str) -> Mapping[str, str]:
    words = [f"--scope={scope}" for scope in scopes]
    made = scene.instance.call("token", "make", account, "the campaign", *words)
    return {"Authorization": f"Bearer {made.stdout.strip()}"}


def _row(
    who: str, scene: Scenario, headers: Mapping[str, str], examples: int
) -> tuple[str, str, str, str, str, str]:
    schema = schemathesis.openapi.from_url(f"{scene.instance.url}/api/v1/openapi.json")
    begin, found = time.monotonic(), list[Tried]()
    for tried in try_all(schema, headers, examples, but=(STREAM,)):
        found.append(tried)
        print(f"  {who}: {tried.call}: {tried.requests} requests {tried.wrong}", flush=True)
    wrong = sum(bool(tried.wrong) for tried in found)
    outcome = f"{wrong} calls otherwise, see above" if wrong else "as described"
    return (
        who,
        str(len(found)),
        str(sum(tried.requests for tried in found)),
        str(sum(tried.refused for tried in found)),
        f"{time.monotonic() - begin:.0f}",
        outcome,
    )
