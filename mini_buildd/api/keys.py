"""The calls on keys: one's own, and all of them for administrators."""

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router

from mini_buildd.api.bodies import NO_REASON, Reason
from mini_buildd.api.change_bodies import KeyGiven, KeyNamed
from mini_buildd.api.door import actor_of
from mini_buildd.api.given import Word
from mini_buildd.db.queries.uploader_keys import (
    KeyRow,
    SshKeyRow,
    list_keys,
    list_ssh_keys,
    waiting_keys,
)
from mini_buildd.domain.permission import Act, demand
from mini_buildd.domain.problem import UploaderKeyUnknown
from mini_buildd.flow.approve_key import approve_key, refuse_key
from mini_buildd.flow.hosted import site
from mini_buildd.flow.remove_key import remove_key
from mini_buildd.flow.ssh_key import add_ssh_key, remove_ssh_key
from mini_buildd.flow.submit_key import submit_key
from mini_buildd.wire.api.keys import Key, KeyPage, SshKey, SshKeyPage

mine = Router(tags=["you"])
all_keys = Router(tags=["people"])


@mine.get("keys/", response=KeyPage, summary="List your keys")
def list_own_keys(request: HttpRequest) -> KeyPage:
    """Your OpenPGP keys, and whether what they sign is taken; none without an account."""
    account = actor_of(request).name
    rows = list_keys(site().clock(), account) if account else ()
    return KeyPage(tuple(map(_key, rows)))


@mine.post("keys/", response={201: KeyPage}, summary="Give a key")
def give_key(request: HttpRequest, response: HttpResponse, body: Body[KeyGiven]) -> KeyPage:
    """Give an OpenPGP key as yours, or a later export of it; no token will do for it.

    An administrator approves it before what it signs is taken.
    """
    actor = actor_of(request)
    demand(actor, Act.ADD_KEY, owner=actor.name)
    submit_key(site(), actor, actor.name, body.key)
    response["Location"] = "/api/v1/me/keys/"
    return KeyPage(tuple(map(_key, list_keys(site().clock(), actor.name))))


@mine.delete("keys/{fingerprint}", response={204: None}, summary="Remove a key")
def remove_own_key(request: HttpRequest, fingerprint: Word) -> None:
    """Forget a key of yours; no token will do for it."""
    remove_key(site(), actor_of(request), fingerprint)


@mine.get("ssh-keys/", response=SshKeyPage, summary="List your SSH keys")
def list_own_ssh_keys(request: HttpRequest) -> SshKeyPage:
    """The SSH keys by which you sign in to the SFTP server; none without an account."""
    account = actor_of(request).name
    return SshKeyPage(tuple(map(_ssh_key, list_ssh_keys(account) if account else ())))


@mine.post("ssh-keys/", response={201: SshKeyPage}, summary="Give an SSH key")
def give_ssh_key(request: HttpRequest, response: HttpResponse, body: Body[KeyGiven]) -> SshKeyPage:
    """Let an SSH key sign you in to the SFTP server; no token will do for it."""
    actor = actor_of(request)
    demand(actor, Act.ADD_KEY, owner=actor.name)
    add_ssh_key(site(), actor, actor.name, body.key)
    response["Location"] = "/api/v1/me/ssh-keys/"
    return SshKeyPage(tuple(map(_ssh_key, list_ssh_keys(actor.name))))


@mine.post("ssh-keys/remove", response={204: None}, summary="Remove an SSH key")
def remove_own_ssh_key(request: HttpRequest, body: Body[KeyNamed]) -> None:
    """Let an SSH key of yours sign in nobody any more; no token will do for it."""
    remove_ssh_key(site(), actor_of(request), body.fingerprint)


# --- those of all, for administrators ---------------------------------------------


@all_keys.get("", response=KeyPage, summary="List all keys")
def list_all_keys(request: HttpRequest, account: Word = "", *, waiting: bool = False) -> KeyPage:
    """The OpenPGP keys of all accounts or of one, or those that wait for approval."""
    demand(actor_of(request), Act.APPROVE_KEY)
    at = site().clock()
    rows = waiting_keys(at) if waiting else list_keys(at, account)
    return KeyPage(tuple(_key(row) for row in rows if account in {"", row.account}))


@all_keys.post("{fingerprint}/approve", response=Key, summary="Approve a key")
def approve_one_key(request: HttpRequest, fingerprint: Word) -> Key:
    """Let signatures by a key count; no token will do for it."""
    approve_key(site(), actor_of(request), fingerprint)
    return _found(fingerprint)


@all_keys.post("{fingerprint}/refuse", response=Key, summary="Refuse a key")
def refuse_one_key(request: HttpRequest, fingerprint: Word, body: Body[Reason] = NO_REASON) -> Key:
    """Let no signature by a key count, also if it was approved; no token will do for it."""
    refuse_key(site(), actor_of(request), fingerprint, body.reason)
    return _found(fingerprint)


def _found(fingerprint: str) -> Key:
    wanted = fingerprint.replace(" ", "").upper()
    for row in list_keys(site().clock()):
        if row.fingerprint == wanted:
            return _key(row)
    raise UploaderKeyUnknown(
        expected="the fingerprint of a key that an account has",
        found=f"“{fingerprint[:80]}”",
        hint="It has been removed meanwhile.",
    )


def _key(row: KeyRow) -> Key:
    return Key(
        fingerprint=row.fingerprint,
        account=row.account,
        user_id=row.user_id,
        state=row.state.value,
        added_at=row.added_at,
        expires_at=row.expires_at,
        approved_by=row.approved_by,
        reason=row.reason,
    )


def _ssh_key(row: SshKeyRow) -> SshKey:
    return SshKey(row.fingerprint, row.comment, row.added_at)
