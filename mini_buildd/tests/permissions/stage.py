"""An instance with something that each verb can be done to; all that is anybody's is Pat's."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from mini_buildd.config.places import Places
from mini_buildd.db import models
from mini_buildd.domain.permission import SELF, Role, Scope
from mini_buildd.domain.snapshot import SnapshotName
from mini_buildd.domain.token import TokenWish
from mini_buildd.flow.rights import Right, Whom, give_right
from mini_buildd.flow.set_aside import set_aside
from mini_buildd.flow.snapshot import take
from mini_buildd.flow.ssh_key import add_ssh_key
from mini_buildd.flow.token import make_token
from mini_buildd.tests.flow.package import BinaryPackage, SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.flow.test_take import open_suites
from mini_buildd.tests.packager import Packager
from mini_buildd.wire.task import BuildStatus

SSH_KEYS = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN8715VH8VeHnpa1EpMPOaIPl3Hug3SXqMiO5UYFGPQg",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID/ydfdHHQdvAHf5wjKVQr2bekXXfWFu0suDbirohUVU",
)
OWNER = "pat"


@dataclass(frozen=True, slots=True)
class Stage:
    """What there is: hello is published, "waiting" waits to be built, and "failed" has failed."""

    scene: Scene
    waiting: models.Job
    failed: models.Job
    ssh_fingerprint: str
    token: int
    right: int
    new_key: str
    deb: Path
    throwaway: Places

    @property
    def suite(self) -> models.Distribution:
        """Unstable."""
        return self.scene.distribution()

    @property
    def fingerprint(self) -> str:
        """Of the registered key."""
        return self.scene.packager.fingerprint


def set_stage(scene: Scene, stranger: Packager, short_folder: Path) -> Stage:
    """Furnish *scene*, which is set up; the stranger's key is one that nobody has given yet."""
    throwaway = Places(Path(tempfile.mkdtemp(dir=short_folder)))
    throwaway.make()
    open_suites(scene)
    User.objects.create_user("eve")
    scene.published()
    take(scene.site, SELF, scene.distribution().repository, SnapshotName("named"))
    scene.accepted(SourcePackage("failed"))
    (task,) = scene.assign()
    failed = scene.report(task, scene.result(task, BuildStatus.FAILED, reason="as it should"))
    waiting = scene.accepted(SourcePackage("waiting")).jobs.get()
    for name in ("here", "there"):
        models.Builder.objects.get_or_create(name=name)
    set_aside(scene.site, SELF, "here", "for a while")
    token = make_token(scene.site, SELF, OWNER, TokenWish("tests", frozenset({Scope.READ})))
    scratch = Path(tempfile.mkdtemp(dir=scene.home))
    return Stage(
        scene,
        waiting,
        failed,
        add_ssh_key(scene.site, SELF, OWNER, SSH_KEYS[0]),
        token.row.id,
        give_right(scene.site, SELF, Whom(account="eve"), Right("test", Role.READER)),
        stranger.public_key().read_text(encoding="ascii"),
        BinaryPackage("tool", "2.0").put(scratch),
        throwaway,
    )


def upload_of(job: models.Job) -> int:
    """The number of the upload with the source of *job*."""
    upload = job.source.upload
    if upload is None:
        raise AssertionError(job)
    return upload.pk


# When somebody came is noted, whatever becomes of what they ask for.
_OF_COMING = re.compile(r'UPDATE "mini_buildd_apitoken" SET "used_at" = [^,]* WHERE')


@contextmanager
def undone() -> Iterator[list[str]]:
    """Whatever is done to the rows is undone at the end, when what wrote to them is given."""
    wrote: list[str] = []
    connection.queries_log.clear()  # it is bounded, and all that was before is known
    with transaction.atomic():
        with CaptureQueriesContext(connection) as queries:
            yield wrote
        words = (str(query["sql"]) for query in queries.captured_queries)
        wrote += [each for each in words if _writes(each)]
        transaction.set_rollback(True)


def _writes(words: str) -> bool:
    is_change = words.startswith(("INSERT", "UPDATE", "DELETE", "REPLACE"))
    return is_change and not _OF_COMING.match(words)
