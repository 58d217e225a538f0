"""Read queries on who may upload what."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.db.models import Q, QuerySet

from mini_buildd.db.models import Grant, OpenPGPKey, Repository
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
            and (not self.sources or any(fnmatchcase(source, each) for each in self.sources))
            and (self.may_add_sources or not is_new)
        )


@dataclass(frozen=True, slots=True)
class Signer:
    """A known key, whose it is, and where it is let in; the archive's own has no *key_id*."""

    key_id: int | None
    uploader: str
    rights: tuple[UploadRight, ...]

    @property
    def is_archive(self) -> bool:
        """Whether the archive itself has signed."""
        return self.key_id is None

    @property
    def repositories(self) -> frozenset[str]:
        """Those that it may upload to at all."""
        return frozenset(right.repository for right in self.rights)


def _counting() -> QuerySet[OpenPGPKey]:
    """The keys whose signatures count."""
    return OpenPGPKey.objects.filter(
        is_active=True, approved_at__isnull=False, user__is_active=True
    )


def active_keys() -> list[str]:
    """The armored public keys whose signatures count."""
    return list(_counting().order_by("fingerprint").values_list("armored", flat=True))


def find_signer(fingerprint: str) -> Signer | None:
    """Whose key it is, if it counts."""
    key = _counting().filter(fingerprint=fingerprint).select_related("user").first()
    if key is None:
        return None
    grants = Grant.objects.filter(Q(user=key.user) | Q(group__user=key.user))
    return Signer(key.pk, key.user.get_username(), _rights(grants))


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
    return Signer(None, f"the archive {identity}", tuple(map(UploadRight, names)))
