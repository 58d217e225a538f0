"""Asking programs: each within seconds, and with words that do not depend on the language."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

_MAX_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program said, and whether it ended well."""

    is_good: bool
    lines: tuple[str, ...]

    @property
    def complaint(self) -> str:
        """Its last words, empty when it ended well."""
        if self.is_good:
            return ""
        return next((line for line in reversed(self.lines) if line), "it failed without a word")


def ask(command: Sequence[str], *, seconds: int = _MAX_SECONDS) -> Answer:
    """Run *command* to its end; one that cannot be started has an answer, too."""
    try:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
    except FileNotFoundError:
        return Answer(is_good=False, lines=(f"{command[0]} is not installed",))
    except OSError as error:
        return Answer(is_good=False, lines=(f"{command[0]}: {error.strerror}",))
    except subprocess.TimeoutExpired:
        return Answer(is_good=False, lines=(f"{command[0]} had not ended after {seconds} s",))
    return Answer(done.returncode == 0, tuple(line.strip() for line in done.stdout.splitlines()))
