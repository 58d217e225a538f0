"""Which instance is asked, and as whom: from the environment, or a profile for its owner's eyes.

``~/.config/mini-buildd/config.toml`` has a table for each instance, and which is the default one:

    default = "work"
    [work]
    url = "https://buildd.example.org"
    token = "mbd_..."
    ca_file = "/etc/ssl/our-ca.pem"

Instead of the token, keyring = true says that the keyring has it; and fingerprint, instead of
ca_file, is that of the only certificate to trust.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mini_buildd.client.keyring import KeyringUnusable, keep_token, kept_token
from mini_buildd.kit.atomic import write_file

_FIELDS = ("url", "token", "keyring", "ca_file", "fingerprint")
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
    fingerprint: str = ""
    """Of the only certificate that is trusted; empty: as the machine does, or ca_file."""

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
    return Path(home).expanduser() / "mini-buildd" / "config.toml"


def find_server(
    path: Path,
    *,
    name: str = "",
    url: str = "",
    needs_token: bool = True,
    environment: Mapping[str, str] = os.environ,
) -> Server:
    """The instance called *name* in the profile, the default one, or that at *url*.

    MINI_BUILDD_URL, MINI_BUILDD_TOKEN and MINI_BUILDD_CA_FILE go before what the profile says, but
    never join their token to an instance that is named otherwise; MINI_BUILDD_PROFILE names it like
    *name*. Who needs no token does not bother the keyring. Raises ProfileUnusable.
    """
    name = name or ("" if url else environment.get("MINI_BUILDD_PROFILE", ""))
    known = environment.get("MINI_BUILDD_URL", "").rstrip("/")
    is_elsewhere = bool(name or (url and known and url.rstrip("/") != known))
    url = url or (known if not name else "")
    token, ca_file = environment.get("MINI_BUILDD_TOKEN"), environment.get("MINI_BUILDD_CA_FILE")
    if is_elsewhere:
        token = None
    found = _from_profile(path, name, url, asks_keyring=needs_token and not token)
    if found is None:
        found = Server(_checked(url)) if url else None
    if found is None:
        raise ProfileUnusable(
            "no instance is named: mini-buildd-api login URL, or set MINI_BUILDD_URL, or give --url"
        )
    return replace(found, token=token or found.token, ca_file=ca_file or found.ca_file)


def save_server(path: Path, name: str, server: Server, *, in_keyring: bool = False) -> None:
    """Write *server* into the profile as *name*; the default if it is the first one.

    Its token is kept in the keyring instead if so wanted. Raises ProfileUnusable.
    """
    known = _read(path)
    known.setdefault("default", name)
    fields: dict[str, Any] = {key: value for key, value in asdict(server).items() if value}
    if in_keyring and server.token:
        try:
            keep_token(server.url, server.token)
        except KeyringUnusable as error:
            raise ProfileUnusable(str(error)) from None
        del fields["token"]
        fields["keyring"] = True
    known[name] = {key: fields[key] for key in _FIELDS if key in fields}
    _save(path, known)


def choose_default(path: Path, name: str) -> None:
    """Let the instance called *name* be the one that is meant when none is named."""
    known = _read(path)
    if name not in _tables(known):
        raise _no_such(path, name, _tables(known))
    known["default"] = name
    _save(path, known)


def forget_server(path: Path, name: str) -> None:
    """Take the instance called *name* out of the profile."""
    known = _read(path)
    if name not in _tables(known):
        raise _no_such(path, name, _tables(known))
    del known[name]
    if known.get("default") == name:
        left = list(_tables(known))
        known.pop("default")
        known = {**({"default": left[0]} if left else {}), **known}
    _save(path, known)


@dataclass(frozen=True, slots=True)
class Named:
    """An instance of the profile; *keeps* says where its token is."""

    name: str
    url: str
    is_default: bool
    keeps: str


def list_servers(path: Path) -> tuple[Named, ...]:
    """The instances of the profile, in its order."""
    known = _read(path)
    return tuple(
        Named(
            name,
            str(table.get("url", "")),
            is_default=name == known.get("default"),
            keeps="keyring" if table.get("keyring") else "file" if table.get("token") else "",
        )
        for name, table in _tables(known).items()
    )


def _save(path: Path, known: Mapping[str, Any]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_file(path, _written(known).encode(), mode=0o600)


def is_readable_by_others(path: Path) -> bool:
    """Whether other people of this machine can read the profile, if there is one."""
    try:
        return bool(path.stat().st_mode & 0o077)
    except FileNotFoundError:
        return False


def _tables(known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {key: value for key, value in known.items() if isinstance(value, dict)}


def _no_such(path: Path, name: str, tables: Mapping[str, Any]) -> ProfileUnusable:
    known_names = ", ".join(sorted(tables)) or "none"
    return ProfileUnusable(f"{path} has no instance “{name}”; it has: {known_names}")


def _from_profile(path: Path, name: str, url: str, *, asks_keyring: bool) -> Server | None:
    known = _read(path)
    tables = _tables(known)
    if url:
        same = [table for table in tables.values() if table.get("url", "").rstrip("/") == url]
        return _server(path, same[0], asks_keyring=asks_keyring) if same else None
    wanted = name or str(known.get("default", ""))
    if wanted in tables:
        return _server(path, tables[wanted], asks_keyring=asks_keyring)
    if wanted:
        raise _no_such(path, wanted, tables)
    return None


def _server(path: Path, table: Mapping[str, Any], *, asks_keyring: bool) -> Server:
    unknown = sorted(set(table) - set(_FIELDS))
    texts = [value for key, value in table.items() if key != "keyring"]
    if unknown or not all(isinstance(value, str) for value in texts):
        raise ProfileUnusable(
            f"{path}: expected the texts url, token, ca_file and fingerprint, and keyring = true; "
            f"found: {', '.join(unknown) or 'what is no text'}"
        )
    url, token = _checked(table.get("url", "")), table.get("token", "")
    if table.get("keyring") and not token and asks_keyring:
        try:
            token = kept_token(url)
        except KeyringUnusable as error:
            raise ProfileUnusable(str(error)) from None
    return Server(
        url, token, table.get("ca_file", ""), fingerprint=table.get("fingerprint", "").upper()
    )


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
