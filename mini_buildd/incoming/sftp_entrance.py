"""Who may come in by SFTP: somebody else knows, and is asked in a thread."""

from collections.abc import Callable
from typing import Any, Protocol

from twisted.conch.error import ValidPublicKey
from twisted.conch.interfaces import IConchUser
from twisted.conch.ssh.common import getNS
from twisted.conch.ssh.keys import Key
from twisted.cred.credentials import ISSHPrivateKey, IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

# Of keys that clients show: without SHA-1, DSA, and keys in tokens, whose touch nobody would check.
SIGNATURES = (
    b"ssh-ed25519",
    *(b"ecdsa-sha2-nistp256", b"ecdsa-sha2-nistp384", b"ecdsa-sha2-nistp521"),
    *(b"rsa-sha2-512", b"rsa-sha2-256"),
)


class MayEnter(Protocol):
    """Whether *account* may enter, asking from *peer*; it is called in a thread.

    It comes with the public key *key_blob*, whose signature is not its concern, or a *password*.
    """

    def __call__(
        self, account: str, *, key_blob: bytes | None, password: str | None, peer: str
    ) -> bool:
        """Tell."""


class Avatar:
    """Who has come in; what may be done does not depend on who it is."""


class Entrance:
    """What Twisted calls a portal; each connection has one of its *peer*."""

    def __init__(self, reactor: Any, pool: ThreadPool, may_enter: MayEnter, peer: str = "") -> None:
        self._reactor = reactor
        self._pool = pool
        self._may_enter = may_enter
        self._peer = peer

    def of(self, peer: str) -> "Entrance":
        """The same, for *peer*."""
        return Entrance(self._reactor, self._pool, self._may_enter, peer)

    def listCredentialsInterfaces(self) -> list[Any]:
        """What can be shown here (Portal)."""
        return [ISSHPrivateKey, IUsernamePassword]

    def login(self, credentials: Any, mind: object, *interfaces: object) -> Deferred[Any]:
        """Let in, or fail with UnauthorizedLogin (Portal)."""
        del mind, interfaces
        account = credentials.username.decode("utf-8", "replace")
        is_key = ISSHPrivateKey.providedBy(credentials)
        asked: Deferred[bool] = deferToThreadPool(
            self._reactor,
            self._pool,
            lambda: self._may_enter(
                account,
                key_blob=credentials.blob if is_key else None,
                password=None if is_key else credentials.password.decode("utf-8", "replace"),
                peer=self._peer,
            ),
        )
        return asked.addCallback(self._answered, credentials if is_key else None)

    def _answered(self, may: bool, key: Any) -> tuple[Any, Avatar, Callable[[], None]]:  # noqa: FBT001  # of a Deferred
        if not may:
            raise UnauthorizedLogin
        if key is not None:
            if key.signature is None:
                raise ValidPublicKey  # it asked only whether the key would do
            if not _is_signed(key):
                raise UnauthorizedLogin
        return IConchUser, Avatar(), lambda: None


def _is_signed(key: Any) -> bool:
    """Whether the signature holds, and is of a kind that is taken."""
    try:
        kind = getNS(key.signature)[0]
        return kind in SIGNATURES and bool(
            Key.fromString(key.blob).verify(key.signature, key.sigData)
        )
    except Exception:  # noqa: BLE001  # what a stranger sends may be anything
        return False
