"""What the bodies of requests on webhooks and subscriptions say."""

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import ConfigDict, Field, StrictBool, StrictStr

from mini_buildd.api.given import Moment
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.subscription import Wants

_Url = Annotated[StrictStr, Field(max_length=500)]
_Pattern = Annotated[StrictStr, Field(max_length=130)]


class _Given(Schema):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class WebhookBody(_Given):
    """A webhook that you want."""

    url: _Url
    """What takes a POST: http or https, on port 80, 443, or one from 1024 on."""
    name: Annotated[StrictStr, Field(max_length=100)] = ""
    """What it is for."""
    kinds: Annotated[tuple[EventKind, ...], Field(max_length=len(EventKind))] = ()
    """Of which events; none: of all."""
    package: _Pattern = ""
    """The name of a source package, or a pattern such as lib*; empty: whatever it is."""
    distribution: _Pattern = ""
    repository: _Pattern = ""


class Switch(_Given):
    """Whether a webhook is on."""

    is_active: StrictBool


class Since(_Given):
    """What to send once more."""

    since: Moment
    """All that was to be told from then on, as far as the history has it."""
    only_failed: StrictBool = False

    def at(self) -> datetime:
        """The moment."""
        return self.since


class SubscriptionBody(_Given):
    """Uploads of which you want to be told how they end; what is empty does not matter."""

    package: _Pattern = ""
    """The name of a source package, or a pattern such as lib*."""
    repository: _Pattern = ""
    distribution: _Pattern = ""
    wants: Wants = Wants.ALL


class OwnUploadsBody(_Given):
    """What you want to be told of your own uploads."""

    wants: Wants
