"""All models, under the one name that Django looks for."""

from mini_buildd.db.models.archive import (
    Binary,
    Listing,
    PoolFile,
    Publication,
    Snapshot,
    SuiteEntry,
)
from mini_buildd.db.models.base import AptSource, Base, Chroot
from mini_buildd.db.models.builder import Builder, BuildNeeds
from mini_buildd.db.models.event import Cursor, Event
from mini_buildd.db.models.job import Attempt, Job
from mini_buildd.db.models.mail import Letter, Notice, OwnUploads, Subscription
from mini_buildd.db.models.measure import BuildDay, QueueSample
from mini_buildd.db.models.people import (
    ApiToken,
    AuditEntry,
    Grant,
    OpenPGPKey,
    OutsideAccount,
    SshKey,
    TrustedKeyring,
)
from mini_buildd.db.models.repository import (
    Distribution,
    DistributionArchitecture,
    Layout,
    Repository,
    Suite,
)
from mini_buildd.db.models.request import AnsweredRequest
from mini_buildd.db.models.source import Source, SourceFile
from mini_buildd.db.models.upload import Upload
from mini_buildd.db.models.webhook import Delivery, Webhook

__all__ = [
    "AnsweredRequest",
    "ApiToken",
    "AptSource",
    "Attempt",
    "AuditEntry",
    "Base",
    "Binary",
    "BuildDay",
    "BuildNeeds",
    "Builder",
    "Chroot",
    "Cursor",
    "Delivery",
    "Distribution",
    "DistributionArchitecture",
    "Event",
    "Grant",
    "Job",
    "Layout",
    "Letter",
    "Listing",
    "Notice",
    "OpenPGPKey",
    "OutsideAccount",
    "OwnUploads",
    "PoolFile",
    "Publication",
    "QueueSample",
    "Repository",
    "Snapshot",
    "Source",
    "SourceFile",
    "SshKey",
    "Subscription",
    "Suite",
    "SuiteEntry",
    "TrustedKeyring",
    "Upload",
    "Webhook",
]
