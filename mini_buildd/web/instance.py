"""The instance whose pages these are, as the daemon gave its settings to Django."""

from collections.abc import Sequence

from django.conf import settings

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.flow.troubles import Trouble, Troubles


def instance() -> Settings:
    """The settings of this instance."""
    found: Settings = settings.MINI_BUILDD
    return found


def places() -> Places:
    """The folders of this instance."""
    return Places(instance().home)


def archive_url(repository: str) -> str:
    """Where apt finds *repository*; without a slash at the end."""
    return f"{instance().url}/archive/{repository}"


_troubles: list[Troubles] = []


def show_troubles(troubles: Troubles) -> None:
    """Let the pages tell of the daemon's *troubles*; the daemon does this."""
    _troubles[:] = [troubles]


def troubles() -> Sequence[Trouble]:
    """The suites that cannot be published at present."""
    return [trouble for each in _troubles for trouble in each.listing()]
