"""Who says to upload: an account with its password, or the bearer of a token."""

import base64
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client says of itself; *account* is empty when it shows a token alone."""

    account: str
    secret: str


# Given them and the peer's address, it raises a Problem unless they are good. It asks the database,
# so it is called in a pool thread.
SignIn = Callable[[Credentials, str], object]


def from_header(text: str) -> Credentials | None:
    """What an Authorization field says: Basic (RFC 7617) or Bearer (RFC 6750); else None."""
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() == "bearer":
        return Credentials("", rest.strip())
    if scheme.lower() != "basic":
        return None
    try:
        account, colon, secret = (
            base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        )
    except ValueError:  # of any kind: no ASCII, no Base64, no UTF-8
        return None
    return Credentials(account, secret) if colon else None
