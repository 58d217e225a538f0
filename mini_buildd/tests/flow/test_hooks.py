"""The administrator's programs: run for each event, again when they fail, and never twice else."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from mini_buildd.db.queries.webhooks import failed_of_programs, list_deliveries
from mini_buildd.domain.webhook import DeliveryState
from mini_buildd.flow.deliver import due_programs, run
from mini_buildd.flow.tell import tell
from mini_buildd.notify.program import Runner
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene
from mini_buildd.tests.notify.test_program import put


@pytest.fixture
def hooks(scene: Scene) -> Path:
    """The folder of programs, of an instance that has told all that was."""
    tell(scene.site)
    return scene.home / "hooks.d"


def work(scene: Scene) -> None:
    """Run what is due, as the daemon does it."""
    tell(scene.site)
    runner = Runner(20)
    for name in due_programs(scene.site):
        while run(scene.site, runner, name).has_more:
            pass


def test_a_program_is_run_once_for_each_event_with_all_about_it(scene: Scene, hooks: Path) -> None:
    notes = scene.home / "notes"
    put(hooks, "all", f'echo "$MINI_BUILDD_EVENT $MINI_BUILDD_SOURCE" >>{notes}')
    put(hooks, "source.accepted/one", f"cat >{notes}.json; env >{notes}.env")
    scene.accepted()
    for _ in range(2):
        work(scene)
    lines = notes.read_text().splitlines()
    assert lines == ["upload.arrived hello", "source.accepted hello", "job.planned hello"]
    told = json.loads(Path(f"{notes}.json").read_text())
    assert (told["type"], told["data"]["source"]) == ("source.accepted", "hello")
    environment = Path(f"{notes}.env").read_text()
    for line in (
        "MINI_BUILDD_DISTRIBUTION=trixie-test-unstable",
        "MINI_BUILDD_REPOSITORY=test",
        "MINI_BUILDD_URL=http://buildd.example:8066",
        f"MINI_BUILDD_HOME={scene.home}",
    ):
        assert f"\n{line}\n" in f"\n{environment}"
    assert "SECRET" not in environment
    (row,) = list_deliveries(None, "source.accepted/one").rows
    assert (row.state, row.last and row.last.status) == (DeliveryState.DELIVERED, 0)


def test_who_fails_is_run_again_a_few_times_and_what_it_says_is_kept(
    scene: Scene, hooks: Path
) -> None:
    notes = scene.home / "notes"
    put(hooks, "source.accepted/bad", f"echo x >>{notes}; echo out of order; exit 3")
    scene.accepted()
    for seconds in (0, 1, 11, 61, 301, 10_000):
        scene.clock.now += timedelta(seconds=seconds)
        work(scene)
    assert len(notes.read_text().splitlines()) == 4
    (row,) = list_deliveries(None, "source.accepted/bad").rows
    assert row.state is DeliveryState.FAILED
    assert [(each.status, each.said) for each in row.tries] == [(3, "out of order\n")] * 4
    assert failed_of_programs() == {"source.accepted/bad": 1}


def test_what_others_may_write_is_not_run(scene: Scene, hooks: Path) -> None:
    notes = scene.home / "notes"
    put(hooks, "chat", f"echo x >>{notes}")
    scene.accepted()
    tell(scene.site)
    (hooks / "chat").chmod(0o777)
    work(scene)
    scene.accepted(SourcePackage("second"))
    work(scene)
    assert not notes.exists()
    rows = list_deliveries(None, "chat").rows
    assert len(rows) == 3, "nothing new is to be told to it"
    assert any("not run" in each.last.said for each in rows if each.last)


def test_a_program_that_is_gone_or_cannot_be_run_is_told(scene: Scene, hooks: Path) -> None:
    put(hooks, "source.accepted/gone")
    put(hooks, "source.accepted/odd").write_text("#!/no/such/shell\n")
    scene.accepted()
    tell(scene.site)
    (hooks / "source.accepted" / "gone").unlink()
    work(scene)
    (gone,) = list_deliveries(None, "source.accepted/gone").rows
    assert gone.state is DeliveryState.FAILED
    (odd,) = list_deliveries(None, "source.accepted/odd").rows
    assert odd.last is not None
    assert "No such file" in odd.last.said


def test_what_is_in_a_folder_that_cannot_be_read_is_run_when_it_can_be(
    scene: Scene, hooks: Path
) -> None:
    folder = put(hooks, "source.accepted/shy").parent
    scene.accepted()
    tell(scene.site)
    folder.chmod(0o000)
    work(scene)
    (row,) = list_deliveries(None, "source.accepted/shy").rows
    folder.chmod(0o755)
    assert row.last is not None
    assert "cannot be read" in row.last.said
    scene.clock.now += timedelta(seconds=11)
    work(scene)
    (row,) = list_deliveries(None, "source.accepted/shy").rows
    assert row.state is DeliveryState.DELIVERED


def test_what_was_before_a_program_came_is_not_told_to_it(scene: Scene, hooks: Path) -> None:
    scene.accepted()
    tell(scene.site)
    put(hooks, "late")
    work(scene)
    assert list_deliveries(None, "late").rows == ()


def test_who_is_killed_before_it_has_begun_tells_nothing_of_what_was(real: Scene) -> None:
    put(real.home / "hooks.d", "late")
    real.accepted()
    effects = 0
    while not runs_to_its_end(lambda: tell(real.site), effects=effects):
        effects += 1
    assert effects > 0
    assert list_deliveries(None, "late").rows == ()


def test_who_is_killed_anywhere_forgets_no_event(real: Scene) -> None:
    tell(real.site)
    notes = real.home / "notes"
    put(real.home / "hooks.d", "source.accepted/note", f'echo "$MINI_BUILDD_DELIVERY" >>{notes}')
    for number in range(2):
        real.accepted(SourcePackage(f"p{number}"))
    effects = 0
    while not runs_to_its_end(lambda: work(real), effects=effects):
        effects += 1
        real.clock.now += timedelta(minutes=1)
    assert effects > 3
    rows = list_deliveries(None, "source.accepted/note").rows
    assert {row.state for row in rows} == {DeliveryState.DELIVERED}
    assert {row.token for row in rows} == set(notes.read_text().split())
    assert len(rows) == 2
