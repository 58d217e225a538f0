"""Which archives are private, and which of these somebody who comes with a secret may read.

A build reads the private repository that it is for, while it is under way and no longer: what it
comes with is made of its attempt and the instance's own secret, and kept nowhere.
"""

import hmac

from mini_buildd.db.models import Attempt, Repository
from mini_buildd.domain.permission import Act, may
from mini_buildd.domain.problem import SignInFailed
from mini_buildd.flow.sign_in import sign_in
from mini_buildd.flow.site import Site

_BUILD = "build:"  # no account has such a name


def archive_names() -> tuple[frozenset[bytes], frozenset[bytes]]:
    """The names of the public repositories, and of the private ones."""
    rows = dict(Repository.objects.order_by().values_list("name", "is_private"))
    public = frozenset(name.encode() for name, is_private in rows.items() if not is_private)
    return public, frozenset(name.encode() for name in rows) - public


def build_account(token: str) -> str:
    """As who the build of the attempt of that *token* comes."""
    return _BUILD + token


def build_secret(site: Site, token: str) -> str:
    """What it comes with."""
    key = site.places.secret_key.read_bytes()
    return hmac.digest(key, f"private archive of {token}".encode(), "sha256").hex()


def readable_archives(site: Site, account: str, secret: str, peer: str) -> frozenset[bytes]:
    """The private repositories that *account* with *secret* may read.

    Raises SignInFailed, TooManyAttempts.
    """
    if account.startswith(_BUILD):
        return _readable_by_build(site, account.removeprefix(_BUILD), secret, peer)
    actor = sign_in(site, account, secret, peer)
    _, private = archive_names()
    return frozenset(
        name for name in private if may(actor, Act.SEE, repository=name.decode(), is_private=True)
    )


def _readable_by_build(site: Site, token: str, secret: str, peer: str) -> frozenset[bytes]:
    rows = Attempt.objects.filter(token=token, outcome="")
    name = rows.values_list("job__source__distribution__repository__name", flat=True).first()
    is_right = hmac.compare_digest(build_secret(site, token).encode(), secret.encode())
    if name is not None and is_right:
        return frozenset({name.encode()})
    # Nobody guesses a right one, so who comes with it never waits: else strangers could keep all
    # builds out by guessing.
    site.throttle.demand(_BUILD, peer)
    site.throttle.failed(_BUILD, peer)
    raise SignInFailed(
        expected="a build that is under way, with its secret",
        found="none, or one that has ended",
        hint="Builds are given what they need with their task.",
    )
