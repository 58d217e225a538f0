"""Import an archive that another program has made: reprepro, aptly, or whatever apt can read.

Their suites are mapped to ours by a person. All versions that a suite of theirs has are imported;
where a suite of ours keeps fewer, they stay until the source package is changed next. Paragraphs
are made anew from the packages themselves; the archive area is the one that theirs had.
"""

import base64
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from mini_buildd.archive.foreign import Found, Unverified, read_suite
from mini_buildd.archive.offer import Offer, Offered
from mini_buildd.db.models import Distribution
from mini_buildd.deb.clearsigned import text_of
from mini_buildd.deb.deb822 import MalformedControl
from mini_buildd.deb.names import ArchivePath
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import ImportImpossible
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow.change import SuiteChange, decide_changes
from mini_buildd.flow.enter import enter
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.gather import copies_in, demand_open, demand_ready_made, gather
from mini_buildd.flow.intake import BinaryKey, Intake, SourceKey
from mini_buildd.flow.locks import pool_lock
from mini_buildd.flow.revise import Order, Revision, revise
from mini_buildd.flow.site import Site
from mini_buildd.keys.gpg import GnupgFailed
from mini_buildd.keys.verify import (
    BadSignature,
    NotOneSignedText,
    UnknownKey,
    keyring_for,
    verify,
)

_MAX_RELEASE_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class ArchiveImport:
    """The archive in *root*, and which of its suites becomes which of ours.

    *keyring* is a file with the public keys that may have signed it; None: whoever asks has been
    told that nobody vouches for it. Its files get a second name; with *copies* they are copied, as
    they must be if anybody could ever write into them.
    """

    root: Path
    suites: Mapping[ArchivePath, Distribution]
    keyring: Path | None
    copies: bool = False


@dataclass(slots=True)
class _Suite:
    """What a suite of ours is to have."""

    distribution: Distribution
    sources: set[SourceKey] = field(default_factory=set)
    binaries: set[BinaryKey] = field(default_factory=set)

    def note(self, found: Found) -> None:
        """It is to have this."""
        says = found.offer.expected
        if says is None or not says.architecture:
            self.sources.add(found.source)
        else:
            self.binaries.add((says.package, says.version, says.architecture))


@tells_full_disk
def import_archive(
    site: Site, actor: Actor, wish: ArchiveImport, *, reason: str = "", dry_run: bool = False
) -> tuple[SuiteChange, ...]:
    """Decide one version of each suite, with what theirs has besides; all of them, or none.

    Raises NotAllowed, ReadyMadeClosed, SuiteFrozen, ImportImpossible, PackageRefused, NothingToDo.
    """
    demand(actor, Act.TAKE_READY_MADE)
    order = Order(actor, Cause.IMPORT, reason)
    repository = _one_repository(wish)
    for distribution in wish.suites.values():
        demand_ready_made(distribution)
        demand_open(site, distribution, order)
    suites, offers, homes = _read_indexes(site, wish)
    first = suites[0].distribution
    intake = Intake(site, first, f"imported from {wish.root}", homes)
    with pool_lock(site, repository), ExitStack() as stack:
        if wish.copies and not dry_run:
            folder = stack.enter_context(copies_in(site.tree(repository).root))
            offers = [msgspec.structs.replace(offer, copies=folder) for offer in offers]
        held = gather(intake, offers, dry_run=dry_run)
        offers.clear()  # of tens of thousands; the decision takes much memory by itself
        return decide_changes(
            lambda: _revisions(site, order, intake, suites, held), dry_run=dry_run
        )


def _one_repository(wish: ArchiveImport) -> str:
    names = {distribution.repository.name for distribution in wish.suites.values()}
    if len(names) != 1:
        raise ImportImpossible(
            expected="suites of one repository to import into",
            found=", ".join(sorted(names)) or "none",
            hint="Import into one repository after the other.",
        )
    return names.pop()


def _read_indexes(
    site: Site, wish: ArchiveImport
) -> tuple[list[_Suite], list[Offer], dict[SourceKey, Distribution]]:
    """What each suite is to have, all that is to be read for it, and where sources belong."""
    suites: list[_Suite] = []
    homes: dict[SourceKey, Distribution] = {}
    offers: dict[bytes, Offer] = {}
    for name, distribution in wish.suites.items():
        suite = _Suite(distribution)
        suites.append(suite)
        try:
            for found in read_suite(wish.root, name, _release(site, wish, name)):
                suite.note(found)
                homes.setdefault(found.source, distribution)
                known = offers.setdefault(found.offer.file, found.offer)
                _demand_same(known, found.offer)
        except Unverified as error:
            raise _impossible(
                "indexes as Release and its signature vouch for them", error
            ) from None
    # Sources first: what was built of them then finds them.
    ordered = sorted(offers.values(), key=lambda offer: not offer.file.endswith(b".dsc"))
    return suites, ordered, homes


def _demand_same(one: Offer, other: Offer) -> None:
    if one.expected != other.expected:
        raise Unverified(f"two indexes do not agree on {one.name}")


def _impossible(expected: str, error: object) -> ImportImpossible:
    return ImportImpossible(
        expected=expected,
        found=str(error),
        hint="Nothing was imported. Look at that archive, and at how it was copied here.",
    )


def _release(site: Site, wish: ArchiveImport, suite: ArchivePath) -> bytes:
    """The text of the suite's Release, verified when there are keys."""
    folder = wish.root / "dists" / suite
    try:
        if wish.keyring is None:
            names = [name for name in ("InRelease", "Release") if (folder / name).is_file()]
            return text_of(_bounded(folder / (names[0] if names else "InRelease")))
        home = keyring_for(site.places.keyrings, [_armored(_bounded(wish.keyring))])
        return verify(_bounded(folder / "InRelease"), home).text
    except UnknownKey as error:
        raise _impossible(f"a signature by a key of {wish.keyring}", f"key {error}") from None
    except (NotOneSignedText, BadSignature, GnupgFailed) as error:
        raise _impossible("a good signature in InRelease", error) from None
    except (MalformedControl, OSError) as error:
        raise _impossible(f"the suite {suite} below {wish.root}", error) from None


def _bounded(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_MAX_RELEASE_BYTES + 1)


def _armored(keys: bytes) -> str:
    """Keyrings come in both forms (RFC 9580, 6.2)."""
    if keys.startswith(b"-----BEGIN"):
        return keys.decode("ascii", "replace")
    text = base64.encodebytes(keys).decode("ascii")
    kind = "PGP PUBLIC KEY BLOCK"
    return f"-----BEGIN {kind}-----\n\n{text}-----END {kind}-----\n"


def _revisions(
    site: Site, order: Order, intake: Intake, suites: Sequence[_Suite], held: Sequence[Offered]
) -> Iterator[Revision]:
    begun = [(revise(site, suite.distribution, order), suite) for suite in suites]
    intake.save(held)
    for revision, suite in begun:
        enter(revision, _rows_of(suite, intake), keeps_all=True)
        yield revision


def _rows_of(suite: _Suite, intake: Intake) -> Mapping[int, Collection[int]]:
    found: dict[int, list[int]] = {intake.sources[key]: [] for key in suite.sources}
    for key in suite.binaries:
        source, binary = intake.binaries[key]
        found.setdefault(source, []).append(binary)
    return found
