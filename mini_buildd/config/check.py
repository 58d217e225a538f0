"""What settings cannot be, although each is of the right type."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

from mini_buildd.config.settings import Builder, Ldap, Settings, Sso, Watch, passive_ports

# It becomes part of the archive key's user id, of Release and of dput's configuration.
_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}")
# A builder renews its leases some times before they run out.
_LEAST_LEASE_SECONDS = 30
_URL = re.compile(r"(?:https?://[!-~]+)?")
_SENDER = re.compile(r"[ -~]*[!-~]@[!-~]+")


def check(settings: Settings) -> list[str]:
    """What is of the right type but cannot be, a line each."""
    errors = [
        *_check_ports(settings),
        *_check_builder(settings.builder),
        *_check_least(settings),
        *_check_texts(settings),
        *_check_words(settings),
        *_check_ways_in(settings),
        *_check_watch(settings.watch),
        *_check_notices(settings),
        *_check_sign_on(settings.sso, settings.ldap),
    ]
    return errors or _check_url(settings)


def _check_ports(settings: Settings) -> list[str]:
    errors = [
        f"{name}: expected a port from {least} to 65535, found {port}"
        for name, port, least in (
            ("http.port", settings.http.port, 1),  # URLs tell it
            ("ftp.port", settings.ftp.port, 0),
            ("sftp.port", settings.sftp.port, 0),
            ("mail.port", settings.mail.port, 1),
            ("https.port", settings.https.port, 0),
        )
        if not least <= port <= 65535  # noqa: PLR2004  # a TCP port
    ]
    try:
        passive_ports(settings.ftp)
    except ValueError as error:
        errors.append(f"ftp.passive_ports: {error}")
    return errors


def _check_least(settings: Settings) -> list[str]:
    return [
        f"{name}: expected at least {least}, found {value}"
        for name, value, least in (
            ("incoming.max_file_bytes", settings.incoming.max_file_bytes, 1),
            ("incoming.max_spool_bytes", settings.incoming.max_spool_bytes, 1),
            ("incoming.keep_leftovers_seconds", settings.incoming.keep_leftovers_seconds, 1),
            ("incoming.max_signature_days", settings.incoming.max_signature_days, 0),
            ("accounts.session_hours", settings.accounts.session_hours, 1),
            ("https.hsts_seconds", settings.https.hsts_seconds, 0),
            ("incoming.idle_seconds", settings.incoming.idle_seconds, 1),
            ("incoming.max_connections", settings.incoming.max_connections, 1),
            ("incoming.max_connections_per_peer", settings.incoming.max_connections_per_peer, 1),
            ("incoming.max_bytes_per_second", settings.incoming.max_bytes_per_second, 0),
            ("archive.keep_failed_days", settings.archive.keep_failed_days, 0),
            ("webhooks.seconds", settings.webhooks.seconds, 1),
            ("webhooks.keep_days", settings.webhooks.keep_days, 1),
            ("hooks.seconds", settings.hooks.seconds, 1),
            ("mail.keep_days", settings.mail.keep_days, 1),
        )
        if value < least
    ]


def _check_texts(settings: Settings) -> list[str]:
    return [
        f"{name}: expected {wanted}, found {value!r}"
        for name, value, grammar, wanted in (
            ("identity", settings.identity, _IDENTITY, "letters, digits, full stops and minuses"),
            ("http.public_url", settings.http.public_url, _URL, "a http or https URL"),
            ("mail.sender", settings.mail.sender, _SENDER, "a mail address"),
        )
        if not grammar.fullmatch(value)
    ]


def _check_words(settings: Settings) -> list[str]:
    errors = [
        f"{name}: expected {', '.join(known[:-1])} or {known[-1]}, found {value!r}"
        for name, value, known in (
            ("language", settings.language, ("en", "de")),
            ("ftp.tls", settings.ftp.tls, ("off", "offered", "required")),
            ("http.upload", settings.http.upload, ("open", "accounts", "off")),
            ("log.format", settings.log.format, ("text", "json")),
            ("log.level", settings.log.level, ("debug", "info", "warning", "error")),
            ("log.requests", settings.log.requests, ("off", "pages", "all")),
            ("metrics.access", settings.metrics.access, ("off", "local", "token", "open")),
        )
        if value not in known
    ]
    if (settings.metrics.access == "token") != bool(settings.metrics.token_file):
        errors.append('metrics: expected token_file with access = "token", and only then')
    return errors


def _check_ways_in(settings: Settings) -> list[str]:
    errors = []
    if settings.ftp.public_address and not _is_ipv4(settings.ftp.public_address):
        # PASV can tell no other; clients with IPv6 use EPSV, which tells none at all.
        errors.append(
            f"ftp.public_address: expected an IPv4 address, found {settings.ftp.public_address!r}"
        )
    if bool(settings.tls.certificate) != bool(settings.tls.key):
        errors.append("tls: expected both certificate and key, or neither; found one of them")
    errors += [
        f"http.trusted_proxies: expected addresses or networks, found {text!r}"
        for text in settings.http.trusted_proxies
        if not _is_network(text)
    ]
    return errors


def _check_url(settings: Settings) -> list[str]:
    """Whether the URL, which may be made from the interface, can be taken apart."""
    try:
        parts = urlsplit(settings.url)
        is_whole = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_whole = False
    place = "http.public_url" if settings.http.public_url else "http.interface"
    return (
        [] if is_whole else [f"{place}: expected a host that a URL can name, in {settings.url!r}"]
    )


def _check_sign_on(sso: Sso, ldap: Ldap) -> list[str]:
    errors = []
    if sso.issuer and not sso.issuer.startswith(("https://", *_LOOPBACK)):
        errors.append(f"sso.issuer: expected a https URL, found {sso.issuer!r}")
    if sso.issuer and not (sso.client_id and sso.client_secret_file):
        errors.append("sso: expected client_id and client_secret_file with an issuer")
    if ldap.url and not ldap.url.startswith(("ldap://", "ldaps://", "ldapi://")):
        errors.append(f"ldap.url: expected ldaps://, ldap:// or ldapi://, found {ldap.url!r}")
    if ldap.url and not (ldap.user_base and ldap.user_filter.count("%(user)s") == 1):
        errors.append("ldap: expected user_base, and %(user)s once in user_filter")
    if (ldap.groups or ldap.administrators) and not ldap.group_base:
        errors.append("ldap: expected group_base with groups or administrators")
    if bool(ldap.bind_dn) != bool(ldap.bind_password_file):
        errors.append("ldap: expected both bind_dn and bind_password_file, or neither")
    is_plain = ldap.url.startswith("ldap://") and not ldap.start_tls
    if is_plain and not ldap.url.startswith(("ldap://localhost", "ldap://127.0.0.1")):
        errors.append("ldap: expected ldaps:// or start_tls; passwords would go in the clear")
    return errors


def _check_notices(settings: Settings) -> list[str]:
    mail, hooks = settings.mail, settings.hooks
    errors = [
        f"webhooks.networks: expected addresses or networks, found {text!r}"
        for text in settings.webhooks.networks
        if not _is_network(text)
    ]
    if mail.security not in ("none", "starttls", "tls"):
        errors.append(f"mail.security: expected none, starttls or tls, found {mail.security!r}")
    if bool(mail.user) != bool(mail.password_file):
        errors.append("mail: expected both user and password_file, or neither")
    if mail.user and mail.security == "none":
        errors.append("mail.security: expected starttls or tls with a user; found none")
    if hooks.folder and not Path(hooks.folder).is_absolute():
        errors.append(f"hooks.folder: expected an absolute path, found {hooks.folder!r}")
    return errors


# Of tests, and of who has a proxy of their own before it.
_LOOPBACK = ("http://localhost:", "http://127.0.0.1:")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _check_watch(watched: Sequence[Watch]) -> list[str]:
    folders = [Path(each.folder) for each in watched]
    errors = [
        f"watch[{number}].folder: expected an absolute path, found {str(folder)!r}"
        for number, folder in enumerate(folders)
        if not folder.is_absolute()
    ]
    if len(set(folders)) < len(folders):
        errors.append("watch: expected a folder once, found it twice")
    return errors


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _check_builder(builder: Builder) -> list[str]:
    errors = [
        f"builder.{name}: expected {' or '.join(known)}, found {value!r}"
        for name, value, known in (
            ("backend", builder.backend, ("unshare", "schroot")),
            ("work", builder.work, ("auto", "tmpfs", "disk")),
        )
        if value not in known
    ]
    least = {"lease_seconds": _LEAST_LEASE_SECONDS}
    for each in fields(builder):
        value, bound = getattr(builder, each.name), least.get(each.name, 0)
        if isinstance(value, int) and value < bound:
            errors.append(f"builder.{each.name}: expected at least {bound}, found {value}")
    return errors
