"""``mini-buildd build`` and ``mini-buildd builder``: what people type, and what they read."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mini_buildd.cli import main as command_line
from mini_buildd.cli.build import run_build
from mini_buildd.cli.builder import run_builder
from mini_buildd.cli.owner import owner
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db import models
from mini_buildd.domain.problem import Problem
from mini_buildd.flow.open_site import open_site
from mini_buildd.flow.report import note_lost
from mini_buildd.keys import gpg
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import BUILDER, Scene
from mini_buildd.tests.packager import Packager
from mini_buildd.wire.task import BuildStatus, Task, encode


@dataclass(frozen=True, slots=True)
class Office:
    """The command line as somebody types it."""

    scene: Scene
    capsys: pytest.CaptureFixture[str]

    def call(self, *words: str) -> tuple[int, str, str]:
        """Its exit status, what it says, and what it complains of."""
        options = command_line._parser().parse_args(words)
        run = run_build if options.command == "build" else run_builder
        self.capsys.readouterr()
        try:
            status = run(options, self.scene.settings, self.scene.site.places)
        except Problem as problem:
            command_line._explain(problem)
            status = 1
        said = self.capsys.readouterr()
        return status, said.out, said.err

    def say(self, *words: str) -> list[list[str]]:
        """The columns of each line that it says; it must end well."""
        status, said, complained = self.call(*words)
        assert (status, complained) == (0, "")
        return [re.split(r"\s{2,}", line.strip()) for line in said.splitlines()]

    def refuse(self, *words: str) -> str:
        """What it complains of; it must be refused."""
        status, _, complained = self.call(*words)
        assert status == 1
        return complained


@pytest.fixture
def office(
    short_folder: Path, packager: Packager, db: None, capsys: pytest.CaptureFixture[str]
) -> Iterator[Office]:
    """An instance with hello, which waits."""
    del db
    home = Path(tempfile.mkdtemp(dir=short_folder))
    places = Places(home)
    places.make()
    signer = open_site(Settings(home=home, identity="example"), places).signer
    scene = Scene(home, packager, signer)
    scene.set_up()
    scene.accepted()
    yield Office(scene, capsys)
    gpg.stop_agent(scene.site.places.gnupg)


def number(name: str = "hello") -> str:
    """That of the build of *name*."""
    return str(models.Job.objects.get(source__name=name).pk)


def failed(scene: Scene) -> Task:
    """Let the build of hello fail."""
    (task,) = scene.assign()
    folder = scene.site.places.builds / task.attempt
    scene.report(task, scene.result(task, BuildStatus.FAILED, reason="failed in build"))
    (folder / "task.json").write_bytes(encode(task))
    (folder / "log").write_text("first\nlast\n")
    return task


# --- looking ------------------------------------------------------------------------


def test_a_list_tells_state_and_reason_the_newest_first(office: Office) -> None:
    failed(office.scene)
    office.scene.accepted(SourcePackage("other"))
    said = office.say("build", "list")
    assert said[0] == ["nr", "source", "version", "on", "for", "took", "why"]
    assert said[1][:5] == ["○ waiting", number("other"), "other", "1.0-1~test13+1", "amd64"]
    assert said[2][0] == "✕ failed"
    assert said[2][-1] == "failed in build"
    assert len(office.say("build", "list", "other")) == 2
    assert len(office.say("build", "list", "--state=failed")) == 2
    assert len(office.say("build", "list", "--last=1")) == 2
    assert office.say("build", "list", "nothing") == [["no such builds"]]


def test_one_build_is_shown_with_its_attempts(office: Office) -> None:
    failed(office.scene)
    said = office.say("build", "show", number())
    assert said[0] == ["✕ failed", "hello 1.0-1~test13+1 on amd64", "trixie-test-unstable"]
    assert said[1] == ["failed in build"]
    upload = models.Upload.objects.get()
    assert said[2][0].startswith(f"upload {upload.pk} by pat, since 2026-11-20 12:0")
    assert said[3][:2] == ["✕ failed", f"attempt 1 on {BUILDER}"]


def test_a_log_is_printed_as_it_stands(office: Office) -> None:
    failed(office.scene)
    for arguments in ((), ("--follow",), ("--attempt=1",)):
        status, said, complained = office.call("build", "log", number(), *arguments)
        assert (status, said, complained) == (0, "first\nlast\n", "")


def test_a_log_that_is_gone_is_told(office: Office) -> None:
    task = failed(office.scene)
    (office.scene.site.places.builds / task.attempt / "log").unlink()
    assert "It was removed, or never begun." in office.refuse("build", "log", number())


def test_the_lines_that_repeat_it_are_printed(office: Office) -> None:
    failed(office.scene)
    _, said, _ = office.call("build", "repeat", number())
    assert (
        said.splitlines()[0]
        .strip("'")
        .endswith(
            "http://buildd.example:8066/archive/test/pool/main/h/hello/hello_1.0-1~test13+1.dsc"
        )
    )
    assert said.splitlines()[-1].startswith("sbuild --dist=trixie-test-unstable ")


@pytest.mark.parametrize(
    "words",
    [
        ("show", "99"),
        ("log", "99"),
        ("repeat", "99"),
        ("cancel", "99"),
        ("retry", "99"),
        ("log", "{}", "--attempt=7"),
        ("repeat", "{}"),
    ],
)
def test_what_is_not_there_is_told(office: Office, words: tuple[str, ...]) -> None:
    said = office.refuse("build", *(word.format(number()) for word in words))
    assert "No such build [build-unknown]" in said


# --- changing -----------------------------------------------------------------------


def test_a_waiting_build_is_cancelled_and_tried_again(office: Office) -> None:
    said = office.say("build", "cancel", number(), "--reason=not now")
    assert said == [["– cancelled", "hello 1.0-1~test13+1 on amd64 cancelled"]]
    assert models.Job.objects.get().reason == f"cancelled by {owner().name}: not now"
    said = office.say("build", "retry", number())
    assert said == [["○ waiting", "hello 1.0-1~test13+1 on amd64 waits to be tried again"]]


def test_a_running_build_is_being_cancelled(office: Office) -> None:
    (task,) = office.scene.assign()
    office.scene.started(task)
    said = office.say("build", "cancel", number())
    assert said == [["◐ being cancelled", "hello 1.0-1~test13+1 on amd64 ends"]]
    assert office.say("build", "list")[1][0] == "◐ being cancelled"
    assert office.say("build", "show", number())[-1][0] == "◐ being cancelled"


def test_of_several_one_that_cannot_be_done_keeps_no_other(office: Office) -> None:
    office.scene.accepted(SourcePackage("other"))
    status, said, complained = office.call("build", "cancel", number(), "99", number("other"))
    assert status == 1
    assert said.count("cancelled\n") == 2
    assert "99" in complained
    assert models.Job.objects.filter(state="cancelled").count() == 2
    complained = office.refuse("build", "cancel", number(), number("other"))
    assert complained.count("ended: cancelled") == 2


# --- builders -----------------------------------------------------------------------


def test_builders_are_listed_set_aside_and_taken_back(office: Office) -> None:
    assert office.say("builder", "list") == [["no builder has run yet"]]
    models.Builder.objects.create(name=BUILDER, slots=2)
    assert office.say("builder", "list")[1] == ["● given jobs", BUILDER, "0 of 2", "0"]
    said = office.say("builder", "aside", BUILDER, "--reason=new disk")
    assert said[1][0] == "◈ set aside"
    assert said[1][-1] == f"by {owner().name}: new disk"
    assert office.say("builder", "return", BUILDER)[1][0] == "● given jobs"
    models.Builder.objects.update(is_enabled=False)
    assert office.say("builder", "list")[1][0] == "– switched off"
    assert "builder-unknown" in office.refuse("builder", "return", "nobody")


def test_one_that_was_set_aside_for_its_faults_says_until_when(office: Office) -> None:
    for name in ("hello", "two", "three"):
        if name != "hello":
            office.scene.accepted(SourcePackage(name))
        (task,) = [each for each in office.scene.assign() if each.source == name]
        note_lost(office.scene.site, office.scene.started(task), "no disk", stage="check-space")
    said = office.say("builder", "list")[1]
    assert said[0].startswith("◈ aside until 2026-11-20 12:")
    assert said[-1] == "3 in a row: no disk"
