"""Which events a request asks for, in the words of its query."""

from ninja import Schema
from pydantic import Field

from mini_buildd.api.given import Moment, Number, Word
from mini_buildd.domain.event import EventKind
from mini_buildd.domain.event_filter import EventFilter


class Wanted(Schema):
    """Parameters of every call that gives events; those that fit all of what is given."""

    kind: list[EventKind] = Field([], max_length=len(EventKind), description="Of these kinds.")
    source: Word = Field("", description="On the source package of that name.")
    distribution: Word = ""
    repository: Word = ""
    person: Word = Field("", description="Whose upload or key it is.")
    upload: Number | None = Field(None, description="The number of an upload.")
    build: Number | None = Field(None, description="The number of a build.")
    since: Moment | None = Field(None, description="From then on.")
    until: Moment | None = Field(None, description="Before then.")

    def wish(self) -> EventFilter:
        """The same as a value."""
        return EventFilter(
            kinds=frozenset(self.kind),
            package=self.source,
            distribution=self.distribution,
            repository=self.repository,
            person=self.person,
            upload_id=self.upload,
            job_id=self.build,
            since=self.since,
            until=self.until,
        )
