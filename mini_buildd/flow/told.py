"""What receivers of events are sent: an event as the API tells of it, around it what it is."""

import secrets
from collections.abc import Mapping
from datetime import datetime

import msgspec

from mini_buildd.domain.event_row import EventRow
from mini_buildd.domain.webhook import PING, SCHEMA_VERSION
from mini_buildd.flow.site import Site
from mini_buildd.wire.api.events import Event

_ABOUT_CHARACTERS = 1000


def new_token() -> str:
    """The id of a delivery, by which a receiver knows one that comes again."""
    return f"msg_{secrets.token_hex(16)}"


def told_event(row: EventRow) -> Event:
    """*row* as the API tells of it."""
    return Event(
        id=row.id,
        kind=row.kind,
        at=row.at,
        detail=row.detail,
        upload_id=row.upload_id,
        build_id=row.job_id,
        source=row.source,
        package=row.package,
        architecture=row.architecture,
        distribution=row.distribution,
        repository=row.repository,
        person=row.person,
        version=row.version,
        snapshot=row.snapshot,
    )


def event_body(site: Site, row: EventRow) -> str:
    """The JSON that is sent of the event *row*."""
    return _body(site, row.kind.value, row.at, told_event(row))


def ping_body(site: Site, at: datetime) -> str:
    """The JSON that is sent to try a webhook out."""
    return _body(site, PING, at, {"says": "This webhook works."})


def _body(site: Site, kind: str, at: datetime, data: object) -> str:
    told = {
        "schema": SCHEMA_VERSION,
        "type": kind,
        "timestamp": at,
        "instance": site.settings.url,
        "data": data,
    }
    return msgspec.json.encode(told).decode()


def environment(site: Site, token: str, body: str) -> Mapping[str, str]:
    """What a program is told of the event of *body* by its environment; all of it is in *body*."""
    told = msgspec.json.decode(body)
    data = told["data"]
    found = {
        "EVENT": told["type"],
        "DELIVERY": token,
        "TIMESTAMP": told["timestamp"],
        "URL": site.settings.url,
        "HOME": str(site.settings.home),
        **{
            name: "" if data.get(field) is None else str(data[field])
            for name, field in (
                ("EVENT_ID", "id"),
                ("SOURCE", "source"),
                ("PACKAGE", "package"),
                ("PERSON", "person"),
                ("ARCHITECTURE", "architecture"),
                ("DISTRIBUTION", "distribution"),
                ("REPOSITORY", "repository"),
                ("VERSION", "version"),
                ("UPLOAD", "upload_id"),
                ("BUILD", "build_id"),
                ("DETAIL", "detail"),
            )
        },
    }
    return {
        f"MINI_BUILDD_{name}": text.replace("\0", "")[:_ABOUT_CHARACTERS]
        for name, text in found.items()
    }
