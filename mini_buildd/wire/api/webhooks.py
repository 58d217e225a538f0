"""Webhooks and their deliveries, as the JSON API tells of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from mini_buildd.domain.event import EventKind
from mini_buildd.domain.webhook import DeliveryState
from mini_buildd.wire.api.described import DESCRIBED


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where events are sent to; its secret is shown only when it is made."""

    __pydantic_config__: ClassVar = DESCRIBED

    id: int
    owner: str
    name: str
    """What it is for."""
    url: str
    kinds: tuple[EventKind, ...]
    """Of which events; none: of all."""
    package: str
    """The name of a source package, or a pattern; empty: whatever it is."""
    distribution: str
    repository: str
    made_at: datetime
    is_active: bool
    stopped_reason: str
    """Why it was switched off by itself."""
    failures: int
    """In a row."""
    failing_since: datetime | None
    waiting: int
    """Deliveries that are to be made, or tried again."""
    page: str
    """Of this webhook for people."""


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """Webhooks: yours, or those of all when you are an administrator."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Webhook, ...]


@dataclass(frozen=True, slots=True)
class MadeWebhook:
    """A webhook with its secret."""

    __pydantic_config__: ClassVar = DESCRIBED

    webhook: Webhook
    secret: str
    """whsec_ and Base64, as Standard Webhooks has it. It is shown once: keep it now."""


@dataclass(frozen=True, slots=True)
class Try:
    """One try at a delivery."""

    __pydantic_config__: ClassVar = DESCRIBED

    at: datetime
    status: int | None
    """Of the answer; null when there was none."""
    seconds: float
    said: str
    """The beginning of the answer, or what went wrong."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that the webhook is told of, and how that went."""

    __pydantic_config__: ClassVar = DESCRIBED

    id: int
    token: str
    """The field webhook-id, the same at each try."""
    kind: str
    """Of the event, or ping."""
    event_id: int | None
    state: DeliveryState
    made_at: datetime
    due_at: datetime
    """When it is tried next, while it waits."""
    tries: tuple[Try, ...]
    """The latest ones, the newest first."""


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Deliveries, the newest first."""

    __pydantic_config__: ClassVar = DESCRIBED

    items: tuple[Delivery, ...]
    next: str | None
    """Where it goes on; null at the end."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """How much is sent once more."""

    __pydantic_config__: ClassVar = DESCRIBED

    count: int
