"""Waiting for what becomes of an upload, woken by the instance's events."""

import time
from collections.abc import Callable

from mini_buildd.client.api import Api
from mini_buildd.wire.api.builds import BuildDetail
from mini_buildd.wire.api.suites import HeldVersion
from mini_buildd.wire.api.uploads import UploadDetail

_WAIT_SECONDS = 25
_LEAST_SECONDS = 1.0
# Its files are there, so it is looked at within moments.
_ARRIVAL_SECONDS = 120.0


class TooLong(Exception):
    """The time that somebody wants to wait at most is over."""


class Watch:
    """Waits until *seconds* are over, if given; each call may raise Unreachable and Refused."""

    def __init__(self, api: Api, seconds: float | None, *, look_seconds: int | None = None) -> None:
        """Without *look_seconds* it looks when something has happened, and twice a minute."""
        self._api = api
        self._look = look_seconds or _WAIT_SECONDS
        self._end = None if seconds is None else time.monotonic() + seconds
        self._last = api.status().last_event

    def newest(self, changes_sha256: str) -> int:
        """The number of the newest upload of that .changes; 0 when there is none."""
        items = self._api.uploads(changes_sha256=changes_sha256, limit=1).items
        return items[0].id if items else 0

    def arrival(self, changes_sha256: str, after: int) -> int:
        """The number of the upload, once there is one after that; raises TooLong."""
        end = time.monotonic() + _ARRIVAL_SECONDS
        while (found := self.newest(changes_sha256)) <= after:
            if time.monotonic() > end:
                raise TooLong(f"nothing came of it within {_ARRIVAL_SECONDS:.0f} seconds")
            self._wait()
        return found

    def end(self, number: int, tell: Callable[[UploadDetail], None]) -> UploadDetail:
        """The upload, once nothing more will come of it; each state is told. Raises TooLong."""
        while True:
            found = self._api.upload(number)
            tell(found)
            if not found.upload.is_open:
                return found
            self._wait()

    def build(self, number: int) -> BuildDetail:
        """The build, once nothing more will come of it. Raises TooLong."""
        while True:
            found = self._api.build(number)
            if not found.build.is_open:
                return found
            self._wait()

    def package(self, suite: str, name: str, version: str = "") -> HeldVersion:
        """The source package, or that version of it, once apt finds it in *suite*."""
        while True:
            shown = self._api.suite(suite).shown
            for page in self._api.suite_packages(suite, query=name, version=shown, limit=200):
                for each in page.items:
                    for held in each.held:
                        if shown and each.name == name and version in {"", held.version}:
                            return held
            self._wait()

    def _wait(self) -> None:
        """Let something happen, or half a minute pass."""
        begin = time.monotonic()
        left: float = self._look if self._end is None else self._end - begin
        if left <= 0:
            raise TooLong("it takes longer than you want to wait")
        page = self._api.events(self._last, max(1, min(self._look, int(left))))
        self._last = page.last
        # An instance that has no room for more who wait answers at once; it is not to be hurried.
        time.sleep(max(0.0, _LEAST_SECONDS - (time.monotonic() - begin)))
