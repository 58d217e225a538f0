"""Setting an instance up: a working configuration in one call that can be repeated at will.

What is there already is left as an administrator made it. The dry run is the same transaction,
rolled back, so what it shows is what would happen.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Model

from mini_buildd.config.places import Places
from mini_buildd.db.audit import note
from mini_buildd.db.models import (
    AptSource,
    Base,
    Chroot,
    Distribution,
    DistributionArchitecture,
    Grant,
    Layout,
    OpenPGPKey,
    Repository,
    Suite,
)
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.domain.layout import DEFAULT_LAYOUT
from mini_buildd.domain.permission import SELF, Act, Actor, Role, demand
from mini_buildd.domain.problem import SetupImpossible
from mini_buildd.domain.release import version_code
from mini_buildd.flow.add_account import new_account
from mini_buildd.flow.submit_key import check_fit, is_distrusted
from mini_buildd.keys.gpg import GnupgFailed
from mini_buildd.keys.public_key import PublicKey, read_public_key
from mini_buildd.kit.clock import utc_now
from mini_buildd.tools import distroinfo, hostapt

# It becomes a word of a line of apt's.
_ARCHIVE = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]{1,280}")


@dataclass(frozen=True, slots=True)
class NewUploader:
    """An account to register, with its armored public key."""

    name: str
    email: str
    armored_key: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be there afterwards; without a *repository*, only what its builds would need."""

    codenames: tuple[Codename, ...]
    architectures: tuple[Architecture, ...]
    repository: RepositoryName | None
    backend: str = "unshare"
    archive_url: str = ""
    uploader: NewUploader | None = None
    crossed: tuple[Architecture, ...] = ()  # cross-compiled on the first of the architectures
    optional: tuple[Architecture, ...] = ()  # of either, those that hold nobody up
    has_keyring: bool = False  # every suite is to have the package with the archive's keys


@dataclass(frozen=True, slots=True)
class Change:
    """One thing of the configuration, and whether it was made or was there."""

    what: str
    is_new: bool


@dataclass(slots=True)
class _Work:
    """Collects the changes of one call."""

    changes: list[Change] = field(default_factory=list)

    def ensure(self, model: type[Model], what: str, defaults: Any = None, **keys: Any) -> Any:
        """The row with *keys*, made with *defaults* when it is missing."""
        row, is_new = model._default_manager.get_or_create(defaults=defaults or {}, **keys)  # noqa: SLF001  # Django's public name
        self.changes.append(Change(what, is_new))
        return row


def setup(
    places: Places, wish: Wish, *, today: date, dry_run: bool, by: Actor = SELF
) -> list[Change]:
    """Make what *wish* wants and is not there.

    Raises NotAllowed, SetupImpossible, AccountImpossible, UploaderKeyUnfit, and then nothing is
    made.
    """
    demand(by, Act.CONFIGURE)
    _check_architectures(wish)
    plans = [(codename, *_find_sources(codename, wish, today)) for codename in wish.codenames]
    key = _read_key(places, wish.uploader) if wish.uploader else None
    work = _Work()
    with transaction.atomic():
        repository = _repository(work, wish)
        for codename, release, sources in plans:
            base = work.ensure(
                Base,
                f"base release {release.vendor} {codename}",
                {"vendor": release.vendor, "version_code": version_code(release)},
                codename=codename,
            )
            _sources(work, base, sources)
            _chroots(work, base, wish)
            if repository is not None:
                _distributions(work, base, repository, wish)
        if wish.uploader and key and repository is not None:
            _uploader(work, wish.uploader, key, repository, by)
        made = [change.what for change in work.changes if change.is_new]
        if made:
            note(by, "set up", at=utc_now(), kind="instance", after={"made": made})
        transaction.set_rollback(dry_run)
    return work.changes


def _check_architectures(wish: Wish) -> None:
    both = set(wish.architectures) & set(wish.crossed)
    unknown = set(wish.optional) - {*wish.architectures, *wish.crossed}
    if both or unknown:
        raise SetupImpossible(
            expected="each architecture built natively or by a cross-compiler, optional or not",
            found=", ".join(
                [
                    *(f"{each} in both ways" for each in sorted(both)),
                    *(f"{each} that is optional only" for each in sorted(unknown)),
                ]
            ),
            hint="Name an architecture with --architecture or --cross, and --optional besides.",
        )


def _find_sources(codename: Codename, wish: Wish, today: date) -> tuple[Any, list[dict[str, Any]]]:
    """The release, and its apt sources as keyword arguments for their rows."""
    try:
        release = distroinfo.find_release(codename)
    except distroinfo.ReleaseUnknown:
        raise SetupImpossible(
            expected="a codename that distro-info knows",
            found=codename,
            hint="Look it up with debian-distro-info --all; bring distro-info-data up to date.",
        ) from None
    keyring = hostapt.keyring_of(release.vendor)
    if keyring is None:
        raise SetupImpossible(
            expected=f"the archive keyring of {release.vendor}",
            found="none under /usr/share/keyrings",
            hint=f"Install it: apt install {release.vendor.lower()}-archive-keyring",
        )
    if wish.archive_url:
        _check_archive(wish.archive_url)
        found = [(wish.archive_url.rstrip("/"), str(codename), "main")]
    else:
        found = [
            (each.url, each.suite, " ".join(each.components))
            for each in hostapt.sources_for(
                codename,
                release.vendor,
                hostapt.read_host_sources(),
                with_updates=distroinfo.is_released(codename, today),
            )
        ]
    if not found:
        raise SetupImpossible(
            expected=f"an apt source of {release.vendor} on this machine to take {codename} from",
            found="none in this machine's own apt configuration",
            hint="Name the archive; on the command line: --archive-url URL.",
        )
    return release, [
        {"url": url, "suite": suite, "components": components, "keyring": str(keyring)}
        for url, suite, components in found
    ]


def _check_archive(url: str) -> None:
    if not _ARCHIVE.fullmatch(url):
        raise SetupImpossible(
            expected="the address of an archive, such as http://deb.example.org/debian",
            found=f"“{url[:80]}”",
            hint="It is what stands in a line of sources.list, before the suite.",
        )


def _sources(work: _Work, base: Base, sources: Iterable[dict[str, Any]]) -> None:
    if base.apt_sources.exists():  # they are the administrator's now
        for row in base.apt_sources.all():
            work.changes.append(Change(f"apt source {row}", is_new=False))
        return
    for source in sources:
        AptSource.objects.create(base=base, **source)
        work.changes.append(Change(f"apt source {source['url']} {source['suite']}", is_new=True))


def _chroots(work: _Work, base: Base, wish: Wish) -> None:
    for architecture in wish.architectures:
        work.ensure(
            Chroot,
            f"chroot {base.codename} {architecture} ({wish.backend})",
            base=base,
            architecture=architecture,
            backend=wish.backend,
        )


def _repository(work: _Work, wish: Wish) -> Repository | None:
    if wish.repository is None:
        return None
    layout = _layout(work)
    if wish.has_keyring:
        _keyring(work, layout)
    name = wish.repository
    found: Repository = work.ensure(Repository, f"repository {name}", {"layout": layout}, name=name)
    return found


def _layout(work: _Work) -> Layout:
    layout: Layout = work.ensure(Layout, "layout default", name="default")
    for rules in DEFAULT_LAYOUT:
        target = layout.suites.filter(name=rules.migrates_to or "").first()
        work.ensure(
            Suite,
            f"suite {rules.name}",
            {
                "purpose": rules.purpose,
                "accepts_uploads": rules.accepts_uploads,
                "migrates_to": target,
                "kept_rollbacks": rules.kept_rollbacks,
                "version_rule": rules.version_rule,
                "not_automatic": rules.not_automatic,
                "but_automatic_upgrades": rules.but_automatic_upgrades,
                "ignores_failed_checks": rules.ignores_failed_checks,
            },
            layout=layout,
            name=rules.name,
        )
    return layout


def _keyring(work: _Work, layout: Layout) -> None:
    for suite in layout.suites.order_by("name"):
        work.changes.append(Change(f"keyring package in {suite}", is_new=not suite.wants_keyring))
    layout.suites.update(wants_keyring=True)


def _distributions(work: _Work, base: Base, repository: Repository, wish: Wish) -> None:
    for suite in repository.layout.suites.order_by("name"):
        name = f"{base.codename}-{repository.name}-{suite.name}"
        distribution: Distribution = work.ensure(
            Distribution,
            f"distribution {name}",
            {"name": name},
            repository=repository,
            base=base,
            suite=suite,
        )
        for architecture in (*wish.architectures, *wish.crossed):
            has_all = distribution.architectures.filter(builds_all=True).exists()
            is_crossed = architecture in wish.crossed
            work.ensure(
                DistributionArchitecture,
                f"{name} on {architecture}",
                {
                    "builds_all": not has_all and not is_crossed,
                    "is_optional": architecture in wish.optional,
                    "cross_from": wish.architectures[0] if is_crossed else "",
                },
                distribution=distribution,
                architecture=architecture,
            )


def _read_key(places: Places, new: NewUploader) -> PublicKey:
    try:
        key = read_public_key(new.armored_key, places.keyrings)
    except GnupgFailed as error:
        raise SetupImpossible(
            expected=f"one armored OpenPGP public key for {new.name}",
            found=str(error),
            hint="Export it: gpg --armor --export FINGERPRINT",
        ) from None
    check_fit(key, utc_now())
    return key


def _uploader(
    work: _Work, new: NewUploader, key: PublicKey, repository: Repository, by: Actor
) -> None:
    user = get_user_model().objects.filter(username=new.name).first()
    work.changes.append(Change(f"user {new.name}", is_new=user is None))
    if user is None:
        user = new_account(new.name, new.email)
        user.save()
    work.ensure(
        Grant,
        f"uploader {new.name} in repository {repository}",
        {"given_at": utc_now(), "given_by": by.name},
        user=user,
        repository=repository,
        role=Role.UPLOADER,
        suite=None,
        sources="",
    )
    row = OpenPGPKey.objects.filter(fingerprint=key.fingerprint).first()
    if row is not None and row.user_id != user.pk:
        raise SetupImpossible(
            expected=f"a key of {new.name}",
            found=f"{key.fingerprint}, which is registered for {row.user}",
            hint="Remove it there first.",
        )
    if row is not None and (row.refused_at is not None or is_distrusted(row)):
        raise SetupImpossible(
            expected="a key that was not refused, revoked or switched off here",
            found=f"{key.fingerprint}, which was",
            hint="Approve it among the keys, or give another one.",
        )
    work.ensure(
        OpenPGPKey,
        f"key {key.fingerprint}",
        {
            "user": user,
            "uid": key.user_id[:300],
            "armored": key.armored,
            "added_at": utc_now(),
            "expires_at": key.expires_at,
            "approved_at": utc_now(),
            "approved_by": by.name,
        },
        fingerprint=key.fingerprint,
    )
    if row is not None and row.armored != key.armored:  # it was prolonged, for example
        row.armored, row.uid, row.expires_at = key.armored, key.user_id[:300], key.expires_at
        row.save(update_fields=["armored", "uid", "expires_at"])
        work.changes.append(Change(f"key {key.fingerprint} as it is now", is_new=True))
    if row is not None and row.approved_at is None:  # it has waited
        row.approved_at, row.approved_by = utc_now(), by.name
        row.save(update_fields=["approved_at", "approved_by"])
        work.changes.append(Change(f"key {key.fingerprint} approved", is_new=True))
