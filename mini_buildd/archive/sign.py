"""What publishing needs of a key: who may use it, and how, is somebody else's business."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signer:
    """The two ways a Release is signed, and the armored public key for those who check."""

    clearsign: Callable[[bytes], bytes]
    sign_detached: Callable[[bytes], bytes]
    public_key: str
    fingerprints: tuple[str, ...] = ()
