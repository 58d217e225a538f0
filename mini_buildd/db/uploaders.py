"""Read queries on who may upload what."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from django.db.models import Q, QuerySet

from mini_buildd.db.models import Grant, OpenPGPKey, Repository, TrustedKeyring
from mini_buildd.domain.permission import Role


@dataclass(frozen=True, slots=True)
class UploadRight:
    """Where a signer may upload to, and what: *suite* and *sources* are empty for all of them."""

    repository: str
    suite: str = ""
    sources: tuple[str, ...] = ()
    may_add_sources: bool = True

    def __str__(self) -> str:
        old = "" if self.may_add_sources else " that the repository has already"
        what = " ".join(self.sources) or "all source packages"
        return f"{what}{old}, in {self.suite or 'all suites'}"

    def covers(self, repository: str, suite: str, source: str, *, is_new: bool) -> bool:
        """Whether it lets *source* in; *is_new* when the repository does not have it yet."""
        return (
            self.repository == repository
            and self.suite in {"", suite}
            and self.takes(source)
            and (self.may_add_sources or not is_new)
        )

    def takes(self, source: str) -> bool:
        """Whether it is for the source package *source* at all."""
        return not self.sources or any(fnmatchcase(source, each) for each in self.sources)


@dataclass(frozen=True, slots=True)
class Signer:
    """A known key, whose it is, and where it is let in.

    *uploader* is the account, the only one with a *key_id*; or who the key of a keyring says it is,
    and which keyring that is.
    """

    key_id: int | None
    uploader: str
    rights: tuple[UploadRight, ...]
    fingerprint: str = ""
    is_archive: bool = False

    @property
    def repositories(self) -> frozenset[str]:
        """Those that it may upload to at all."""
        return frozenset(right.repository for right in self.rights)


@dataclass(frozen=True, slots=True)
class Keyring:
    """A file of many keys whose owners need no account; *permissions* is empty without such."""

    id: int
    name: str
    path: str
    permissions: str


def _counting() -> QuerySet[OpenPGPKey]:
    """The keys whose signatures count."""
    return OpenPGPKey.objects.filter(
        is_active=True,
        approved_at__isnull=False,
        refused_at=None,
        revoked_at=None,
        user__is_active=True,
    )


def active_keys() -> list[str]:
    """The armored public keys whose signatures count."""
    return list(_counting().order_by("fingerprint").values_list("armored", flat=True))


def active_keyrings() -> tuple[Keyring, ...]:
    """The keyrings whose signatures count."""
    rows = TrustedKeyring.objects.filter(is_active=True)
    return tuple(Keyring(row.pk, row.name, row.path, row.permissions) for row in rows)


def find_signer(fingerprint: str) -> Signer | None:
    """Whose registered key it is, if it counts."""
    key = _counting().filter(fingerprint=fingerprint).select_related("user").first()
    if key is None:
        return None
    grants = Grant.objects.filter(Q(user=key.user) | Q(group__user=key.user))
    return Signer(key.pk, key.user.get_username(), _rights(grants), fingerprint)


def is_blocked(fingerprint: str) -> bool:
    """Whether it is registered, and somebody has said that it is not to count any more.

    Not when it was merely refused as the key of an account, or waits in one that was closed:
    somebody else's may be claimed there.
    """
    rows = OpenPGPKey.objects.filter(fingerprint=fingerprint)
    withdrawn = Q(refused_at__isnull=False, approved_at__isnull=False)
    closed = Q(user__is_active=False, approved_at__isnull=False)
    said = Q(is_active=False) | Q(revoked_at__isnull=False)
    return rows.filter(said | withdrawn | closed).exists()


def keyring_rights(
    keyring: Keyring, fingerprint: str, allowed: Collection[str] | None
) -> tuple[UploadRight, ...]:
    """What the key of *keyring* may upload: of what the grants say, those that are *allowed*.

    None allows all.
    """
    rights = _rights(Grant.objects.filter(keyring=keyring.id, fingerprint__in=("", fingerprint)))
    if allowed is None:
        return rights
    bounded = (
        replace(right, sources=tuple(name for name in allowed if right.takes(name)))
        for right in rights
    )
    return tuple(right for right in bounded if right.sources)


def _rights(grants: QuerySet[Grant]) -> tuple[UploadRight, ...]:
    rows = grants.filter(role__gte=Role.UPLOADER).select_related("repository", "suite").distinct()
    return tuple(
        UploadRight(
            row.repository.name,
            row.suite.name if row.suite else "",
            tuple(row.sources.split()),
            row.may_add_sources,
        )
        for row in rows.order_by("id")
    )


def archive_itself(identity: str) -> Signer:
    """The instance called *identity* as the signer of its own keyring package."""
    names = Repository.objects.values_list("name", flat=True)
    rights = tuple(map(UploadRight, names))
    return Signer(None, f"the archive {identity}", rights, is_archive=True)
