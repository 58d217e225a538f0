"""The kinds of events: what happened, as told to people, programs and the daemon itself."""

from enum import StrEnum


class EventKind(StrEnum):
    """Names as in the journey of an upload (doc/explanation/journey.md)."""

    UPLOAD_ARRIVED = "upload.arrived"
    UPLOAD_REJECTED = "upload.rejected"
    SOURCE_ACCEPTED = "source.accepted"
    JOB_PLANNED = "job.planned"
    JOB_ASSIGNED = "job.assigned"
    JOB_STARTED = "job.started"
    JOB_SUCCEEDED = "job.succeeded"
    JOB_FAILED = "job.failed"
    JOB_DEP_WAIT = "job.dep_wait"
    JOB_LOST = "job.lost"
    JOB_RELEASED = "job.released"
    SOURCE_READY = "source.ready"
    SOURCE_HELD = "source.held"
    SOURCE_SUPERSEDED = "source.superseded"
    SUITE_PUBLISHED = "suite.published"
    SUITE_RENEWED = "suite.renewed"
    SUITE_FROZEN = "suite.frozen"
    SUITE_THAWED = "suite.thawed"
    SNAPSHOT_TAKEN = "snapshot.taken"
    SNAPSHOT_DROPPED = "snapshot.dropped"
    KEY_ROTATED = "key.rotated"
    KEY_RETIRED = "key.retired"
    KEY_EXPIRES = "key.expires"
    KEYRING_UPLOADED = "keyring.uploaded"
