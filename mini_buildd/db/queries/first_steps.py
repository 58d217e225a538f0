"""What an instance has of all that its first package needs."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import F, Q, QuerySet

from mini_buildd.db.models import Base, Distribution, Grant, OpenPGPKey, Repository, Source
from mini_buildd.db.queries.chroots import ChrootRow, list_chroots
from mini_buildd.db.queries.uploads import UploadRow, upload_row, uploads
from mini_buildd.domain.chroot_age import Health
from mini_buildd.domain.permission import Role
from mini_buildd.domain.states import SourceState

_LONG_WAY = 9  # and an end, whatever somebody has configured


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A base release, and the apt sources that its chroots are made from."""

    vendor: str
    codename: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepositoryNames:
    """A repository with the names of its distributions, those that take uploads first."""

    name: str
    distributions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Furniture:
    """All there is; *upload* is the latest one, *published* the first package that came out."""

    administrators: tuple[str, ...]
    releases: tuple[ReleaseRow, ...]
    chroots: tuple[ChrootRow, ...]
    repositories: tuple[RepositoryNames, ...]
    uploaders: tuple[str, ...]
    user_id: str  # of the first key of an account that may upload; empty where there is none
    upload: UploadRow | None
    published: "Published | None"


@dataclass(frozen=True, slots=True)
class Published:
    """A source package in a distribution, with one of its binary packages."""

    source: str
    version: str
    repository: str
    distribution: str
    package: str
    is_private: bool


def has_administrator() -> bool:
    """Whether somebody may do everything here."""
    return administrators().exists()


def administrators() -> QuerySet[User]:
    """The accounts that may do everything."""
    rows = User.objects.filter(is_active=True, is_staff=True, is_superuser=True)
    return rows.order_by("pk")


def has_published(*, but: str) -> bool:
    """Whether any package ever came out, *but* that one, which the archive makes by itself."""
    return _published_sources(but).exists()


def _published_sources(but: str) -> QuerySet[Source]:
    return Source.objects.filter(state=SourceState.PUBLISHED).exclude(name=but)


def find_furniture(at: datetime, *, but: str) -> Furniture:
    """What there is *at* this moment; *but* is as in has_published()."""
    latest = uploads().exclude(source_name=but).order_by("-pk").first()
    return Furniture(
        administrators=tuple(user.get_username() for user in administrators()),
        releases=_releases(),
        chroots=tuple(row for row in list_chroots(at) if row.health is not Health.OFF),
        repositories=_repositories(),
        uploaders=_uploaders(at),
        user_id=_user_id(),
        upload=upload_row(latest) if latest is not None else None,
        published=_published(but),
    )


def _releases() -> tuple[ReleaseRow, ...]:
    rows = Base.objects.prefetch_related("apt_sources").order_by("pk")
    return tuple(
        ReleaseRow(
            row.vendor,
            row.codename,
            tuple(f"{each.url} {each.suite} {each.components}" for each in row.apt_sources.all()),
        )
        for row in rows
    )


def _repositories() -> tuple[RepositoryNames, ...]:
    path = "distributions__suite__migrates_to__migrates_to"
    rows = Repository.objects.prefetch_related(path).order_by("pk")
    return tuple(
        RepositoryNames(
            row.name,
            tuple(each.name for each in sorted(row.distributions.all(), key=_last_for_uploads)),
        )
        for row in rows
        if row.distributions.all()
    )


def _last_for_uploads(row: Distribution) -> tuple[bool, int]:
    """Where packages are uploaded that have the longest way before them comes first."""
    suite, steps = row.suite, 0
    while suite.migrates_to is not None and steps < _LONG_WAY:
        suite, steps = suite.migrates_to, steps + 1
    return not row.suite.accepts_uploads, -steps


def _uploaders(at: datetime) -> tuple[str, ...]:
    """Accounts, groups and keyrings that may upload, with a key that counts."""
    good = Q(
        user__is_active=True,
        user__openpgp_keys__is_active=True,
        user__openpgp_keys__approved_at__isnull=False,
        user__openpgp_keys__refused_at=None,
        user__openpgp_keys__revoked_at=None,
    ) & (Q(user__openpgp_keys__expires_at=None) | Q(user__openpgp_keys__expires_at__gt=at))
    others = Q(keyring__is_active=True) | Q(group__isnull=False)
    rows = Grant.objects.filter(good | others, role__gte=Role.UPLOADER).annotate(
        name=F("user__username"), team=F("group__name"), ring=F("keyring__name")
    )
    names = (row.name or row.team or row.ring for row in rows.order_by("pk"))
    return tuple(dict.fromkeys(names))


def _user_id() -> str:
    rows = OpenPGPKey.objects.filter(user__grants__role__gte=Role.UPLOADER)
    found = rows.exclude(approved_at=None).order_by("pk").values_list("uid", flat=True)
    return found.first() or ""


def _published(but: str) -> Published | None:
    rows = _published_sources(but).select_related("distribution__repository")
    row = rows.order_by("pk").first()
    if row is None:
        return None
    package = row.binaries.order_by("pk").values_list("package", flat=True).first()
    return Published(
        source=row.name,
        version=row.version,
        repository=row.distribution.repository.name,
        distribution=row.distribution.name,
        package=package or "",
        is_private=row.distribution.repository.is_private,
    )
