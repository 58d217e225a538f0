"""The text inside of a clear-signed one, for those who do not ask who signed it (RFC 9580, 7)."""

from mini_buildd.deb.deb822 import MalformedControl

_BEGIN = b"-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = b"-----BEGIN PGP SIGNATURE-----"


def text_of(data: bytes) -> bytes:
    """What *data* says, whether it is signed or not; raises MalformedControl.

    Nothing is verified: that what stands there can be trusted must be known from elsewhere.
    """
    if not data.startswith(_BEGIN):
        return data
    _, blank, rest = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    lines = rest.split(b"\n")
    if not blank or _SIGNATURE not in lines:
        raise MalformedControl("a signed text without its end")
    text = lines[: lines.index(_SIGNATURE)]
    return b"\n".join(line.removeprefix(b"- ") for line in text) + b"\n"
