"""Where the configuration of an instance lies in the tables: which kinds of things, which columns.

Kinds stand in the order in which they are made: what others refer to comes first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.models import Group, User
from django.db.models import BooleanField, IntegerField, Model, QuerySet
from django.utils import translation

from mini_buildd.db import models
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


class Missing(Exception):
    """What a value refers to is not there; the text names it."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is known besides the values when rows are written: when, by whom, ends of keys."""

    at: datetime
    by: str
    ends: Mapping[str, datetime | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """A value of a row; one that *follows* is put once the row is saved."""

    shape: FieldShape
    get: Callable[[Any], Value]
    put: Callable[[Any, Any, Given], None]
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """The rows of one *shape*; *parent* is the field that names what they are below."""

    shape: Shape
    model: type[Model]
    columns: Sequence[Column]
    name: Callable[[Any], str] = lambda _: ""
    begin: Callable[[Any, str], None] = lambda _row, _name: None
    parent: str = ""
    rows: Callable[[], QuerySet[Any]] | None = None

    def all_rows(self) -> Iterable[Any]:
        """All there are, in an order that stays."""
        found = self.rows() if self.rows is not None else self.model._default_manager.all()  # noqa: SLF001  # Django's public name
        return found.order_by(*_ORDERS.get(self.shape.path, ("pk",)))

    def values(self, row: Any) -> Values:
        """What is told of *row*."""
        found = {each.shape.name: each.get(row) for each in self.columns}
        return self.shape.told({name: value for name, value in found.items() if value is not None})

    def write(self, row: Any, values: Values, given: Given) -> None:
        """Bring *row*, new or not, to *values*. Raises Missing, ValidationError."""
        for column in self.columns:
            if not column.follows:
                column.put(row, values.get(column.shape.name, column.shape.default), given)
        row.full_clean(exclude=_left_out(row), validate_unique=False)
        row.save()
        for column in self.columns:
            if column.follows:
                column.put(row, values.get(column.shape.name, column.shape.default), given)


def _left_out(row: Any) -> set[str]:
    """What may be left out of *row*, and is: not each such field says so of its forms."""
    fields = row._meta.concrete_fields  # noqa: SLF001  # Django's public name
    return {each.name for each in fields if each.null and getattr(row, each.attname) is None}


# --- columns ------------------------------------------------------------------


def _help(model: type[Model], name: str) -> str:
    with translation.override("en"):
        return str(model._meta.get_field(name).help_text)  # type: ignore[union-attr]  # noqa: SLF001  # Django's public name


def _plain(model: type[Model], *names: str) -> list[Column]:
    return [_plain_column(model, name) for name in names]


def _plain_column(model: type[Model], name: str) -> Column:
    found: Any = model._meta.get_field(name)  # noqa: SLF001  # the same
    kind = ValueKind.TEXT
    if isinstance(found, BooleanField):
        kind = ValueKind.TRUTH
    elif isinstance(found, IntegerField):
        kind = ValueKind.NUMBER
    default = found.get_default()
    if default == "" and not found.blank:
        default = None  # it has to be told

    def put(row: Any, value: Value, _: Given) -> None:
        setattr(row, name, "" if value is None and not found.null else value)

    shape = FieldShape(name, kind, default, _help(model, name))
    return Column(shape, lambda row: cast("Value", getattr(row, name)), put)


def _reference(
    name: str,
    field_name: str,
    find: Callable[[Any, str], Model | None],
    show: Callable[[Any], str] = str,
    text: str = "",
) -> Column:
    def get(row: Any) -> Value:
        other = getattr(row, field_name)
        return None if other is None else show(other)

    def put(row: Any, value: str | None, _: Given) -> None:
        other = None if value is None else find(row, value)
        if value is not None and other is None:
            raise Missing(f"{name}: {value}")
        setattr(row, field_name, other)

    return Column(FieldShape(name, ValueKind.TEXT, None, text), get, put)


def _by(model: type[Model], name: str) -> Callable[[Any, str], Model | None]:
    return lambda _, value: model._default_manager.filter(**{name: value}).first()  # noqa: SLF001  # the same


def _suite_of_repository(row: Any, value: str) -> Model | None:
    found: Model | None = row.repository.layout.suites.filter(name=value).first()
    return found


def _base(name: str = "base") -> Column:
    return _reference(name, "base", _by(models.Base, "codename"), lambda base: base.codename)


def _repository() -> Column:
    return _reference("repository", "repository", _by(models.Repository, "name"))


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
        lambda row: tuple(row.groups.order_by("name").values_list("name", flat=True)),
        put,
        follows=True,
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


def _named(attribute: str) -> Callable[[Any, str], None]:
    return lambda row, name: setattr(row, attribute, name)


def _kind(
    path: str,
    text: str,
    model: type[Model],
    columns: Sequence[Column],
    key: tuple[str, ...] = (),
    *,
    name: str = "",
    called: Callable[[Any], str] | None = None,
    **more: Any,
) -> Kind:
    fields = {column.shape.name: column.shape for column in columns}
    shape = Shape(tuple(path.split(".")), text, fields, key)
    if called is not None:
        more["name"] = called
    elif key:
        more["name"] = lambda row: shape.name_of(
            {column.shape.name: column.get(row) for column in columns}
        )
    elif name:
        more = {"name": lambda row: str(getattr(row, name)), "begin": _named(name), **more}
    return Kind(shape, model, columns, **more)


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

KINDS: Mapping[tuple[str, ...], Kind] = {
    kind.shape.path: kind
    for kind in (
        _kind(
            "layout",
            "Layouts: sets of suites that repositories share.",
            models.Layout,
            [],
            name="name",
        ),
        _kind(
            "layout.suite",
            "Suites of a layout, with their rules.",
            models.Suite,
            [
                *_plain(models.Suite, *_SUITE_FIELDS),
                _reference(
                    "migrates_to",
                    "migrates_to",
                    lambda row, value: row.layout.suites.filter(name=value).first(),
                    lambda suite: suite.name,
                    _help(models.Suite, "migrates_to"),
                ),
            ],
            name="name",
            parent="layout",
        ),
        _kind(
            "base",
            "Base releases: what packages are built for.",
            models.Base,
            _plain(models.Base, "vendor", "version_code"),
            name="codename",
        ),
        _kind(
            "base.source",
            "Their apt sources; chroots are made from the first one.",
            models.AptSource,
            _plain(models.AptSource, "url", "suite", "components", "keyring", "check_valid_until"),
            ("url", "suite"),
            parent="base",
        ),
        _kind(
            "chroot",
            "What builds start from: codename, architecture and backend.",
            models.Chroot,
            _plain(
                models.Chroot,
                *("is_active", "maker", "snippets", "setup", "refresh_hours", "weight"),
            ),
            called=lambda row: f"{row.base.codename} {row.architecture} {row.backend}",
            begin=_begin_chroot,
        ),
        _kind(
            "repository",
            "Repositories.",
            models.Repository,
            [
                _reference("layout", "layout", _by(models.Layout, "name")),
                *_plain(models.Repository, *_REPOSITORY_FIELDS),
            ],
            name="name",
        ),
        _kind(
            "distribution",
            "Distributions: a suite of a repository, for a base release.",
            models.Distribution,
            [
                _repository(),
                _base(),
                _reference("suite", "suite", _suite_of_repository, lambda suite: suite.name),
            ],
            name="name",
        ),
        _kind(
            "distribution.architecture",
            "What they are built for.",
            models.DistributionArchitecture,
            _plain(models.DistributionArchitecture, "builds_all", "is_optional", "cross_from"),
            name="architecture",
            parent="distribution",
        ),
        _kind(
            "build_needs",
            "What single source packages need to be built.",
            models.BuildNeeds,
            _plain(
                models.BuildNeeds,
                *("memory_mb", "disk_mb", "cores", "minutes", "tags", "priority"),
            ),
            name="source",
        ),
        _kind(
            "builder",
            "Builders; all else they say of themselves.",
            models.Builder,
            _plain(models.Builder, "is_enabled"),
            name="name",
        ),
        _kind(
            "keyring",
            "Keyrings whose owners need no account.",
            models.TrustedKeyring,
            _plain(models.TrustedKeyring, "path", "permissions", "is_active"),
            name="name",
        ),
        _kind("group", "Groups of accounts.", Group, [], name="name"),
        _kind(
            "account",
            "Accounts. Passwords and tokens are not here; a new account has none.",
            User,
            [
                *_plain(
                    User,
                    *("email", "first_name", "last_name"),
                    *("is_active", "is_staff", "is_superuser"),
                ),
                _groups(),
            ],
            name="username",
            begin=_begin_account,
        ),
        _kind(
            "account.key",
            "Their OpenPGP keys, by fingerprint.",
            models.OpenPGPKey,
            [*_plain(models.OpenPGPKey, "armored", "is_active"), _approved()],
            name="fingerprint",
            parent="user",
            rows=lambda: models.OpenPGPKey.objects.filter(refused_at=None, revoked_at=None),
        ),
        _kind(
            "account.ssh_key",
            "Their SSH keys, by fingerprint.",
            models.SshKey,
            _plain(models.SshKey, "text", "comment", "is_active"),
            name="fingerprint",
            parent="user",
        ),
        _kind(
            "right",
            "Rights to repositories, of an account, a group, or the keys of a keyring.",
            models.Grant,
            [
                _repository(),
                _role(),
                _reference("account", "user", _by(User, "username")),
                _reference("group", "group", _by(Group, "name")),
                _reference("keyring", "keyring", _by(models.TrustedKeyring, "name")),
                _reference(
                    "suite",
                    "suite",
                    _suite_of_repository,
                    lambda suite: suite.name,
                    _help(models.Grant, "suite"),
                ),
                *_plain(models.Grant, "sources", "may_add_sources", "fingerprint"),
            ],
            (
                *("repository", "role", "account", "group"),
                *("keyring", "suite", "sources", "fingerprint"),
            ),
        ),
    )
}
_ORDERS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("layout",): ("name",),
    ("layout", "suite"): ("name",),
    ("base",): ("codename",),
    ("chroot",): ("base__codename", "architecture", "backend"),
    ("repository",): ("name",),
    ("distribution",): ("name",),
    ("distribution", "architecture"): ("architecture",),
    ("build_needs",): ("source",),
    ("builder",): ("name",),
    ("keyring",): ("name",),
    ("group",): ("name",),
    ("account",): ("username",),
    ("account", "key"): ("fingerprint",),
    ("account", "ssh_key"): ("fingerprint",),
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
