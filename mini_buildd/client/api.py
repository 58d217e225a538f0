"""The calls of the API by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mini_buildd.client.connection import Answer, Connection
from mini_buildd.wire.api.builds import Build, BuildDetail, BuildPage, QueuePage
from mini_buildd.wire.api.events import EventPage
from mini_buildd.wire.api.packages import (
    PackageDetail,
    PackageText,
    PackageVersionList,
    SearchResult,
    SourcePackagePage,
    SuiteGrowth,
)
from mini_buildd.wire.api.people import MadeToken, Me, TokenPage
from mini_buildd.wire.api.status import DputSections, Status
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

    def events(self, after: int, wait_seconds: int = 0) -> EventPage:
        """What happened after that event, waiting for it if there is nothing yet."""
        return self.connection.get(EventPage, "events/", after=after, wait=wait_seconds)

    def tokens(self) -> TokenPage:
        """Our tokens."""
        return self.connection.get(TokenPage, "tokens/")

    def make_token(self, wish: dict[str, Any]) -> MadeToken:
        """A new token of ours."""
        return self.connection.post(MadeToken, "tokens/", wish)

    def revoke_token(self, number: int) -> None:
        """Let a token of ours be good for nothing."""
        self.connection.call("DELETE", f"/api/v1/tokens/{number}")


def _version_path(name: str, version: str) -> str:
    return f"packages/{quote(name, safe='')}/{quote(version, safe='')}"
