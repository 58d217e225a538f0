"""Coming in by HTTP to bring files, where the settings want to know who it is.

It gives no right to anything but to drop files: what becomes of them is up to their signatures.
"""

from mini_buildd.domain.permission import Actor, Scope
from mini_buildd.domain.problem import NotAllowed
from mini_buildd.flow.sign_in import sign_in
from mini_buildd.flow.site import Site


def enter_http(site: Site, account: str, secret: str, peer: str) -> Actor:
    """Who may bring files; to be called in a thread. An empty *account* comes with a token.

    Raises SignInFailed, TooManyAttempts; NotAllowed for a token that was made for something else.
    """
    actor = sign_in(site, account, secret, peer)
    if actor.scopes is not None and Scope.UPLOAD not in actor.scopes:
        raise NotAllowed(
            expected="a token to upload",
            found=f"one of {actor.name} for {', '.join(sorted(actor.scopes))}",
            hint="Make a token with the scope upload on your account's page.",
        )
    return actor
