"""How the very first administrator gets in: by a link that only the owner of the instance can read.

Nobody has an account yet who could let anybody in, and whoever reaches the port first may be
anybody. So the daemon writes a link with a secret into the instance's folder, for its owner alone.
It is good for one account, while there is no other administrator, and until the next start.
"""

import secrets

from django.contrib.auth.models import User
from django.db import transaction

from mini_buildd.config.places import Places
from mini_buildd.db.audit import note, state_of
from mini_buildd.db.queries.first_steps import has_administrator
from mini_buildd.domain.permission import Actor, Door
from mini_buildd.domain.problem import FirstAdministratorRefused
from mini_buildd.flow.site import Site
from mini_buildd.kit.atomic import write_file

PATH = "/first/administrator/"
_CODE_BYTES = 24


def offer_link(places: Places, url: str) -> str:
    """Write a new link, below *url*, if nobody administers this instance; empty when somebody does.

    The one of before is good no longer.
    """
    if has_administrator():
        withdraw_link(places)
        return ""
    link = f"{url}{PATH}?code={secrets.token_urlsafe(_CODE_BYTES)}"
    write_file(places.first_administrator, f"{link}\n".encode(), mode=0o600)
    return link


def withdraw_link(places: Places) -> None:
    """Let there be no link: there is an administrator."""
    places.first_administrator.unlink(missing_ok=True)


def is_offered(places: Places) -> bool:
    """Whether this instance waits for its first administrator; asks no database."""
    return places.first_administrator.exists()


def check_code(places: Places, code: str) -> None:
    """Raise FirstAdministratorRefused unless *code* is that of the link."""
    try:
        link = places.first_administrator.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        link = ""
    expected = link.partition("?code=")[2]
    is_it = secrets.compare_digest(code.encode("utf-8", "replace"), expected.encode())
    if not expected or not is_it or has_administrator():
        raise FirstAdministratorRefused(
            expected=f"the link in the file {places.first_administrator.name}, in the folder of "
            "this instance, before anybody is its administrator",
            found="another one, or one that was used" if code else "none",
            hint="Look there again: each start of the daemon writes a new one. Or, as the owner of "
            "the instance: mini-buildd admin NAME",
        )


def make_first_administrator(
    site: Site, code: str, *, name: str, email: str, password: str
) -> User:
    """Make the account *name*, which may do everything; raises FirstAdministratorRefused.

    Of two who come at once with the link, one is the first.
    """
    with transaction.atomic():  # the only one that writes: see db/connect.py
        check_code(site.places, code)
        user = User(username=name, email=email, is_staff=True, is_superuser=True)
        user.set_password(password)
        user.save()
        by = Actor(name, is_admin=True, door=Door.PAGE)
        act, at = "became the first administrator", site.clock()
        note(by, act, at=at, kind="account", name=name, after=state_of(user))
    withdraw_link(site.places)
    return user
