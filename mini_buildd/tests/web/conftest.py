"""An instance with something of everything, for the tests of the pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from django.test import override_settings
from django.utils.timezone import now

from mini_buildd.archive.sign import Signer
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Http, Settings
from mini_buildd.db import models
from mini_buildd.domain.problem import VersionAgainstRule
from mini_buildd.domain.states import JobState
from mini_buildd.domain.suite_version import Cause
from mini_buildd.flow import hosted
from mini_buildd.flow.site import Site
from mini_buildd.incoming.spool import Spool
from mini_buildd.tests.web.builder import Builder
from mini_buildd.tests.web.machines import furnish


@pytest.fixture
def builder(tmp_path: Path, db: None) -> Iterator[Builder]:
    """A configured instance in a folder of its own; nothing was uploaded yet."""
    del db
    http = Http(public_url="http://buildd.example:8066")
    settings = Settings(home=tmp_path, identity="example", http=http)
    with override_settings(MINI_BUILDD=settings):
        yield Builder(tmp_path)


@pytest.fixture
def busy(builder: Builder) -> Builder:
    """Packages in every state that the pages show."""
    builder.published("tree", "2.2-1~test13+1", minutes=2900)
    builder.published("hello", "2.10-5~test13+1", minutes=1500)
    builder.published("bc", "1.07.1-4~test13+1", minutes=190)
    builder.published("zlib", "1:1.3.dfsg-1~test13+1", "snapshot", minutes=9000)
    builder.failed("zlib", "1:1.3.dfsg+really1.3.1-1~test13+1", minutes=48)
    builder.rejected(
        "figlet",
        "2.2.5-3",
        VersionAgainstRule(
            expected="a version ending in ~test13+N (N ≥ 1), such as 2.2.5-3~test13+1",
            found="2.2.5-3",
            hint="Set the version with: dch --force-distribution -D trixie-test-unstable "
            "-v 2.2.5-3~test13+1, build the source package again and upload that.",
        ),
        minutes=31,
    )
    builder.running("hello", "2.10-5~test13+2", minutes=1.6)
    builder.running("ed", "1.21-1~test13+1", "i386", minutes=0.3)
    waiting = builder.source("lua5.4", "5.4.7-1~test13+1", minutes=4)
    builder.job(waiting, JobState.WAITING, "amd64", minutes=4)
    builder.job(waiting, JobState.WAITING, "i386", minutes=4)
    held = builder.source("foo-tools", "0.9-2~test13+1", minutes=6)
    builder.job(
        held,
        JobState.DEP_WAIT,
        minutes=6,
        reason="waits for libfoo-dev (>= 1.2) in trixie-test-unstable",
    )
    hello = models.Source.objects.get(name="hello", version="2.10-5~test13+1")
    tree = models.Source.objects.get(name="tree")
    builder.version("testing", Cause.BEGIN, minutes=4000)
    builder.version("testing", Cause.MIGRATE, add=[hello, tree], minutes=1400, actor="ada")
    builder.version(
        "testing", Cause.REMOVE, remove=[tree], minutes=1300, actor="ada", reason="not free"
    )
    builder.snapshot("before-the-upgrade")
    builder.version(
        "testing", Cause.ROLLBACK, add=[tree], minutes=20, actor="ada", restores=2, reason="it is"
    )
    builder.freeze("testing")
    builder.upload("cowsay", "3.03+dfsg2-8~test13+1", minutes=0.05)
    furnish(builder)
    return builder


@pytest.fixture
def wakes(busy: Builder) -> Iterator[list[str]]:
    """An open instance that pages can change; grows whenever they wake who publishes."""
    models.Distribution.objects.update(frozen_at=None)
    models.Suite.objects.update(checks_installability=False)
    settings, places = hosted.instance(), Places(busy.home)
    places.make()
    spool = Spool(places.spool, max_file_bytes=1 << 20, max_spool_bytes=1 << 20)
    found: list[str] = []
    nobody = cast("Signer", None)  # deciding signs nothing
    site = Site(settings, places, spool, nobody, now)
    hosted.plug_in(site, lambda: found.append("woken"))
    yield found
    hosted.plug_in(None, lambda: None)
