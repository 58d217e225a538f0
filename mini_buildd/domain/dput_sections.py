"""What people put into the configuration of dput and dput-ng, for each way in that is open.

dput.cf(5) is read by both programs; what only dput-ng can do is a profile of its own, in JSON.
"""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from mini_buildd.config.settings import Settings


@dataclass(frozen=True, slots=True)
class DputSection:
    """The *text* belongs into *file*; then ``dput ALIAS FILE.changes`` uploads by that *way*."""

    way: str
    program: str
    alias: str
    file: str
    text: str


def dput_sections(settings: Settings, account: str = "ACCOUNT") -> tuple[DputSection, ...]:
    """All there are, the one to take first at the front; *account* is the reader's name here."""
    sections = []
    if settings.ftp.port and settings.ftp.tls != "required":
        sections.append(_ftp(settings))
    if settings.http.upload != "off":
        sections.append(_http(settings, account))
    if settings.sftp.port:
        sections += [_scp(settings, account), _sftp(settings, account)]
    if settings.ftp.port and settings.ftp.tls != "off":
        sections.append(_ftps(settings))
    return tuple(sections)


def _ftp(settings: Settings) -> DputSection:
    fqdn = f"{_bracketed(settings.host)}:{settings.ftp.port}"  # dput reads the port from there
    keys = {"method": "ftp", "fqdn": fqdn, "login": "anonymous", "incoming": "/"}
    return _section("FTP", settings.identity, keys)


def _http(settings: Settings, account: str) -> DputSection:
    url = urlsplit(settings.url)
    keys = {
        "method": url.scheme,
        "fqdn": url.netloc,
        "login": "anonymous" if settings.http.upload == "open" else account,
        "incoming": f"{url.path}/upload",
    }
    return _section(url.scheme.upper(), f"{settings.identity}-{url.scheme}", keys)


def _scp(settings: Settings, account: str) -> DputSection:
    """The method scp: scp speaks SFTP since OpenSSH 9.0."""
    keys = {
        "method": "scp",
        "fqdn": _bracketed(settings.host),
        "login": account,
        "incoming": "/",
        "ssh_config_options": f"Port {settings.sftp.port}",
    }
    return _section("SFTP", f"{settings.identity}-scp", keys)


def _sftp(settings: Settings, account: str) -> DputSection:
    return _profile(
        "SFTP",
        f"{settings.identity}-sftp",
        {
            "method": "sftp",
            "fqdn": settings.host,
            "port": settings.sftp.port,
            "login": account,
            "incoming": "/",
        },
    )


def _ftps(settings: Settings) -> DputSection:
    return _profile(
        "FTP over TLS",
        f"{settings.identity}-ftps",
        {
            "method": "ftps",
            "fqdn": f"{settings.host}:{settings.ftp.port}",
            "login": "anonymous",
            "incoming": "/",
        },
    )


def _section(way: str, alias: str, keys: dict[str, str]) -> DputSection:
    lines = [f"[{alias}]", *(f"{key} = {value}" for key, value in keys.items())]
    text = "\n".join([*lines, "allow_unsigned_uploads = 0"])
    return DputSection(way, "dput", alias, "~/.dput.cf", text)


def _profile(way: str, alias: str, keys: dict[str, str | int]) -> DputSection:
    text = json.dumps({**keys, "allow_unsigned_uploads": False}, indent=4)
    return DputSection(way, "dput-ng", alias, f"~/.dput.d/profiles/{alias}.json", text)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
