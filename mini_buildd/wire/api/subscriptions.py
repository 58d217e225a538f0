"""What you are told by mail, as the JSON API tells of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.domain.subscription import Wants
from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class Subscription:
    """Uploads of which you are told how they end; what is empty does not matter."""

    __pydantic_config__: ClassVar = DESCRIBED

    id: int
    package: str
    """The name of a source package, or a pattern such as lib*."""
    repository: str
    distribution: str
    wants: Wants
    made_at: datetime


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """Your subscriptions, and what you are told of your own uploads."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Subscription, ...]
    own_uploads: Wants
    is_mail_sent: bool
    """Whether this instance sends any mail."""
