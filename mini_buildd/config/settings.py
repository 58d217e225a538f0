"""The settings of one instance, from <home>/mini-buildd.toml.

Every value has a default, so an instance needs no file. What is said wrongly is reported all at
once, each with the place and what would fit.
"""

import ipaddress
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin
from urllib.parse import urlsplit

FILE_NAME = "mini-buildd.toml"


class SettingsError(Exception):
    """Everything that is wrong with the settings file, one line each."""

    def __init__(self, path: Path, errors: list[str]) -> None:
        super().__init__("\n".join([f"{path}:", *(f"  {error}" for error in errors)]))
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Http:
    """Web pages, API and archive."""

    interface: str = "127.0.0.1"
    port: int = 8066
    public_url: str = ""  # what people and apt use; made from interface and port when empty
    hosts: tuple[str, ...] = ()  # further names under which the pages may be asked for
    trusted_proxies: tuple[str, ...] = ()  # whose X-Forwarded-For is believed
    upload: str = "open"  # who may upload by HTTP: anybody, as by FTP; or "accounts"; or "off"


@dataclass(frozen=True, slots=True)
class Https:
    """The same site over TLS; public_url decides which of the two people are sent to."""

    interface: str = "127.0.0.1"
    port: int = 0  # 0: there is none
    hsts_seconds: int = 0  # so long browsers are to ask by TLS only; 0: that is not said


@dataclass(frozen=True, slots=True)
class Ftp:
    """The incoming FTP server; passive_ports is "first-last", or empty for any free port."""

    interface: str = "127.0.0.1"
    port: int = 8067  # 0: there is none
    passive_ports: str = ""
    public_address: str = ""  # what PASV tells where a router stands before us
    tls: str = "offered"  # or off, or required


@dataclass(frozen=True, slots=True)
class Sftp:
    """The incoming SFTP server."""

    interface: str = "127.0.0.1"
    port: int = 8068  # 0: there is none


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate and its key, in PEM; when empty, the instance makes one for itself."""

    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who gets an account, and for how long one stays signed in."""

    self_registration: bool = False
    session_hours: int = 7 * 24


@dataclass(frozen=True, slots=True)
class Sso:
    """Single sign-on by OpenID Connect; there is some when an *issuer* is given.

    Of what it says in *groups_claim*, local *groups* are followed; who is in the *administrators*
    of it is one here.
    """

    issuer: str = ""
    client_id: str = ""
    client_secret_file: str = ""
    word: str = "single sign-on"
    groups_claim: str = "groups"
    groups: tuple[str, ...] = ()
    administrators: str = ""


@dataclass(frozen=True, slots=True)
class Ldap:
    """Accounts of a directory; there are some when a *url* is given.

    *administrators* is the DN of a group; local *groups* are followed by their names there.
    """

    url: str = ""
    start_tls: bool = False
    bind_dn: str = ""
    bind_password_file: str = ""
    user_base: str = ""
    user_filter: str = "(uid=%(user)s)"
    group_base: str = ""
    groups: tuple[str, ...] = ()
    administrators: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """Bounds on what may lie in the spool, how long a leftover may, and on who brings it."""

    max_file_bytes: int = 8 << 30
    max_spool_bytes: int = 32 << 30
    keep_leftovers_seconds: int = 24 * 3600
    max_signature_days: int = 365  # an older signature counts no more; 0: it counts for ever
    idle_seconds: int = 600  # a connection over which nothing comes for so long is closed
    max_connections: int = 200
    max_connections_per_peer: int = 100
    max_bytes_per_second: int = 0  # from one peer; 0: as fast as it can


@dataclass(frozen=True, slots=True)
class Watch:
    """A folder that whole uploads are dropped into.

    *suites* tells, for what a .changes names as its Distribution, which of ours is meant.
    """

    folder: str = ""
    suites: Mapping[str, str] = field(default_factory=dict)
    keep: bool = True  # what was accepted goes into done/; else it is deleted


@dataclass(frozen=True, slots=True)
class Archive:
    """How long files of source packages that no suite has are kept after their builds failed.

    That long a failed build can be retried.
    """

    keep_failed_days: int = 30


@dataclass(frozen=True, slots=True)
class Builder:
    """The builder inside the daemon; a limit of 0 is none."""

    slots: int = 2
    backend: str = "unshare"
    host: str = ""  # its name in pages and events; the machine's when empty
    tags: tuple[str, ...] = ()  # what jobs may ask for
    work: str = "auto"  # where builds work: tmpfs, disk, or what the memory allows
    max_minutes: int = 24 * 60
    silent_minutes: int = 150
    max_log_mb: int = 500
    memory_mb: int = 0
    disk_mb: int = 0
    processes: int = 0
    cores: int = 0  # of each build; 0: all the machine has
    lease_seconds: int = 300  # silence after which an attempt is lost
    layers_mb: int = 10_000  # room for sets of build dependencies
    layers_days: int = 14


@dataclass(frozen=True, slots=True)
class Mail:
    """Mail goes out when a host is given.

    Always to signers whose upload is rejected; with *outcomes* also on how an accepted one ends.
    """

    host: str = ""
    port: int = 25
    sender: str = "mini-buildd@localhost"
    outcomes: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them; *home* is the instance's folder and never stands in the file."""

    home: Path
    identity: str = "mini-buildd"
    http: Http = field(default_factory=Http)
    https: Https = field(default_factory=Https)
    ftp: Ftp = field(default_factory=Ftp)
    sftp: Sftp = field(default_factory=Sftp)
    tls: Tls = field(default_factory=Tls)
    accounts: Accounts = field(default_factory=Accounts)
    sso: Sso = field(default_factory=Sso)
    ldap: Ldap = field(default_factory=Ldap)
    incoming: Incoming = field(default_factory=Incoming)
    watch: tuple[Watch, ...] = ()
    archive: Archive = field(default_factory=Archive)
    builder: Builder = field(default_factory=Builder)
    mail: Mail = field(default_factory=Mail)

    @property
    def url(self) -> str:
        """Where people and apt find this instance; without a slash at the end."""
        host = self.http.interface
        # A literal IPv6 address stands in brackets, or its end would pass for the port (RFC 3986).
        made = f"http://{f'[{host}]' if ':' in host else host}:{self.http.port}"
        return (self.http.public_url or made).rstrip("/")

    @property
    def host(self) -> str:
        """The name by which people and programs reach this instance, or an address."""
        return urlsplit(self.url).hostname or self.http.interface


def load(home: Path) -> Settings:
    """The settings of the instance in *home*; raises SettingsError."""
    path = home / FILE_NAME
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        data = {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(path, [str(error)]) from None
    errors: list[str] = []
    values = _read(Settings, data, "", errors, skip={"home"})
    settings = Settings(home=home.absolute(), **values)
    errors += _check(settings)
    if errors:
        raise SettingsError(path, errors)
    return settings


def _read(
    kind: type[Any],
    data: Mapping[str, Any],
    where: str,
    errors: list[str],
    skip: frozenset[str] | set[str] = frozenset(),
) -> dict[str, Any]:
    """The values of dataclass *kind* that *data* gives; what is wrong is added to *errors*."""
    known = {item.name: item for item in fields(kind) if item.name not in skip}
    errors += [
        f"{where}{name}: unknown; known are {', '.join(sorted(known))}"
        for name in data
        if name not in known
    ]
    values: dict[str, Any] = {}
    for name in known.keys() & data.keys():
        try:
            values[name] = _value(known[name].type, data[name], f"{where}{name}", errors)
        except _Misfit as misfit:
            errors.append(f"{where}{name}: expected {misfit}, found {data[name]!r}")
    return values


class _Misfit(Exception):
    """A value of another type; the text says what would fit."""


def _value(wanted: Any, value: object, where: str, errors: list[str]) -> Any:
    """*value* as a *wanted*; raises _Misfit. What is wrong inside of it is added to *errors*."""
    if is_dataclass(wanted) and isinstance(wanted, type):
        if not isinstance(value, dict):
            raise _Misfit(f"a table [{where}]")
        return wanted(**_read(wanted, value, f"{where}.", errors))
    if get_origin(wanted) is Mapping:
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            raise _Misfit("a table of texts")
        return value
    if get_args(wanted):
        return _list(get_args(wanted)[0], value, where, errors)
    if type(value) is not wanted:
        raise _Misfit(_WORDS[wanted])
    return value


def _list(wanted: Any, value: object, where: str, errors: list[str]) -> tuple[Any, ...]:
    """*value*, a list of texts or tables, as a tuple of *wanted*; as _value()."""
    is_table = is_dataclass(wanted)
    if not isinstance(value, list) or not all(
        isinstance(each, dict if is_table else str) for each in value
    ):
        raise _Misfit(f"tables [[{where}]]" if is_table else "a list of texts")
    if not is_table:
        return tuple(value)
    return tuple(
        wanted(**_read(wanted, each, f"{where}[{number}].", errors))
        for number, each in enumerate(value)
    )


_WORDS: Mapping[object, str] = {str: "a text", int: "a whole number", bool: "true or false"}

# It becomes part of the archive key's user id, of Release and of dput's configuration.
_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}")
# A builder renews its leases some times before they run out.
_LEAST_LEASE_SECONDS = 30
_URL = re.compile(r"(?:https?://[!-~]+)?")
_SENDER = re.compile(r"[ -~]*[!-~]@[!-~]+")


def _check(settings: Settings) -> list[str]:
    """What is of the right type but cannot be."""
    errors = [
        f"{name}: expected a port from {least} to 65535, found {port}"
        for name, port, least in (
            ("http.port", settings.http.port, 1),  # URLs tell it
            ("ftp.port", settings.ftp.port, 0),
            ("sftp.port", settings.sftp.port, 0),
            ("mail.port", settings.mail.port, 1),
        )
        if not least <= port <= 65535  # noqa: PLR2004  # a TCP port
    ]
    errors += _check_builder(settings.builder)
    errors += [
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
        )
        if value < least
    ]
    errors += [
        f"{name}: expected {wanted}, found {value!r}"
        for name, value, grammar, wanted in (
            ("identity", settings.identity, _IDENTITY, "letters, digits, full stops and minuses"),
            ("http.public_url", settings.http.public_url, _URL, "a http or https URL"),
            ("mail.sender", settings.mail.sender, _SENDER, "a mail address"),
        )
        if not grammar.fullmatch(value)
    ]
    if not 0 <= settings.https.port <= 65535:  # noqa: PLR2004  # a TCP port
        errors.append(f"https.port: expected a port, or 0 for none, found {settings.https.port}")
    if settings.ftp.tls not in ("off", "offered", "required"):
        errors.append(f"ftp.tls: expected off, offered or required, found {settings.ftp.tls!r}")
    if settings.ftp.public_address and not _is_ipv4(settings.ftp.public_address):
        # PASV can tell no other; clients with IPv6 use EPSV, which tells none at all.
        errors.append(
            f"ftp.public_address: expected an IPv4 address, found {settings.ftp.public_address!r}"
        )
    errors += _check_watch(settings.watch)
    if settings.http.upload not in ("open", "accounts", "off"):
        errors.append(
            f"http.upload: expected open, accounts or off, found {settings.http.upload!r}"
        )
    if bool(settings.tls.certificate) != bool(settings.tls.key):
        errors.append("tls: expected both certificate and key, or neither; found one of them")
    errors += _check_sign_on(settings.sso, settings.ldap)
    errors += [
        f"http.trusted_proxies: expected addresses or networks, found {text!r}"
        for text in settings.http.trusted_proxies
        if not _is_network(text)
    ]
    try:
        passive_ports(settings.ftp)
    except ValueError as error:
        errors.append(f"ftp.passive_ports: {error}")
    return errors or _check_url(settings)


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


def passive_ports(ftp: Ftp) -> range:
    """The passive data ports as a range; range(0, 1) for any. Raises ValueError."""
    if not ftp.passive_ports:
        return range(1)
    first, _, last = ftp.passive_ports.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last) <= 65535):  # noqa: PLR2004
        raise ValueError(
            f'expected "first-last" such as "50000-50100", found {ftp.passive_ports!r}'
        )
    return range(int(first), int(last) + 1)
