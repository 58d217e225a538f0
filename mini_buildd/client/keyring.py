"""Tokens in the keyring of the desktop, where python3-keyring is installed."""

import importlib
import importlib.util
from typing import Any

_SERVICE = "mini-buildd"


class KeyringUnusable(Exception):
    """The keyring cannot be asked; the text says why."""


def has_keyring() -> bool:
    """Whether there is one that keeps something."""
    if importlib.util.find_spec("keyring") is None:
        return False
    try:
        priority = _keyring().get_keyring().priority
    except Exception:  # noqa: BLE001  # its backends raise whatever their libraries do
        return False
    return bool(priority > 0)


def kept_token(url: str) -> str:
    """The token that is kept for the instance at *url*; raises KeyringUnusable."""
    try:
        found = _keyring().get_password(_SERVICE, url)
    except Exception as error:  # noqa: BLE001  # as above
        raise KeyringUnusable(f"the keyring cannot be asked: {error}") from None
    if not found:
        raise KeyringUnusable(f"the keyring has no token for {url}: mini-buildd-api login")
    return str(found)


def keep_token(url: str, token: str) -> None:
    """Keep *token* for the instance at *url*; raises KeyringUnusable."""
    try:
        _keyring().set_password(_SERVICE, url, token)
    except Exception as error:  # noqa: BLE001  # as above
        raise KeyringUnusable(f"the keyring cannot keep it: {error}") from None


def forget_token(url: str) -> None:
    """Let no token be kept for the instance at *url*."""
    try:
        _keyring().delete_password(_SERVICE, url)
    except Exception as error:  # noqa: BLE001  # as above
        raise KeyringUnusable(f"the keyring cannot forget it: {error}") from None


def _keyring() -> Any:
    """The module, which is read only by those who use it: that takes a moment."""
    try:
        return importlib.import_module("keyring")
    except ImportError:
        raise KeyringUnusable("python3-keyring is not installed") from None
