"""What publishing needs of a key: who may use it, and how, is somebody else's business."""

from collections.abc import Callable
from dataclasses import dataclass

from mini_buildd.deb.names import Fingerprint


@dataclass(frozen=True, slots=True)
class Signer:
    """The two ways a Release is signed, and the public keys for those who check.

    All of it is asked for at each use: keys are rotated while the archive is served.
    """

    clearsign: Callable[[bytes], bytes]
    sign_detached: Callable[[bytes], bytes]
    export: Callable[[], str]
    list_keys: Callable[[], tuple[Fingerprint, ...]]

    @property
    def public_key(self) -> str:
        """The keys that sign now, in one armored block."""
        return self.export()

    @property
    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """The same by name, newest first."""
        return self.list_keys()
