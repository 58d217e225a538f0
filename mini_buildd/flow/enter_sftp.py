"""Coming in by SFTP: an account with one of its SSH keys, its password, or a token to upload.

It gives no right to anything but to drop files: what becomes of them is up to their signatures.
"""

from mini_buildd.db.models import SshKey
from mini_buildd.domain.permission import Scope
from mini_buildd.domain.problem import SignInFailed, TooManyAttempts
from mini_buildd.flow.sign_in import sign_in
from mini_buildd.flow.site import Site
from mini_buildd.keys.ssh_key import fingerprint_of


def may_enter_sftp(
    site: Site, account: str, *, key_blob: bytes | None, password: str | None, peer: str
) -> bool:
    """Whether *account* may come in; to be called in a thread.

    Of a key only whose it is matters here: the server asks first, and has it prove itself then.
    """
    if key_blob is not None:
        return _has_key(account, key_blob)
    if not account or not password:
        return False
    try:
        actor = sign_in(site, account, password, peer)
    except (SignInFailed, TooManyAttempts):
        return False
    return actor.scopes is None or Scope.UPLOAD in actor.scopes


def _has_key(account: str, key_blob: bytes) -> bool:
    return bool(
        account
        and "\0" not in account
        and SshKey.objects.filter(
            fingerprint=fingerprint_of(key_blob),
            is_active=True,
            user__is_active=True,
            user__username=account,
        ).exists()
    )
