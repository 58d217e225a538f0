"""The calls on the configuration as a whole; for administrators who have signed in."""

from collections.abc import Sequence

from django.http import HttpRequest
from ninja import Body, Router

from mini_buildd.api.bodies import ConfigurationIn, ConfigurationWish
from mini_buildd.api.door import actor_of
from mini_buildd.domain.configuration import ConfigChange
from mini_buildd.flow.configuration import (
    compare_configuration,
    export_configuration,
    import_configuration,
)
from mini_buildd.flow.hosted import site, wake
from mini_buildd.wire.api.configuration import (
    ConfigurationChange,
    ConfigurationChanges,
    ConfigurationText,
)

configuration = Router(tags=["instance"])


@configuration.get("", response=ConfigurationText, summary="Export the configuration")
def show_configuration(request: HttpRequest) -> ConfigurationText:
    """All of it as a text that can be imported, here or on another instance."""
    return ConfigurationText(export_configuration(actor_of(request)))


@configuration.post(
    "/compare", response=ConfigurationChanges, summary="Compare the configuration with a text"
)
def compare_with_text(request: HttpRequest, body: Body[ConfigurationIn]) -> ConfigurationChanges:
    """What an import of the text would change, and what is here and not in it."""
    return _told(compare_configuration(body.text, actor_of(request)))


@configuration.post("/import", response=ConfigurationChanges, summary="Import a configuration")
def import_text(request: HttpRequest, body: Body[ConfigurationWish]) -> ConfigurationChanges:
    """Bring about what the text says, all of it or nothing; what is not in it stays.

    With *prune* what is not in it is removed. With *dry_run* all is tried, and taken back.
    """
    changes = import_configuration(
        site().places,
        body.text,
        actor_of(request),
        clock=site().clock,
        prunes=body.prune,
        dry_run=body.dry_run,
    )
    wake()
    return _told(changes)


def _told(changes: Sequence[ConfigChange]) -> ConfigurationChanges:
    return ConfigurationChanges(
        tuple(
            ConfigurationChange(each.fate, each.name, tuple(line.strip() for line in lines))
            for each in changes
            for _, *lines in [list(each.lines())]
        )
    )
