"""Where an instance keeps what; the one list of its folders and files."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """Folders and files under the *home* of one instance."""

    home: Path

    @property
    def database(self) -> Path:
        """SQLite, in WAL mode: two more files stand beside it while it is open."""
        return self.home / "db.sqlite3"

    @property
    def secret_key(self) -> Path:
        """Django's secret, made on first start."""
        return self.home / "secret-key"

    @property
    def first_administrator(self) -> Path:
        """The link for who is to administer the instance; gone once somebody does."""
        return self.home / "first-administrator"

    @property
    def gnupg(self) -> Path:
        """The archive's signing key."""
        return self.home / "gnupg"

    @property
    def tls(self) -> Path:
        """The certificate that the instance made for itself, and its key."""
        return self.home / "tls"

    @property
    def ssh(self) -> Path:
        """The keys by which SFTP's clients know this host."""
        return self.home / "ssh"

    @property
    def keyrings(self) -> Path:
        """Verification keyrings, made anew from the database whenever one is missing."""
        return self.home / "keyrings"

    @property
    def spool(self) -> Path:
        """What arrived and is not accepted yet."""
        return self.home / "spool"

    @property
    def resumable(self) -> Path:
        """What arrives in several goes."""
        return self.spool / "resumable"

    @property
    def builds(self) -> Path:
        """One folder an attempt: the task, its state, its log, its results."""
        return self.home / "builds"

    @property
    def chroots(self) -> Path:
        """What builds start from: tarballs, and beside each its unpacked generations."""
        return self.home / "chroots"

    @property
    def layers(self) -> Path:
        """Sets of installed build dependencies, which builds share; may go at any time."""
        return self.home / "layers"

    @property
    def ccache(self) -> Path:
        """Compiler caches, one folder a repository and source package; may go at any time."""
        return self.home / "ccache"

    @property
    def base_lists(self) -> Path:
        """Package lists of the base distribution; one folder a release and architecture."""
        return self.home / "base-lists"

    @property
    def archive(self) -> Path:
        """The published tree; one folder a repository."""
        return self.home / "archive"

    @property
    def index_cache(self) -> Path:
        """What makes publishing quick; it may be removed at any time."""
        return self.home / "index-cache"

    @property
    def catalogue(self) -> Path:
        """What packages have, to be searched (archive.catalogue); may go at any time."""
        return self.index_cache / "catalogue.sqlite3"

    @property
    def lock(self) -> Path:
        """Held by the daemon: one daemon an instance."""
        return self.home / "daemon.lock"

    def make(self) -> None:
        """Make the folders that are missing; only what is published is open to other users."""
        self.home.mkdir(parents=True, exist_ok=True)
        for folder in (self.chroots, self.archive):
            folder.mkdir(exist_ok=True)
        private = (self.spool, self.builds, self.keyrings, self.gnupg, self.tls, self.ssh)
        caches = (self.index_cache, self.base_lists, self.layers, self.ccache)
        for folder in (*private, *caches):
            folder.mkdir(mode=0o700, exist_ok=True)
        self.database.touch(mode=0o600)  # SQLite gives its other files the same mode
