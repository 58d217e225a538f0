"""A keyring in a file, for tests: python3-keyring takes it by PYTHON_KEYRING_BACKEND."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class FileKeyring(KeyringBackend):
    """Keeps all in the file that MINI_BUILDD_TESTS_KEYRING names."""

    priority = 1.0

    def get_password(self, service: str, username: str) -> str | None:
        """What is kept."""
        return self._kept().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self._keep({**self._kept(), f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        kept = self._kept()
        if kept.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError(username)
        self._keep(kept)

    def _path(self) -> Path:
        return Path(os.environ["MINI_BUILDD_TESTS_KEYRING"])

    def _kept(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads(self._path().read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return found

    def _keep(self, kept: dict[str, str]) -> None:
        self._path().write_text(json.dumps(kept), encoding="utf-8")
