"""The calls for who looks after the instance: builders, chroots, accounts, who did what."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from ninja import Body, Router
from pydantic import Field

from mini_buildd.api.bodies import NO_REASON, Reason
from mini_buildd.api.door import actor_of
from mini_buildd.api.given import PAGE_ROWS, Before, Limit, Number, Word, address
from mini_buildd.api.status import shown_builder
from mini_buildd.db.queries.audit import AuditFilter, AuditRow, list_audit
from mini_buildd.db.queries.builders import list_builders
from mini_buildd.db.queries.chroots import ChrootRow, list_chroots
from mini_buildd.db.queries.people import AccountRow, find_account, list_accounts
from mini_buildd.domain.permission import Act, demand
from mini_buildd.domain.problem import BuilderUnknown, ChrootUnknown
from mini_buildd.flow.chroot import chroot_by_id
from mini_buildd.flow.hosted import instance, site, wake
from mini_buildd.flow.refresh import ask_refresh
from mini_buildd.flow.set_aside import set_aside, take_back
from mini_buildd.flow.switch_account import switch_account
from mini_buildd.wire.api.office import (
    Account,
    AccountPage,
    AuditEntry,
    AuditPage,
    ChangedField,
    Chroot,
    ChrootPage,
)
from mini_buildd.wire.api.status import Builder

builders = Router(tags=["instance"])
chroots = Router(tags=["instance"])
audit = Router(tags=["people"])
accounts = Router(tags=["people"])


@builders.post("{name}/aside", response=Builder, summary="Set a builder aside")
def set_builder_aside(request: HttpRequest, name: Word, body: Body[Reason] = NO_REASON) -> Builder:
    """Give a builder no jobs until somebody takes it back; what it builds now goes on."""
    set_aside(site(), actor_of(request), name, body.reason)
    return _builder(name)


@builders.post("{name}/return", response=Builder, summary="Take a builder back")
def take_builder_back(request: HttpRequest, name: Word) -> Builder:
    """Give a builder jobs again."""
    take_back(site(), actor_of(request), name)
    wake()
    return _builder(name)


def _builder(name: str) -> Builder:
    for row in list_builders(now(), instance().builder.lease_seconds):
        if row.name == name:
            return shown_builder(row)
    raise BuilderUnknown(
        expected="the name of a builder",
        found=f"“{name}”",
        hint="GET /api/v1/builders/ lists them.",
    )


@chroots.get("", response=ChrootPage, summary="List chroots")
def list_of_chroots(request: HttpRequest) -> ChrootPage:
    """What builds start from, how old it is, and whether it is well."""
    del request
    return ChrootPage(tuple(map(_chroot, list_chroots(now()))))


@chroots.post(
    "{int:chroot_id}/refresh", response={202: Chroot}, summary="Let a chroot be made anew"
)
def refresh_chroot(request: HttpRequest, response: HttpResponse, chroot_id: Number) -> Chroot:
    """Let a chroot be made anew as soon as may be; builds go on with the one that is there."""
    demand(actor_of(request), Act.REFRESH_CHROOT)
    found = chroot_by_id(chroot_id)
    if found is None:
        raise ChrootUnknown(
            expected="the number of a chroot",
            found=str(chroot_id),
            hint="GET /api/v1/chroots/ lists them.",
        )
    ask_refresh(site(), actor_of(request), found)
    wake()
    response["Location"] = "/api/v1/chroots/"
    return next(_chroot(row) for row in list_chroots(now()) if row.id == chroot_id)


@audit.get("", response=AuditPage, summary="List who did what")
def list_of_audit(
    request: HttpRequest,
    who: Word = "",
    kind: Word = "",
    name: Word = "",
    before: Before | None = None,
    limit: Limit = PAGE_ROWS,
) -> AuditPage:
    """What people and programs have changed, the newest first."""
    demand(actor_of(request), Act.SEE_AUDIT)
    found = list_audit(AuditFilter(who, kind, name), before, limit)
    following = address(request, before=found.older) if found.older is not None else None
    return AuditPage(tuple(map(_entry, found.rows)), following)


@accounts.get("", response=AccountPage, summary="List accounts")
def list_of_accounts(
    request: HttpRequest,
    *,
    off: Annotated[bool, Field(description="Also those that are switched off.")] = False,
) -> AccountPage:
    """The accounts that are in use. No token will do for it."""
    demand(actor_of(request), Act.CONFIGURE)
    return AccountPage(tuple(map(_account, list_accounts(also_off=off))))


@accounts.post("{name}/off", response=Account, summary="Switch an account off")
def switch_account_off(request: HttpRequest, name: Word, body: Body[Reason] = NO_REASON) -> Account:
    """Let nobody sign in as it; its keys and tokens count for nothing. No token will do for it.

    What it has and what it did stays. Your own account cannot be switched off in this way.
    """
    switch_account(site(), actor_of(request), name, is_on=False, reason=body.reason)
    return _account(find_account(name))


@accounts.post("{name}/on", response=Account, summary="Switch an account on")
def switch_account_on(request: HttpRequest, name: Word, body: Body[Reason] = NO_REASON) -> Account:
    """Let its owner sign in again, by what they had. No token will do for it."""
    switch_account(site(), actor_of(request), name, is_on=True, reason=body.reason)
    return _account(find_account(name))


def _account(row: AccountRow) -> Account:
    return Account(
        name=row.name,
        full_name=row.full_name,
        mail=row.mail,
        is_administrator=row.is_admin,
        has_password=row.has_password,
        since=row.since,
        groups=row.groups,
        is_active=row.is_active,
    )


def _chroot(row: ChrootRow) -> Chroot:
    return Chroot(
        id=row.id,
        name=row.name,
        codename=row.codename,
        architecture=row.architecture,
        backend=row.backend,
        health=row.health.value,
        generation=row.generation,
        made_at=row.made_at,
        checked_at=row.checked_at,
        next_at=row.next_at,
        expires_at=row.expires,
        problem=row.problem,
        is_asked=row.is_asked,
    )


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=row.at,
        who=row.who,
        door=row.door,
        act=row.act,
        kind=row.kind,
        name=row.name,
        changed=tuple(ChangedField(each.name, each.before, each.after) for each in row.changed),
    )
