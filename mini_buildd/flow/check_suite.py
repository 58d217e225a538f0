"""The check of one suite: what clients are shown, its kept versions, and its cache."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from mini_buildd.archive.inspect import (
    Fault,
    inspect_blobs,
    inspect_cache,
    inspect_face,
    inspect_version,
)
from mini_buildd.archive.publish import KEY_NAME
from mini_buildd.archive.seen import Seen
from mini_buildd.archive.suite_state import IndexCache
from mini_buildd.archive.write import cache_of, write_version
from mini_buildd.db.models import Distribution, Publication
from mini_buildd.domain.distribution import DistributionName
from mini_buildd.domain.finding import Finding, FindingKind
from mini_buildd.flow.check_text import TextCheck
from mini_buildd.flow.content import content_of, face_of
from mini_buildd.flow.locks import suite_lock
from mini_buildd.flow.publish import carry_out, sign_again
from mini_buildd.flow.retain import kept_versions
from mini_buildd.flow.site import Site
from mini_buildd.keys.verify import BadSignature, keyring_for
from mini_buildd.keys.verify_archive import check_detached, open_inrelease

Say = Callable[[str], None]

_REPAIRS = {
    FindingKind.SIGNATURE: "sign it again",
    FindingKind.POINTER: "show the published version",
    FindingKind.KEY: "write the key that signs",
    FindingKind.CACHE: "remove the cache; the next version is made from the database",
    FindingKind.LEFT_OVER: "write the version again, without it",
}
_WRITE_AGAIN = "write the version again, from the database"


def check_suite(site: Site, distribution: Distribution, say: Say, *, repair: bool) -> list[Finding]:
    """What is wrong with *distribution*, and with *repair* what is left or was mended.

    While it is looked at for the first time the daemon may work on it; so what seems wrong is
    looked at once more, while nobody does.
    """
    check = _SuiteCheck(site, distribution, say)
    with contextlib.suppress(OSError):  # what was removed while it was read
        if not check.look():
            return []
    if repair:
        carry_out(site, distribution)  # what a crash has left half-way is nothing to repair
    with suite_lock(site, distribution.name):
        found = check.look()
        # Several versions may have the same file.
        unique = {(finding.kind, finding.where): finding for _, finding in found}
        if not repair or not found:
            return list(unique.values())
        check.repair(found)
        left = {(finding.kind, finding.where) for _, finding in check.look()}
    return [replace(each, is_repaired=key not in left) for key, each in unique.items()]


# A finding, and the number of the version that it is in; 0 where it is in none.
_Found = tuple[int, Finding]


class _SuiteCheck:
    """Looks at one suite."""

    def __init__(self, site: Site, distribution: Distribution, say: Say) -> None:
        self._site, self._distribution, self._say = site, distribution, say
        self._name = DistributionName.parse(distribution.name)
        self._tree = site.tree(distribution.repository.name)
        self._seen = Seen()
        self._texts = TextCheck(self._seen)
        self._keyring = keyring_for(site.places.keyrings, [site.signer.public_key])

    def look(self) -> list[_Found]:
        """All that is wrong now."""
        rows = list(kept_versions(self._distribution))
        if not rows:
            return []
        found = [(0, self._finding(fault, self._tree.root)) for fault in self._key()]
        for done, row in enumerate(rows):
            self._say(f"{self._name}: version {row.number}, {done} of {len(rows)} done")
            folder = self._tree.version(self._name, row.number)
            faults = self._version(folder, row)
            found += [(row.number, self._finding(fault, folder)) for fault in faults]
        is_whole = all(number != rows[0].number for number, _ in found)
        found += [(0, finding) for finding in self._shown(rows[0], is_whole=is_whole)]
        suite = self._tree.suite(self._name)
        faults = inspect_blobs(self._seen, self._tree.blobs(self._name))
        found += [(0, self._finding(fault, suite)) for fault in faults]
        cache = self._cache()
        found += [(0, self._finding(fault, cache.folder)) for fault in inspect_cache(cache)]
        return found

    def _cache(self) -> IndexCache:
        return cache_of(self._tree, self._name)

    def _finding(self, fault: Fault, folder: Path) -> Finding:
        path = Path(os.path.normpath(folder / fault.path))
        home = self._site.places.home
        where = str(path.relative_to(home)) if path.is_relative_to(home) else str(path)
        repair = _REPAIRS.get(fault.kind, _WRITE_AGAIN)
        return Finding(fault.kind, where, fault.expected, fault.found, repair)

    def _key(self) -> Iterator[Fault]:
        path = self._tree.root / KEY_NAME
        if not path.is_file() or path.read_text(errors="replace") != self._site.signer.public_key:
            found = "another one" if path.exists() else "none"
            yield Fault(FindingKind.KEY, KEY_NAME, "the key that signs", found)

    # --- what clients are shown -----------------------------------------------------

    def _shown(self, newest: Publication, *, is_whole: bool) -> Iterator[Finding]:
        """The pointer, and the version signed again, if it *is_whole*, that it may lead to."""
        pointer = self._tree.pointer(self._name)
        shown = self._tree.shown(self._name)
        # Until its time is set, a version may be shown and be no finding: the next run sets it.
        ahead = self._distribution.publications.filter(published_at=None)
        allowed = {str(newest.number), *map(str, ahead.values_list("number", flat=True))}
        folder = self._tree.suite(self._name) / (shown or "none")
        root = self._tree.root
        if (
            shown.partition(".")[0] not in allowed
            or not folder.is_dir()
            or pointer.resolve() != folder.resolve()
        ):
            wanted = f"a link to version {newest.number}"
            found = f"one to {pointer.readlink()}" if shown else "none"
            fault = Fault(FindingKind.POINTER, str(pointer.relative_to(root)), wanted, found)
            yield self._finding(fault, root)
        elif "." in shown and is_whole:
            version = folder.with_name(shown.partition(".")[0])
            for fault in inspect_face(folder, version, self._check_signatures):
                yield self._finding(fault, folder)

    # --- one version ----------------------------------------------------------------

    def _version(self, folder: Path, row: Publication) -> Iterator[Fault]:
        if not folder.is_dir():
            yield Fault(FindingKind.VERSION_LOST, "", "the folder of a kept version", "none")
            return
        faults = list(self._inspect(folder))
        yield from faults
        if not any(fault.kind is FindingKind.VERSION_DAMAGED for fault in faults):
            yield from self._texts.faults(folder, row)

    def _inspect(self, folder: Path) -> Iterator[Fault]:
        blobs = self._tree.blobs(self._name)
        return inspect_version(self._seen, folder, blobs, self._check_signatures)

    def _check_signatures(self, folder: Path) -> str:
        try:
            release = (folder / "Release").read_bytes()
            signed = open_inrelease((folder / "InRelease").read_bytes(), self._keyring)
            check_detached(release, folder / "Release.gpg", self._keyring)
        except (BadSignature, OSError) as error:
            return str(error)
        if signed.rstrip(b"\n") != release.rstrip(b"\n"):
            return "an InRelease with another text than Release"
        return ""

    # --- repair ---------------------------------------------------------------------

    def repair(self, found: list[_Found]) -> None:
        """Write from the rows what is wrong on the disk; with the suite's lock held."""
        rows = list(kept_versions(self._distribution))
        newest = rows[0]
        kinds = {finding.kind for _, finding in found}
        bad = {number for number, _ in found}
        self._remove_bad_blobs()
        if kinds - {FindingKind.SIGNATURE, FindingKind.POINTER, FindingKind.KEY}:
            # Whatever has damaged the one may have damaged the other.
            self._cache().drop()
        content = content_of(self._distribution)
        for row in rows:  # the newest first: the others are then made from it
            if row.number in bad:
                self._say(f"{self._name}: writing version {row.number} again")
                write_version(self._tree, face_of(self._site, row), content, self._site.signer)
        if newest.number in bad or kinds & {
            FindingKind.SIGNATURE,
            FindingKind.POINTER,
            FindingKind.KEY,
        }:
            sign_again(self._site, newest)

    def _remove_bad_blobs(self) -> None:
        """What is there counts as whole when a version is written."""
        blobs = self._tree.blobs(self._name)
        for fault in inspect_blobs(self._seen, blobs):
            (blobs / Path(fault.path).name).unlink(missing_ok=True)
