"""The calls of the API by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mini_buildd.client.connection import Answer, Connection
from mini_buildd.client.events import Following
from mini_buildd.wire.api.builds import Build, BuildDetail, BuildPage, QueuePage
from mini_buildd.wire.api.changes import (
    DifferencePage,
    PlannedRebuilds,
    Snapshot,
    SnapshotPage,
    SuiteChanges,
)
from mini_buildd.wire.api.events import EventPage
from mini_buildd.wire.api.keys import Key, KeyPage, SshKeyPage
from mini_buildd.wire.api.office import (
    Account,
    AccountPage,
    AuditPage,
    Chroot,
    ChrootPage,
    Right,
    RightPage,
)
from mini_buildd.wire.api.packages import (
    PackageDetail,
    PackageText,
    PackageVersionList,
    SearchResult,
    SourcePackagePage,
    SuiteGrowth,
)
from mini_buildd.wire.api.people import MadeToken, Me, TokenPage
from mini_buildd.wire.api.status import Builder, BuilderPage, DputSections, Status
from mini_buildd.wire.api.suites import (
    PackagePage,
    RepositoryPage,
    Suite,
    SuiteNamePage,
    SuiteVersion,
    SuiteVersionPage,
)
from mini_buildd.wire.api.uploads import Upload, UploadDetail, UploadPage
from mini_buildd.wire.precheck import Precheck


@dataclass(frozen=True, slots=True)
class LogPart:
    """Some bytes of a log; the next ones are at *next_offset*, unless it *has_ended*."""

    data: bytes
    next_offset: int
    has_ended: bool


class Api:
    """An instance; every call may raise Unreachable and Refused."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def status(self) -> Status:
        """What goes on."""
        return self.connection.get(Status, "status")

    def me(self) -> Me:
        """Who we are."""
        return self.connection.get(Me, "me")

    def dput(self) -> DputSections:
        """How to upload with dput and dput-ng."""
        return self.connection.get(DputSections, "dput")

    def uploads(self, **wanted: object) -> UploadPage:
        """Uploads that fit, the newest first."""
        return self.connection.get(UploadPage, "uploads/", **wanted)

    def upload(self, number: int) -> UploadDetail:
        """One upload."""
        return self.connection.get(UploadDetail, f"uploads/{number}")

    def precheck(self, changes_name: str, changes: str, dsc: str | None) -> Precheck:
        """Whether this upload would be accepted."""
        body = {"changes_name": changes_name, "changes": changes, "dsc": dsc}
        return self.connection.post(Precheck, "uploads/precheck", body)

    def builds(self, **wanted: object) -> BuildPage:
        """Builds that fit, the newest first."""
        return self.connection.get(BuildPage, "builds/", **wanted)

    def build(self, number: int) -> BuildDetail:
        """One build."""
        return self.connection.get(BuildDetail, f"builds/{number}")

    def change_build(self, number: int, what: str, reason: str) -> Build:
        """Change a build: *what* is "cancel" or "retry"."""
        return self.connection.post(Build, f"builds/{number}/{what}", {"reason": reason})

    def change_upload(self, number: int, what: str, reason: str) -> Upload:
        """The same with all builds of an upload."""
        return self.connection.post(Upload, f"uploads/{number}/{what}", {"reason": reason})

    def log(self, number: int, offset: int = 0, attempt: int | None = None) -> LogPart:
        """Some of the log of a build."""
        query = f"offset={offset}" + (f"&attempt={attempt}" if attempt is not None else "")
        answer: Answer = self.connection.call("GET", f"/api/v1/builds/{number}/log?{query}")
        return LogPart(
            answer.data,
            int(answer.headers.get("x-log-next-offset", "0")),
            answer.headers.get("x-log-state") == "ended",
        )

    def packages(self, **wanted: object) -> SourcePackagePage:
        """Source packages that fit, across all suites."""
        return self.connection.get(SourcePackagePage, "packages/", **wanted)

    def package(self, name: str) -> PackageDetail:
        """One source package: where it is, its versions, what needs it."""
        return self.connection.get(PackageDetail, f"packages/{quote(name, safe='')}")

    def package_version(self, name: str, version: str) -> PackageVersionList:
        """All of a version of a source package."""
        return self.connection.get(PackageVersionList, _version_path(name, version))

    def changelog(self, name: str, version: str) -> PackageText:
        """The changelog of a version of a source package."""
        return self.connection.get(PackageText, f"{_version_path(name, version)}/changelog")

    def copyright(self, name: str, version: str) -> PackageText:
        """The copyright of a version of a source package."""
        return self.connection.get(PackageText, f"{_version_path(name, version)}/copyright")

    def search(self, query: str, limit: int = 20) -> SearchResult:
        """What fits *query*, so much of each kind at most."""
        return self.connection.get(SearchResult, "search", query=query, limit=limit)

    def suite_growth(self, distribution: str) -> SuiteGrowth:
        """How much a suite had over time."""
        return self.connection.get(SuiteGrowth, f"suites/{quote(distribution, safe='')}/growth")

    def queue(self) -> Iterator[QueuePage]:
        """What waits, page by page."""
        page = self.connection.get(QueuePage, "queue/")
        yield page
        while page.next is not None:
            page = self.connection.get_at(QueuePage, page.next)
            yield page

    def events(self, after: int, wait_seconds: int = 0, **wanted: object) -> EventPage:
        """What happened after that event, waiting for it if there is nothing yet."""
        return self.connection.get(EventPage, "events/", after=after, wait=wait_seconds, **wanted)

    def follow(self, after: int | None = None, **wanted: object) -> Following:
        """What happens after that event, or from now on, without end; *wanted* as for the list.

        Several kinds are given as a list: ``kind=["job.failed", "job.succeeded"]``.
        """
        return Following(self.connection, after, wanted)

    def tokens(self) -> TokenPage:
        """Our tokens."""
        return self.connection.get(TokenPage, "tokens/")

    def make_token(self, wish: dict[str, Any]) -> MadeToken:
        """A new token of ours."""
        return self.connection.post(MadeToken, "tokens/", wish)

    def revoke_token(self, number: int) -> None:
        """Let a token of ours be good for nothing."""
        self.connection.call("DELETE", f"/api/v1/tokens/{number}")

    # --- suites ----------------------------------------------------------------------

    def repositories(self) -> RepositoryPage:
        """The repositories that we may see."""
        return self.connection.get(RepositoryPage, "repositories/")

    def suites(self, repository: str = "") -> SuiteNamePage:
        """The suites that we may see."""
        return self.connection.get(SuiteNamePage, "suites/", repository=repository)

    def suite(self, name: str) -> Suite:
        """One suite."""
        return self.connection.get(Suite, f"suites/{quote(name)}")

    def suite_packages(self, suite: str, **wanted: object) -> Iterator[PackagePage]:
        """The source packages of a suite, page by page."""
        page = self.connection.get(PackagePage, f"suites/{quote(suite)}/packages/", **wanted)
        yield page
        while page.next is not None:
            page = self.connection.get_at(PackagePage, page.next)
            yield page

    def versions(self, suite: str, **wanted: object) -> SuiteVersionPage:
        """The versions of a suite, the newest first."""
        return self.connection.get(SuiteVersionPage, f"suites/{quote(suite)}/versions/", **wanted)

    def version(self, suite: str, number: int) -> SuiteVersion:
        """One version of a suite."""
        return self.connection.get(SuiteVersion, f"suites/{quote(suite)}/versions/{number}")

    def diff(self, suite: str, **wanted: object) -> Iterator[DifferencePage]:
        """In what two versions of suites differ, page by page."""
        page = self.connection.get(DifferencePage, f"suites/{quote(suite)}/diff", **wanted)
        yield page
        while page.next is not None:
            page = self.connection.get_at(DifferencePage, page.next)
            yield page

    def sources(self, suite: str, at: str = "") -> str:
        """What goes into sources.list.d for that suite."""
        return self.connection.text(f"suites/{quote(suite)}/sources", at=at)

    def change_suite(self, suite: str, what: str, wish: dict[str, Any]) -> SuiteChanges:
        """Change a suite, or only see what would change: *what* is the last part of the path."""
        return self.connection.post(SuiteChanges, f"suites/{quote(suite)}/{what}", wish)

    def rebuild(self, suite: str, wish: dict[str, Any]) -> PlannedRebuilds:
        """Build packages of a suite again, or only see what would be built."""
        return self.connection.post(PlannedRebuilds, f"suites/{quote(suite)}/rebuild", wish)

    def freeze(self, suite: str, reason: str) -> Suite:
        """Let nothing come in or go out."""
        return self.connection.post(Suite, f"suites/{quote(suite)}/freeze", {"reason": reason})

    def thaw(self, suite: str) -> Suite:
        """Let packages come and go again."""
        return self.connection.post(Suite, f"suites/{quote(suite)}/thaw", {})

    def snapshots(self, repository: str) -> SnapshotPage:
        """The snapshots of a repository."""
        return self.connection.get(SnapshotPage, f"repositories/{quote(repository)}/snapshots/")

    def take_snapshot(self, repository: str, name: str, reason: str) -> Snapshot:
        """Keep what the suites of a repository have now."""
        wish = {"name": name, "reason": reason}
        return self.connection.post(Snapshot, f"repositories/{quote(repository)}/snapshots/", wish)

    def drop_snapshot(self, repository: str, name: str) -> None:
        """Let a snapshot go."""
        place = f"repositories/{quote(repository)}/snapshots/{quote(name, safe='')}"
        self.connection.call("DELETE", f"/api/v1/{place}")

    # --- keys and rights -------------------------------------------------------------

    def keys(self) -> KeyPage:
        """Our OpenPGP keys."""
        return self.connection.get(KeyPage, "me/keys/")

    def give_key(self, text: str) -> KeyPage:
        """Give an OpenPGP key as ours."""
        return self.connection.post(KeyPage, "me/keys/", {"key": text})

    def remove_key(self, fingerprint: str) -> None:
        """Forget a key of ours."""
        self.connection.call("DELETE", f"/api/v1/me/keys/{quote(fingerprint, safe='')}")

    def ssh_keys(self) -> SshKeyPage:
        """Our SSH keys."""
        return self.connection.get(SshKeyPage, "me/ssh-keys/")

    def give_ssh_key(self, text: str) -> SshKeyPage:
        """Let an SSH key sign us in."""
        return self.connection.post(SshKeyPage, "me/ssh-keys/", {"key": text})

    def remove_ssh_key(self, fingerprint: str) -> None:
        """Let an SSH key of ours sign in nobody any more."""
        self.connection.order("me/ssh-keys/remove", {"fingerprint": fingerprint})

    def all_keys(self, **wanted: object) -> KeyPage:
        """The keys of all accounts."""
        return self.connection.get(KeyPage, "keys/", **wanted)

    def approve_key(self, fingerprint: str) -> Key:
        """Let signatures by a key count."""
        return self.connection.post(Key, f"keys/{quote(fingerprint, safe='')}/approve", {})

    def refuse_key(self, fingerprint: str, reason: str) -> Key:
        """Let no signature by a key count."""
        place = f"keys/{quote(fingerprint, safe='')}/refuse"
        return self.connection.post(Key, place, {"reason": reason})

    def rights(self, repository: str) -> RightPage:
        """The rights to a repository."""
        return self.connection.get(RightPage, f"repositories/{quote(repository)}/rights/")

    def give_right(self, repository: str, wish: dict[str, Any]) -> Right:
        """Give somebody a right."""
        return self.connection.post(Right, f"repositories/{quote(repository)}/rights/", wish)

    def withdraw_right(self, repository: str, number: int) -> None:
        """Take a right back."""
        place = f"repositories/{quote(repository)}/rights/{number}"
        self.connection.call("DELETE", f"/api/v1/{place}")

    # --- the instance ----------------------------------------------------------------

    def builders(self) -> BuilderPage:
        """The machines that build."""
        return self.connection.get(BuilderPage, "builders/")

    def set_aside(self, builder: str, reason: str) -> Builder:
        """Give a builder no jobs."""
        return self.connection.post(Builder, f"builders/{quote(builder)}/aside", {"reason": reason})

    def take_back(self, builder: str) -> Builder:
        """Give a builder jobs again."""
        return self.connection.post(Builder, f"builders/{quote(builder)}/return", {})

    def chroots(self) -> ChrootPage:
        """What builds start from."""
        return self.connection.get(ChrootPage, "chroots/")

    def refresh_chroot(self, number: int) -> Chroot:
        """Let a chroot be made anew."""
        return self.connection.post(Chroot, f"chroots/{number}/refresh", {})

    def audit(self, **wanted: object) -> AuditPage:
        """Who did what."""
        return self.connection.get(AuditPage, "audit/", **wanted)

    def accounts(self, *, off: bool = False) -> AccountPage:
        """Who may sign in, or the accounts that are switched *off* as well."""
        return self.connection.get(AccountPage, "accounts/", off=off or None)

    def switch_account(self, name: str, *, is_on: bool, reason: str = "") -> Account:
        """Let somebody sign in no more, or again."""
        place = f"accounts/{quote(name, safe='')}/{'on' if is_on else 'off'}"
        return self.connection.post(Account, place, {"reason": reason})


def _version_path(name: str, version: str) -> str:
    return f"packages/{quote(name, safe='')}/{quote(version, safe='')}"
