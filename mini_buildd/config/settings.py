"""The settings of one instance, each with its default; config.load reads them from their file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


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
    security: str = "none"  # or starttls, or tls from the beginning
    user: str = ""
    password_file: str = ""
    sender: str = "mini-buildd@localhost"
    outcomes: bool = True
    keep_days: int = 30  # what was sent is remembered for so long


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Where webhooks may be sent to beside the addresses of the world, and for how long."""

    networks: tuple[str, ...] = ()
    seconds: int = 10  # a receiver has so long for one answer
    keep_days: int = 30  # of deliveries, in the history


@dataclass(frozen=True, slots=True)
class Hooks:
    """Programs that are run for events."""

    folder: str = ""  # hooks.d in the instance's folder when empty
    seconds: int = 60  # a program has so long

    def folder_in(self, home: Path) -> Path:
        """Where they are, of the instance in *home*."""
        return Path(self.folder) if self.folder else home / "hooks.d"


@dataclass(frozen=True, slots=True)
class Log:
    """What the daemon says of what it does, on standard error."""

    format: str = "text"  # for people; or json, an object a line
    level: str = "info"  # or debug, warning, error: what is less than that is not said
    requests: str = "pages"  # which over HTTP: pages, API and uploads; or all, or off


@dataclass(frozen=True, slots=True)
class Metrics:
    """Who may read /metrics."""

    access: str = "local"  # who is on this machine; or open, token, off
    token_file: str = ""  # what a Bearer token must be, for "token"


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them; *home* is the instance's folder and never stands in the file."""

    home: Path
    identity: str = "mini-buildd"
    language: str = "en"  # of mails, and of pages for browsers that want none that we have
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
    webhooks: Webhooks = field(default_factory=Webhooks)
    hooks: Hooks = field(default_factory=Hooks)
    log: Log = field(default_factory=Log)
    metrics: Metrics = field(default_factory=Metrics)

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
