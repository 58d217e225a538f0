"""The instance whose pages these are, as the daemon gave its settings to Django."""

from django.conf import settings

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings


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
