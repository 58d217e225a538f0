"""Which archives are private, and which of these somebody who comes with a secret may read."""

from mini_buildd.db.models import Repository
from mini_buildd.domain.permission import Act, may
from mini_buildd.flow.sign_in import sign_in
from mini_buildd.flow.site import Site


def archive_names() -> tuple[frozenset[bytes], frozenset[bytes]]:
    """The names of the public repositories, and of the private ones."""
    rows = dict(Repository.objects.order_by().values_list("name", "is_private"))
    public = frozenset(name.encode() for name, is_private in rows.items() if not is_private)
    return public, frozenset(name.encode() for name in rows) - public


def readable_archives(site: Site, account: str, secret: str, peer: str) -> frozenset[bytes]:
    """The private repositories that *account* with *secret* may read.

    Raises SignInFailed, TooManyAttempts.
    """
    actor = sign_in(site, account, secret, peer)
    _, private = archive_names()
    return frozenset(
        name for name in private if may(actor, Act.SEE, repository=name.decode(), is_private=True)
    )
