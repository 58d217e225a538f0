"""Where the configuration of an instance lies in the tables: which kinds of things there are.

Kinds stand in the order in which they are made: what others refer to comes first.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import Max, Model

from mini_buildd.db import models
from mini_buildd.db.configuration_columns import (
    Column,
    Given,
    Kind,
    Missing,
    by,
    help_of,
    kind_of,
    plain,
    reference,
)
from mini_buildd.domain.configuration import (
    Address,
    Configuration,
    FieldShape,
    Shape,
    Value,
    ValueKind,
    Values,
)
from mini_buildd.domain.permission import Role
from mini_buildd.domain.problem import Problem
from mini_buildd.domain.subscription import SubscriptionWish, Wants
from mini_buildd.domain.webhook import Filter, WebhookWish, parse_kinds

# --- columns that are more than a field -------------------------------------------


def _suite_of_repository(row: Any, value: str) -> Model | None:
    found: Model | None = row.repository.layout.suites.filter(name=value).first()
    return found


def _base(name: str = "base") -> Column:
    return reference(name, "base", by(models.Base, "codename"), lambda base: base.codename)


def _repository() -> Column:
    return reference("repository", "repository", by(models.Repository, "name"))


def _role() -> Column:
    shape = FieldShape("role", ValueKind.TEXT, None, "reader, uploader or owner")

    def put(row: Any, value: str | None, _: Given) -> None:
        known = {role.word: role for role in (Role.READER, Role.UPLOADER, Role.OWNER)}
        if value not in known:
            raise Missing(f"role: {value}")
        row.role = known[value].value

    return Column(shape, lambda row: Role(row.role).word, put)


def _groups() -> Column:
    def put(row: Any, value: tuple[str, ...], _: Given) -> None:
        found = list(Group.objects.filter(name__in=value))
        missing = sorted(set(value) - {group.name for group in found})
        if missing:
            raise Missing(f"groups: {', '.join(missing)}")
        row.groups.set(found)

    shape = FieldShape("groups", ValueKind.TEXTS, ())
    return Column(
        shape,
        lambda row: tuple(sorted(group.name for group in row.groups.all())),
        put,
        follows=True,
        fetches="groups",
    )


def _approved() -> Column:
    def put(row: Any, value: bool | None, given: Given) -> None:  # noqa: FBT001  # a column is called so
        row.expires_at = given.ends.get(row.fingerprint)
        row.added_at = row.added_at or given.at
        if value and row.approved_at is None:
            row.approved_at, row.approved_by = given.at, given.by
        elif not value:
            row.approved_at, row.approved_by = None, ""

    text = "Its signatures count."
    shape = FieldShape("approved", ValueKind.TRUTH, default=False, text=text)
    return Column(shape, lambda row: row.approved_at is not None, put)


def _begin_account(row: Any, name: str) -> None:
    row.username = name
    row.set_unusable_password()


def _begin_chroot(row: Any, name: str) -> None:
    codename, architecture, backend = [*name.split(" "), "", "", ""][:3]
    base = models.Base.objects.filter(codename=codename).first()
    if base is None:
        raise Missing(f"base release: {codename}")
    row.base, row.architecture, row.backend = base, architecture, backend


def _webhook_is_active() -> Column:
    """The last of its columns: once all is known it is looked at as a whole."""

    def put(row: Any, value: bool, given: Given) -> None:  # noqa: FBT001  # a column is called so
        try:
            wanted = Filter(parse_kinds(row.kinds), row.package, row.distribution, row.repository)
            WebhookWish(row.url, row.name, wanted)
        except Problem as problem:
            raise ValidationError(str(problem)) from None
        if not row.secret:
            row.secret, row.made_at = given.make_secret(), given.at
        if row.pk is None or not row.is_active:  # what happened before is not sent afterwards
            row.after_event = models.Event.objects.aggregate(last=Max("pk"))["last"] or 0
            row.failures, row.failing_since, row.rests_until = 0, None, None
        row.is_active, row.stopped_reason = value, row.stopped_reason * (not value)

    shape = FieldShape("is_active", ValueKind.TRUTH, default=True)
    return Column(shape, lambda row: bool(row.is_active), put)


def _wants() -> Column:
    """The last column of a subscription, as above."""

    def put(row: Any, value: str, given: Given) -> None:
        try:
            wants = _wanted(value)
            SubscriptionWish(row.package, row.repository, row.distribution, wants)
        except Problem as problem:
            raise ValidationError(str(problem)) from None
        row.wants = wants.value
        if row.pk is None:
            row.made_at = given.at

    shape = FieldShape("wants", ValueKind.TEXT, Wants.ALL.value, "all or failures")
    return Column(shape, lambda row: str(row.wants), put)


def _own_uploads() -> Column:
    def get(row: Any) -> Value:
        return str(row.own_uploads.wants) if hasattr(row, "own_uploads") else None

    def put(row: Any, value: str, _: Given) -> None:
        models.OwnUploads.objects.update_or_create(
            user=row, defaults={"wants": _wanted(value).value}
        )

    text = "Of which ends of its own uploads it is told by mail: all, failures or nothing."
    shape = FieldShape("own_uploads", ValueKind.TEXT, Wants.ALL.value, text)
    return Column(shape, get, put, follows=True, joins="own_uploads")


def _wanted(value: str) -> Wants:
    try:
        return Wants(value)
    except ValueError:
        raise ValidationError(f"expected {', '.join(Wants)}; found {value}") from None


_SUITE_FIELDS = tuple(
    each.name
    for each in models.Suite._meta.concrete_fields  # noqa: SLF001  # the same
    if each.name not in {"id", "layout", "name", "migrates_to"}
)
_REPOSITORY_FIELDS = tuple(
    each.name
    for each in models.Repository._meta.concrete_fields  # noqa: SLF001  # the same
    if each.name not in {"id", "layout", "name"}
)

_EVENTS = ("kinds", "package", "distribution", "repository")
_UPLOADS = ("package", "repository", "distribution")

KINDS: Mapping[tuple[str, ...], Kind] = {
    kind.shape.path: kind
    for kind in (
        kind_of(
            "layout",
            "Layouts: sets of suites that repositories share.",
            models.Layout,
            [],
            name="name",
        ),
        kind_of(
            "layout.suite",
            "Suites of a layout, with their rules.",
            models.Suite,
            [
                *plain(models.Suite, *_SUITE_FIELDS),
                reference(
                    "migrates_to",
                    "migrates_to",
                    lambda row, value: row.layout.suites.filter(name=value).first(),
                    lambda suite: suite.name,
                    help_of(models.Suite, "migrates_to"),
                ),
            ],
            name="name",
            parent="layout",
        ),
        kind_of(
            "base",
            "Base releases: what packages are built for.",
            models.Base,
            plain(models.Base, "vendor", "version_code"),
            name="codename",
        ),
        kind_of(
            "base.source",
            "Their apt sources; chroots are made from the first one.",
            models.AptSource,
            plain(models.AptSource, "url", "suite", "components", "keyring", "check_valid_until"),
            ("url", "suite"),
            parent="base",
        ),
        kind_of(
            "chroot",
            "What builds start from: codename, architecture and backend.",
            models.Chroot,
            plain(
                models.Chroot,
                *("is_active", "maker", "snippets", "setup", "refresh_hours", "weight"),
            ),
            called=lambda row: f"{row.base.codename} {row.architecture} {row.backend}",
            begin=_begin_chroot,
            called_by="base",
            order=("base__codename", "architecture", "backend"),
        ),
        kind_of(
            "repository",
            "Repositories.",
            models.Repository,
            [
                reference("layout", "layout", by(models.Layout, "name")),
                *plain(models.Repository, *_REPOSITORY_FIELDS),
            ],
            name="name",
        ),
        kind_of(
            "distribution",
            "Distributions: a suite of a repository, for a base release.",
            models.Distribution,
            [
                _repository(),
                _base(),
                reference("suite", "suite", _suite_of_repository, lambda suite: suite.name),
            ],
            name="name",
        ),
        kind_of(
            "distribution.architecture",
            "What they are built for.",
            models.DistributionArchitecture,
            plain(models.DistributionArchitecture, "builds_all", "is_optional", "cross_from"),
            name="architecture",
            parent="distribution",
        ),
        kind_of(
            "build_needs",
            "What single source packages need to be built.",
            models.BuildNeeds,
            plain(
                models.BuildNeeds,
                *("memory_mb", "disk_mb", "cores", "minutes", "tags", "priority"),
            ),
            name="source",
        ),
        kind_of(
            "builder",
            "Builders; all else they say of themselves.",
            models.Builder,
            plain(models.Builder, "is_enabled"),
            name="name",
        ),
        kind_of(
            "keyring",
            "Keyrings whose owners need no account.",
            models.TrustedKeyring,
            plain(models.TrustedKeyring, "path", "permissions", "is_active"),
            name="name",
        ),
        kind_of("group", "Groups of accounts.", Group, [], name="name"),
        kind_of(
            "account",
            "Accounts. Passwords and tokens are not here; a new account has none.",
            User,
            [
                *plain(
                    User,
                    *("email", "first_name", "last_name"),
                    *("is_active", "is_staff", "is_superuser"),
                ),
                _groups(),
                _own_uploads(),
            ],
            name="username",
            begin=_begin_account,
        ),
        kind_of(
            "account.key",
            "Their OpenPGP keys, by fingerprint.",
            models.OpenPGPKey,
            [*plain(models.OpenPGPKey, "armored", "is_active"), _approved()],
            name="fingerprint",
            parent="user",
            rows=lambda: models.OpenPGPKey.objects.filter(refused_at=None, revoked_at=None),
        ),
        kind_of(
            "account.ssh_key",
            "Their SSH keys, by fingerprint.",
            models.SshKey,
            plain(models.SshKey, "text", "comment", "is_active"),
            name="fingerprint",
            parent="user",
        ),
        kind_of(
            "account.webhook",
            "Their webhooks, without secrets: one that an import makes has a new one, which its "
            "owner renews to see it.",
            models.Webhook,
            [
                *plain(models.Webhook, "url", "name", *_EVENTS),
                _webhook_is_active(),
            ],
            ("url", "name", *_EVENTS),
            parent="user",
            order=("url", "name", *_EVENTS, "id"),
        ),
        kind_of(
            "account.subscription",
            "Of which uploads they are told by mail.",
            models.Subscription,
            [*plain(models.Subscription, *_UPLOADS), _wants()],
            _UPLOADS,
            parent="user",
            order=_UPLOADS,
        ),
        kind_of(
            "right",
            "Rights to repositories, of an account, a group, or the keys of a keyring.",
            models.Grant,
            [
                _repository(),
                _role(),
                reference("account", "user", by(User, "username")),
                reference("group", "group", by(Group, "name")),
                reference("keyring", "keyring", by(models.TrustedKeyring, "name")),
                reference(
                    "suite",
                    "suite",
                    _suite_of_repository,
                    lambda suite: suite.name,
                    help_of(models.Grant, "suite"),
                ),
                *plain(models.Grant, "sources", "may_add_sources", "fingerprint"),
            ],
            (
                *("repository", "role", "account", "group"),
                *("keyring", "suite", "sources", "fingerprint"),
            ),
        ),
    )
}
SHAPES: Mapping[tuple[str, ...], Shape] = {path: kind.shape for path, kind in KINDS.items()}


def read_rows() -> tuple[Configuration, Mapping[Address, Model]]:
    """The configuration as it is, and the row that each address stands for."""
    found: dict[Address, Values] = {}
    rows: dict[Address, Model] = {}
    above: dict[tuple[type[Model], int], Address] = {}
    for kind in KINDS.values():
        for row in kind.all_rows():
            parent = getattr(row, kind.parent) if kind.parent else None
            before = above[type(parent), parent.pk] if parent is not None else ()
            address = (*before, kind.shape.path[-1], kind.name(row))
            above[type(row), row.pk] = address
            found[address], rows[address] = kind.values(row), row
    return found, rows
