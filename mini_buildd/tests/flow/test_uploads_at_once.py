"""Many uploads at the same time: each is processed once, and those of a source in their order."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from mini_buildd.db import models
from mini_buildd.deb.version import Version, compare
from mini_buildd.flow import sweep
from mini_buildd.tests.flow.package import Files, SourcePackage
from mini_buildd.tests.flow.scene import Scene

SOURCES, VERSIONS = 10, 5


def _uploads(scene: Scene) -> list[Files]:
    made = [
        SourcePackage(name=f"pkg-{number}", version=f"1.0-1~test13+{version}").upload(
            scene.packager
        )
        for number in range(SOURCES)
        for version in range(1, VERSIONS + 1)
    ]
    random.Random(5).shuffle(made)  # noqa: S311  # the order of a test
    return made


def _as_decided() -> list[models.Upload]:
    """The uploads in the order in which they were accepted or rejected.

    It need not be that in which they came: of those that wait, the lower versions go first.
    """
    decided = models.Event.objects.filter(kind__in=("source.accepted", "upload.rejected"))
    events = decided.select_related("upload", "source__upload").order_by("id")
    uploads = [each.source.upload if each.source else each.upload for each in events]
    return [each for each in uploads if each is not None]


def test_fifty_uploads_at_once_are_all_processed_in_order_for_each_source(real: Scene) -> None:
    uploads = _uploads(real)
    done = threading.Event()

    def intake() -> None:
        while not done.is_set():
            sweep.take_in(real.site, lambda _: True)
        connection.close()

    with ThreadPoolExecutor(SOURCES * VERSIONS + 1) as pool:
        taking = pool.submit(intake)
        for sending in [pool.submit(real.send, files) for files in uploads]:
            sending.result(60)
        done.set()
        taking.result(60)
    sweep.take_in(real.site, lambda _: False)
    rows = _as_decided()
    assert len(rows) == models.Upload.objects.count() == SOURCES * VERSIONS
    assert {row.state for row in rows} <= {"accepted", "rejected"}
    for number in range(SOURCES):
        newest: Version | None = None
        for row in rows:
            if row.source_name != f"pkg-{number}":
                continue
            version = Version(row.version)
            is_later = newest is None or compare(version, newest) > 0
            assert row.state == ("accepted" if is_later else "rejected"), row
            assert row.problem_code == ("" if is_later else "version-too-low")
            newest = version if is_later else newest
        assert newest == f"1.0-1~test13+{VERSIONS}"
    assert list((real.site.places.spool / "files").iterdir()) == []
