"""The package with the archive's keys: made, built and published by the instance itself."""

from pathlib import Path

import pytest

from mini_buildd.domain.keyring import keyring_name
from mini_buildd.tests.instance import wait_for
from mini_buildd.tests.scenario import Scenario
from mini_buildd.tests.throwaway import ThrowawayRoot

pytestmark = pytest.mark.whole


def test_every_suite_gets_the_keyring_and_a_client_lives_on_it(
    scene: Scenario, short_folder: Path
) -> None:
    instance = scene.instance
    name = keyring_name("mini-buildd")
    instance.call(*scene.setup_arguments(), "--keyring", "--no-chroots")
    instance.stop()
    instance.start()  # it looks at once
    suites = instance.rows("SELECT name FROM mini_buildd_distribution")
    sql = (
        "SELECT e.id FROM mini_buildd_suiteentry e JOIN mini_buildd_source s ON s.id = e.source_id"
        " JOIN mini_buildd_publication p"
        " ON p.distribution_id = e.distribution_id AND p.number = e.added_in"
        " WHERE s.name = ? AND e.binary_id IS NOT NULL AND p.published_at IS NOT NULL"
    )
    wait_for(
        "the keyring is in every suite",
        lambda: len(instance.rows(sql, name)) == len(suites),
        seconds=300,
    )
    stable = scene.distribution.replace("unstable", "stable")
    with ThrowawayRoot(scene.chroot, short_folder / "roots") as root:
        status, snippet, _ = instance.get(f"/archive/test/{stable}.sources")
        assert status == 200
        root.write("/etc/apt/sources.list.d/test.sources", snippet)
        root.run("apt-get", "update", "--error-on=any")
        root.run("apt-get", "install", "--yes", name)
        ours = f"/usr/share/{name}/sources/{stable}.sources"
        root.run("mv", ours, "/etc/apt/sources.list.d/test.sources")
        root.run("apt-get", "update", "--error-on=any")
        assert f",a={stable}," in root.run("apt-cache", "policy").stdout
