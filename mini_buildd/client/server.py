"""Which instance is asked, and as whom: from the environment, or a profile for its owner's eyes.

``~/.config/mini-buildd/api.toml`` has a table for each instance, and which is the default one:

    default = "work"
    [work]
    url = "https://buildd.example.org"
    token = "mbd_..."
    ca_file = "/etc/ssl/our-ca.pem"
"""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mini_buildd.kit.atomic import write_file

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class ProfileUnusable(Exception):
    """No instance is named, or the profile cannot be read; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Server:
    """An instance at *url*; *account* with *password* are only for making tokens."""

    url: str
    token: str = ""
    ca_file: str = ""
    account: str = ""
    password: str = ""

    @property
    def is_exposed(self) -> bool:
        """Whether a secret would travel where others can read it."""
        return bool(self.token or self.password) and self.is_in_the_clear

    @property
    def is_in_the_clear(self) -> bool:
        """Whether others can read what is sent there."""
        parts = urlsplit(self.url)
        return parts.scheme == "http" and parts.hostname not in _LOCAL


def profile_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the profile is (XDG Base Directory Specification)."""
    home = environment.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "mini-buildd" / "api.toml"


def find_server(
    path: Path, *, name: str = "", url: str = "", environment: Mapping[str, str] = os.environ
) -> Server:
    """The instance called *name* in the profile, the default one, or that at *url*.

    MINI_BUILDD_URL, MINI_BUILDD_TOKEN and MINI_BUILDD_CA_FILE go before what the profile says, but
    never join their token to an instance that is named otherwise. Raises ProfileUnusable.
    """
    known = environment.get("MINI_BUILDD_URL", "").rstrip("/")
    is_elsewhere = bool(name or (url and known and url.rstrip("/") != known))
    url = url or (known if not name else "")
    found = _from_profile(path, name, url)
    if found is None:
        found = Server(_checked(url)) if url else None
    if found is None:
        raise ProfileUnusable(
            f"no instance is named: set MINI_BUILDD_URL, give --url, or write {path}"
        )
    token, ca_file = environment.get("MINI_BUILDD_TOKEN"), environment.get("MINI_BUILDD_CA_FILE")
    if is_elsewhere:
        token = None
    return Server(found.url, token or found.token, ca_file or found.ca_file)


def save_server(path: Path, name: str, server: Server) -> None:
    """Write *server* into the profile as *name*; the default if it is the first one."""
    known = _read(path)
    known.setdefault("default", name)
    fields = {key: value for key, value in asdict(server).items() if value}
    known[name] = {key: fields[key] for key in ("url", "token", "ca_file") if key in fields}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_file(path, _written(known).encode(), mode=0o600)


def is_readable_by_others(path: Path) -> bool:
    """Whether other people of this machine can read the profile, if there is one."""
    try:
        return bool(path.stat().st_mode & 0o077)
    except FileNotFoundError:
        return False


def _from_profile(path: Path, name: str, url: str) -> Server | None:
    known = _read(path)
    tables = {key: value for key, value in known.items() if isinstance(value, dict)}
    if url:
        same = [table for table in tables.values() if table.get("url", "").rstrip("/") == url]
        return _server(path, same[0]) if same else None
    wanted = name or str(known.get("default", ""))
    if wanted in tables:
        return _server(path, tables[wanted])
    if wanted:
        known_names = ", ".join(sorted(tables)) or "none"
        raise ProfileUnusable(f"{path} has no instance “{wanted}”; it has: {known_names}")
    return None


def _server(path: Path, table: Mapping[str, Any]) -> Server:
    unknown = sorted(set(table) - {"url", "token", "ca_file"})
    if unknown or not all(isinstance(value, str) for value in table.values()):
        raise ProfileUnusable(
            f"{path}: expected the texts url, token and ca_file, found: {', '.join(unknown)}"
        )
    return Server(_checked(table.get("url", "")), table.get("token", ""), table.get("ca_file", ""))


def _checked(url: str) -> str:
    if not _is_address(url):
        raise ProfileUnusable(f"“{url}” is no address of an instance, such as https://host:8066")
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises as well
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileUnusable(f"{path} cannot be read: {error}") from None


def _written(known: Mapping[str, Any]) -> str:
    """As TOML; its texts in double quotes are written as those of JSON are."""
    plain = [f"{key} = {json.dumps(value)}" for key, value in known.items() if _is_text(value)]
    for name, table in known.items():
        if isinstance(table, dict):
            lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
            plain += ["", f"[{json.dumps(name)}]", *lines]
    return "\n".join(plain) + "\n"


def _is_text(value: object) -> bool:
    return isinstance(value, str)
