"""mini-buildd-api as somebody calls it who has a profile, against the served application."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mini_buildd.cli.remote import main
from mini_buildd.client.server import Server, save_server
from mini_buildd.db import models
from mini_buildd.domain.permission import Actor, Role
from mini_buildd.domain.token import TokenWish
from mini_buildd.flow import hosted
from mini_buildd.flow.token import make_token
from mini_buildd.tests.api.conftest import ALL

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said, and what it complained of."""

    said: str
    complained: str

    @property
    def lines(self) -> list[str]:
        """What it said, by line."""
        return self.said.splitlines()


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls it in this process, which is quicker than in one of its own."""

    home: Path
    url: str
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str, status: int = 0) -> Answer:
        """Call it; it must end with *status*."""
        self.capsys.readouterr()
        try:
            found = main(words)
        except SystemExit as ended:
            found = int(ended.code or 0)
        out = self.capsys.readouterr()
        assert found == status, f"{words}: {found}\n{out.out}{out.err}"
        return Answer(out.out, out.err)

    def json(self, *words: str, status: int = 0) -> Any:
        """What it says to programs."""
        return json.loads(self(*words, "--json", status=status).said)

    def on_terminal(self, *words: str, columns: int = 80, keys: str = "") -> tuple[int, str]:
        """Its exit status and what it shows in a process with a real terminal so wide."""
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        # The terminal says how wide it is, not what some library has left in the environment.
        kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        process = subprocess.Popen(
            [sys.executable, "-m", "mini_buildd.cli.remote", *words],
            stdin=child,
            stdout=child,
            stderr=child,
            env={**kept, "TERM": "xterm", "PYTHONUTF8": "1"},
            start_new_session=True,
        )
        os.close(child)
        os.write(parent, keys.encode())
        shown = b""
        while True:
            try:
                block = os.read(parent, 65536)
            except OSError:  # EIO: nobody has the terminal open any more
                break
            if not block:
                break
            shown += block
        os.close(parent)
        return process.wait(timeout=60), shown.decode().replace("\r\n", "\n")


def token_of(user: Any, role: Role | None = None) -> str:
    """A token of *user*, who gets that role."""
    if role is not None:
        repository = models.Repository.objects.get(name="test")
        models.Grant.objects.create(user=user, repository=repository, role=role)
    name = user.get_username()
    return make_token(hosted.site(), Actor(name), name, TokenWish("tests", ALL)).secret


def know(home: Path, url: str, secret: str) -> None:
    """Let the profile have the instance at *url*."""
    save_server(home / "mini-buildd" / "config.toml", "here", Server(url, secret))
