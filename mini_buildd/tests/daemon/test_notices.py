"""The daemon tells others: a webhook, a program and a mail server, of which each may be away."""

import base64
import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from mini_buildd.tests.flow.test_announce import PostOffice, office
from mini_buildd.tests.instance import Instance, free_port, wait_for
from mini_buildd.tests.notify.receiver import Receiver, Reply, receiving
from mini_buildd.tests.notify.test_program import put

__all__ = ["office"]

WORD = "a throw-away word"
_SEED = f"""
import sys
from pathlib import Path
from mini_buildd.config.load import load
from mini_buildd.daemon.main import prepare
from mini_buildd.db.connect import migrate
prepare(load(Path(sys.argv[1])))
migrate()
from django.contrib.auth.models import User
User.objects.create_superuser("root", "root@example.test", "{WORD}")
from mini_buildd.db.models import Builder
Builder.objects.get_or_create(name="far")
"""


def call(instance: Instance, path: str, body: Any) -> Any:
    """The answer to a POST of root's."""
    who = base64.b64encode(f"root:{WORD}".encode()).decode()
    request = urllib.request.Request(
        f"{instance.url}/api/v1/{path}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Basic {who}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def kinds(receiver: Receiver) -> list[str]:
    return [each.headers["x-mini-buildd-event"] for each in receiver.got]


def test_all_are_told_also_what_happened_while_the_daemon_was_dead(
    tmp_path: Path, office: PostOffice
) -> None:
    instance = Instance(tmp_path)
    away = free_port()
    instance.extra = (
        '[webhooks]\nnetworks = ["127.0.0.1"]\nseconds = 5\n'
        f'[mail]\nhost = "127.0.0.1"\nport = {office.port}\n'
    )
    instance.configure()
    subprocess.run([sys.executable, "-c", _SEED, str(tmp_path)], check=True, timeout=300)
    notes = tmp_path / "notes"
    put(tmp_path / "hooks.d", "note", f'echo "$MINI_BUILDD_EVENT" >>{notes}')
    with receiving() as receiver:
        instance.start()
        made = call(instance, "webhooks/", {"url": receiver.url, "name": "chat"})
        call(instance, "webhooks/", {"url": f"http://127.0.0.1:{away}/", "name": "away"})
        slow = call(instance, "webhooks/", {"url": receiver.url.replace("hook", "slow")})
        number = made["webhook"]["id"]
        call(instance, f"webhooks/{number}/ping", {})
        wait_for("the test comes", lambda: kinds(receiver) == ["ping"], seconds=120)
        # Killed while a receiver keeps it waiting: it is told once more, and all others at once.
        receiver.replies = [Reply(wait=receiver.release)]
        call(instance, f"webhooks/{slow['webhook']['id']}/ping", {})
        wait_for("it waits", lambda: len(receiver.got) == 2, seconds=120)
        call(instance, "builders/far/aside", {"reason": "too hot"})
        wait_for("others are told", lambda: "builder.set_aside" in kinds(receiver), seconds=120)
        wait_for("the program has run", notes.exists, seconds=120)
        wait_for("the mail comes", lambda: office.mails, seconds=120)
        instance.kill()
        receiver.release.set()
        token = receiver.got[1].headers["webhook-id"]
        with instance:
            wait_for("it comes again", lambda: receiver.tokens.count(token) >= 2, seconds=120)
    # It may have been killed before it had noted that the program was run, or the letter taken.
    assert set(notes.read_text().splitlines()) == {"builder.set_aside"}
    assert len({mail["Message-ID"] for mail in office.mails}) == 1
    assert {mail["To"] for mail in office.mails} == {"root@example.test"}
    assert instance.stop() == 0
