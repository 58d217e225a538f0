"""The short version of each campaign."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mini_buildd.tests.archive.roots import RootNotMade, root_of
from mini_buildd.tests.campaign import (
    archive_clients,
    archive_readers,
    build_kill,
    corpus,
    kill,
    upload_cut,
    uploads_at_once,
)
from mini_buildd.tests.campaign._corpus_sources import CORPUS, FAILED, Kind
from mini_buildd.tests.campaign._cuts import Manner
from mini_buildd.tests.scenario import Scenario, host_codename

pytestmark = pytest.mark.whole


def test_real_sources_are_rebuilt_as_debians_own_or_fail_for_a_reason_that_is_named(
    scene: Scenario,
) -> None:
    """The first kind may be one whose packages the mirror has for comparison, too."""
    broken = next(kind for kind in CORPUS if kind.outcome == FAILED and kind.has("figlet"))
    for package in ("hello", "cowsay", "sl"):
        kind = Kind("rebuilt", (package,))
        case, *others = corpus.take_through(
            scene, [kind, *([broken] if package == "hello" else [])]
        )
        assert not [each for each in others if each.fault], others
        if not case.is_absent and (case.fault or case.incomparable == 0):
            break
    assert not case.fault, case
    assert case.installed == len(case.installable)
    assert case.alike + case.other_bounds + case.incomparable == case.installed
    assert case.package != "hello" or case.other_bounds == 0


def test_an_upload_is_published_once_however_the_daemon_is_killed(short_folder: Path) -> None:
    own = Scenario(Path(tempfile.mkdtemp(prefix="kill-", dir=short_folder)))
    try:
        own.set_up()
        own.instance.start()
        for number in (1, 3):
            assert kill.play(own, number, 4).faults == []
        assert kill.leftovers_of(own) == []
    finally:
        own.close()


def test_every_build_ends_once_in_the_right_state_however_it_is_killed_or_cancelled(
    short_folder: Path,
) -> None:
    own = Scenario(Path(tempfile.mkdtemp(prefix="end-", dir=short_folder)))
    try:
        own.set_up()
        own.instance.start()
        campaign = build_kill.Campaign(own)
        before = campaign.warm_up()
        campaign.play(1)
        assert [trial for trial in campaign.trials if trial.faults] == []
        assert campaign.count() == before
    finally:
        own.close()


def test_an_upload_that_is_cut_is_processed_once_or_can_be_repeated(short_folder: Path) -> None:
    """One of each kind of cut, over ways that differ in how they tell an end."""
    cuts = upload_cut.Campaign(Path(tempfile.mkdtemp(prefix="cut-", dir=short_folder)))
    try:
        cuts.set_up()
        rounds = [
            cuts.play(6, "ftp", Manner.RESET),
            cuts.play(16, "https", Manner.END),
            cuts.play(23, "tus", Manner.KILL),
        ]
        assert [each for each in rounds if each.faults or not each.has_happened] == []
        assert cuts.leftovers() == []
        assert cuts.complaints() == []
    finally:
        cuts.close()


def test_uploads_of_many_clients_at_once_are_all_dealt_with_in_order(short_folder: Path) -> None:
    many = uploads_at_once.Campaign(Path(tempfile.mkdtemp(prefix="once-", dir=short_folder)))
    try:
        many.set_up()
        outcome = many.play(14, in_turn=True)
        assert outcome.faults == []
        assert len(outcome.clients) == 7
        assert outcome.accepted == 14
    finally:
        many.close()


def test_clients_read_without_fault_while_a_suite_is_published_again_and_again() -> None:
    clients = archive_clients.follow(20)
    assert [each.faults for each in clients] == [[], [], []]
    assert all(len(set(each.seen)) > 1 for each in clients)


def test_an_apt_reads_in_every_way() -> None:
    try:
        root_of(host_codename())
    except RootNotMade as error:
        pytest.skip(str(error))
    (outcome,) = archive_readers.read((host_codename(),), others=10, shapes=(("xz",),))
    assert (outcome.faults, outcome.ways) == ([], 4)


def test_an_operation_of_the_archive_is_done_wholly_or_not_at_all_however_it_is_killed() -> None:
    """In a process of its own: it configures Django for itself."""
    command = [sys.executable, "-m", "mini_buildd.tests.campaign", "archive-kill", "12", "200"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
