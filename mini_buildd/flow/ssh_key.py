"""SSH keys of one's own, by which an account signs in to the SFTP server.

They need no approval: like a password, they prove who comes, and give no right to anything.
"""

from django.db import transaction

from mini_buildd.db.audit import note, state_of
from mini_buildd.db.models import SshKey
from mini_buildd.domain.permission import Act, Actor, demand
from mini_buildd.domain.problem import UploaderKeyTaken, UploaderKeyUnfit, UploaderKeyUnknown
from mini_buildd.flow.account import find_account
from mini_buildd.flow.full_disk import tells_full_disk
from mini_buildd.flow.site import Site
from mini_buildd.keys.ssh_key import SshKeyUnfit, SshPublicKey, read_ssh_key

_KIND = "SSH key"
_MOST = 50


@tells_full_disk
def add_ssh_key(site: Site, actor: Actor, account: str, text: str) -> str:
    """Let *account* sign in by the key in the line *text*; gives its fingerprint.

    Raises NotAllowed, AccountUnknown, UploaderKeyUnfit, UploaderKeyTaken.
    """
    demand(actor, Act.ADD_KEY, owner=account)
    user = find_account(account)
    key = _read(text)
    at = site.clock()
    with transaction.atomic():
        if user.ssh_keys.count() >= _MOST:
            raise _unfit(f"that {account} has {_MOST} already", "Remove one that is not used.")
        row, is_new = SshKey.objects.get_or_create(
            fingerprint=key.fingerprint,
            defaults={"user": user, "comment": key.comment, "text": key.line, "added_at": at},
        )
        if row.user_id != user.pk:
            raise UploaderKeyTaken(
                expected="a key that no other account has given",
                found=f"{key.fingerprint}, which another has",
                hint="One key signs in one account: make another with ssh-keygen -t ed25519.",
            )
        if is_new:
            name = f"{account}: {key.fingerprint}"
            note(actor, "added a key", at=at, kind=_KIND, name=name, after=state_of(row))
    return key.fingerprint


@tells_full_disk
def remove_ssh_key(site: Site, actor: Actor, fingerprint: str) -> None:
    """Let nobody sign in by it any more; raises NotAllowed, UploaderKeyUnknown."""
    if not actor.name:
        demand(actor, Act.ADD_KEY)
    with transaction.atomic():
        rows = SshKey.objects.select_for_update(of=("self",)).select_related("user")
        row = rows.filter(fingerprint=fingerprint).first()
        if row is None:
            raise UploaderKeyUnknown(
                expected="the fingerprint of an SSH key, SHA256:…",
                found=f"“{fingerprint[:80]}”",
                hint="The page “me” lists yours.",
            )
        account = row.user.get_username()
        demand(actor, Act.ADD_KEY, owner=account)
        name = f"{account}: {row.fingerprint}"
        note(actor, "removed a key", at=site.clock(), kind=_KIND, name=name, before=state_of(row))
        row.delete()


def _read(text: str) -> SshPublicKey:
    try:
        return read_ssh_key(text)
    except SshKeyUnfit as error:
        raise _unfit(str(error), "Make one: ssh-keygen -t ed25519; give its .pub") from None


def _unfit(found: str, hint: str) -> UploaderKeyUnfit:
    return UploaderKeyUnfit(
        expected="one SSH public key: ed25519, ecdsa, or rsa of at least 2048 bits",
        found=found,
        hint=hint,
    )
