"""The calls on the instance and its builders."""

from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Router

from mini_buildd.api.door import actor_of
from mini_buildd.api.going_on import going_on
from mini_buildd.db.queries.builders import BuilderRow, list_builders
from mini_buildd.domain.dput_sections import dput_sections
from mini_buildd.flow.hosted import instance
from mini_buildd.wire.api.status import Builder, BuilderPage, DputSection, DputSections, Status

status = Router(tags=["instance"])
builders = Router(tags=["instance"])
dput = Router(tags=["uploads"])


@status.get("", response=Status, summary="Ask what goes on")
def show_status(request: HttpRequest) -> Status:
    """What goes on at this moment."""
    del request
    return going_on()


@builders.get("", response=BuilderPage, summary="List builders")
def list_of_builders(request: HttpRequest) -> BuilderPage:
    """The machines that build, and how they are."""
    del request
    found = list_builders(now(), instance().builder.lease_seconds)
    return BuilderPage(tuple(map(shown_builder, found)))


@dput.get("", response=DputSections, summary="Ask how to upload")
def show_dput(request: HttpRequest) -> DputSections:
    """What goes into the configuration of dput and dput-ng, for each way in that is open."""
    found = dput_sections(instance(), actor_of(request).name or "ACCOUNT")
    return DputSections(
        tuple(
            DputSection(each.way, each.program, each.alias, each.file, each.text) for each in found
        )
    )


def shown_builder(row: BuilderRow) -> Builder:
    """*row* as the API tells of it."""
    return Builder(
        name=row.name,
        is_enabled=row.is_enabled,
        is_silent=row.is_silent,
        slots=row.slots,
        running=row.running,
        cores=row.cores,
        memory_mb=row.memory_mb,
        disk_mb=row.disk_mb,
        architectures=tuple(row.architectures.split()),
        tags=tuple(row.tags.split()),
        seen_at=row.seen_at,
        set_aside_at=row.set_aside_at,
        set_aside_until=row.set_aside_until,
        set_aside_reason=row.set_aside_reason,
    )
