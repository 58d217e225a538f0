"""Whether what was published is signed by the archive's keys, as apt would ask.

Several keys may have signed, of which some are no longer known: one good signature is enough, as
for apt, and none may be bad.
"""

from pathlib import Path

from mini_buildd.keys import gpg
from mini_buildd.keys.verify import BadSignature

_BEGIN = b"-----BEGIN PGP SIGNED MESSAGE-----"
_END = b"-----END PGP SIGNATURE-----"

# Of a text that was changed, or by a key that must not sign any more.
_FAULTS = {
    "BADSIG": "the text was changed after it was signed",
    "EXPSIG": "the signature has expired",
    "EXPKEYSIG": "the key has expired",
    "REVKEYSIG": "the key was revoked",
}


def open_inrelease(data: bytes, keyring: Path) -> bytes:
    """The text of the InRelease *data*; raises BadSignature."""
    if not (data.startswith(_BEGIN) and data.rstrip().endswith(_END)):
        raise BadSignature("text outside of what is signed")
    run = gpg.open_clearsigned(keyring, data)
    _demand_good(run)
    return run.output


def check_detached(data: bytes, signature: Path, keyring: Path) -> None:
    """Let *signature*, as Release.gpg is, be one of *data*; raises BadSignature."""
    _demand_good(gpg.check_detached(keyring, data, signature))


def _demand_good(run: gpg.Run) -> None:
    for keyword, reason in _FAULTS.items():
        if run.lines(keyword) and (keyword == "BADSIG" or not run.lines("GOODSIG")):
            raise BadSignature(reason)
    if not run.lines("GOODSIG") or not run.lines("VALIDSIG"):
        strangers = ", ".join(error[0] for error in run.lines("ERRSIG"))
        said = f"only a signature by {strangers}" if strangers else run.said
        raise BadSignature(said or "gpg found no good signature")
