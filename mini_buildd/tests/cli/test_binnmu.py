"""``mini-buildd binnmu``: what people type, and what they read."""

import pytest

from mini_buildd.cli import main as command_line
from mini_buildd.cli.binnmu import run_binnmu
from mini_buildd.db import models
from mini_buildd.domain.problem import RebuildImpossible
from mini_buildd.tests.cli.conftest import Desk
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.shelf import ADMIN

UNSTABLE = "trixie-test-unstable"


def order(desk: Desk, *words: str) -> int:
    """Type it; gives its exit status."""
    options = command_line._parser().parse_args(["binnmu", *words])
    desk.capsys.readouterr()
    return run_binnmu(options, desk.scene.settings, desk.scene.site.places, ADMIN)


def test_it_tells_which_builds_there_are(desk: Desk) -> None:
    source = desk.scene.published(SourcePackage("dash"))
    assert order(desk, UNSTABLE, "dash", "--reason", "against libfoo2") == 0
    job = models.Job.objects.get(binnmu=1)
    said = desk.capsys.readouterr().out
    assert said == f"○ build {job.pk}: dash {source.version}+b1 on amd64\n"
    assert job.binnmu_reason == "against libfoo2"


def test_a_version_and_architectures_may_be_named(desk: Desk) -> None:
    source = desk.scene.published(SourcePackage("dash"))
    words = (UNSTABLE, f"dash={source.version}", "--reason=x", "--architecture=s390x")
    with pytest.raises(RebuildImpossible, match="s390x"):
        order(desk, *words)


def test_without_a_reason_it_is_not_understood(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        order(desk, UNSTABLE, "dash")
    assert "--reason" in capsys.readouterr().err
