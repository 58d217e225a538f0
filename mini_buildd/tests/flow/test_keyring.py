"""The keyring package: made by the archive, taken in like any upload, and by nobody else."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from mini_buildd.db import models
from mini_buildd.db.models import Source, Upload
from mini_buildd.domain.permission import Actor
from mini_buildd.domain.problem import DistributionClosed
from mini_buildd.flow import sweep
from mini_buildd.flow.keyring import make_keyring
from mini_buildd.flow.keys import rotate
from mini_buildd.flow.receive import receive
from mini_buildd.keys.archive_keys import ArchiveKeys
from mini_buildd.tests.flow.crash import runs_to_its_end
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene

NAME = "example-archive-keyring"


def make(scene: Scene, suite: str = "unstable") -> list[str]:
    """The events of one making."""
    return [str(kind) for kind in make_keyring(scene.site, scene.distribution(suite), by="ada")]


def take_in(scene: Scene) -> None:
    """What the daemon does with what arrived."""
    sweep.take_in(scene.site, lambda _: False)


def versions() -> list[str]:
    """The accepted ones, oldest first; every upload must have been."""
    assert set(Upload.objects.values_list("state", "problem_code")) <= {("accepted", "")}
    rows = Source.objects.filter(name=NAME).order_by("id")
    return [f"{row.version} {row.distribution.suite.name}" for row in rows]


def test_it_is_taken_in_as_any_upload_signed_by_nobody_registered(keyed: Scene) -> None:
    assert make(keyed) == ["keyring.uploaded"]
    take_in(keyed)
    assert versions() == ["2026.11.20~test13+1 unstable"]
    source = Source.objects.get()
    assert source.upload is not None
    assert (source.upload.signed_by, source.jobs.count()) == (None, 1)
    assert source.jobs.get().builds_all
    event = models.Event.objects.get(kind="keyring.uploaded")
    assert event.detail == f"{NAME} 2026.11.20~test13+1, by ada"
    assert not list(keyed.site.places.keyrings.glob(".making-*"))


def test_it_is_made_again_only_when_there_is_something_new(keyed: Scene) -> None:
    make(keyed)
    assert make(keyed) == [], "it lies in the spool"
    (arrival,) = keyed.site.spool.changes()
    receive(keyed.site, arrival, is_final=True)
    assert make(keyed) == [], "it is received"
    take_in(keyed)
    assert make(keyed) == [], "it is accepted"
    keyed.clock.now += timedelta(days=1)
    assert make(keyed) == [], "it is the same on another day"
    rotate(keyed.site.places, "example", clock=keyed.clock, by=Actor("ada", is_admin=True))
    assert make(keyed) == ["keyring.uploaded"]
    take_in(keyed)
    assert versions() == ["2026.11.20~test13+1 unstable", "2026.11.21~test13+1 unstable"]


def test_where_both_signatures_are_demanded_that_of_the_archive_is_enough(keyed: Scene) -> None:
    models.Repository.objects.update(signature_policy="both")
    make(keyed)
    take_in(keyed)
    assert versions() == ["2026.11.20~test13+1 unstable"]


def test_suites_of_one_repository_never_share_a_version(keyed: Scene) -> None:
    for suite in ("unstable", "hotfix", "snapshot"):
        assert make(keyed, suite) == ["keyring.uploaded"]
    take_in(keyed)
    assert sorted(versions()) == [
        "2026.11.20.1~test13+0 snapshot",
        "2026.11.20~test13+1 unstable",
        "2026.11.20~test13+2 hotfix",
    ]


def test_a_suite_that_takes_no_uploads_takes_this_one_neither(keyed: Scene) -> None:
    with pytest.raises(DistributionClosed):
        make(keyed, "stable")


def test_what_others_lay_into_the_spool_changes_nothing(keyed: Scene) -> None:
    forged = SourcePackage(NAME, version="2999.01.01~test13+1").upload(keyed.packager)
    keyed.send(forged)
    keyed.send({f"{NAME}_2998.01.01~test13+1_source.changes": b"?"})
    make(keyed)
    take_in(keyed)
    assert Source.objects.get().version == "2026.11.20~test13+1"


def test_killed_while_it_is_made_and_made_again_it_is_accepted_once(keyed_real: Scene) -> None:
    effects, ended = 10, False
    while not ended:
        before = Source.objects.count()
        rotate(
            keyed_real.site.places,
            "example",
            clock=keyed_real.clock,
            by=Actor("ada", is_admin=True),
        )
        ended = runs_to_its_end(lambda: make(keyed_real), effects=effects)
        make(keyed_real)
        take_in(keyed_real)
        assert len(versions()) == before + 1, effects
        effects += 9
    assert effects > 40, "it had effects"
    assert make(keyed_real) == []
    assert not list(keyed_real.site.places.keyrings.glob(".making-*"))


def test_one_that_could_not_be_built_is_made_again(keyed: Scene) -> None:
    make(keyed)
    take_in(keyed)
    Source.objects.update(state="failed")
    assert make(keyed) == ["keyring.uploaded"]
    take_in(keyed)
    assert versions()[-1] == "2026.11.20~test13+2 unstable"


def test_its_source_holds_the_keys_and_the_sources_of_all_suites(
    keyed: Scene, tmp_path: Path
) -> None:
    rotate(keyed.site.places, "example", clock=keyed.clock, by=Actor("ada", is_admin=True))
    make(keyed)
    take_in(keyed)
    (dsc,) = (keyed.site.tree("test").root / "pool").rglob("*.dsc")
    tree = tmp_path / "unpacked"
    subprocess.run(
        ["dpkg-source", "--no-check", "-x", str(dsc), str(tree)], check=True, capture_output=True
    )
    keyring = tree / f"{NAME}.gpg"
    (tmp_path / "text").write_bytes(keyed.site.signer.clearsign(b"text\n"))
    subprocess.run(
        ["gpgv", "--keyring", str(keyring), str(tmp_path / "text")],
        check=True,
        capture_output=True,
    )
    sources = {path.name: path.read_text() for path in (tree / "sources").iterdir()}
    assert len(sources) == 6
    assert sources["trixie-test-stable.sources"].splitlines() == [
        "Types: deb deb-src",
        "URIs: http://buildd.example:8066/archive/test",
        "Suites: trixie-test-stable",
        "Components: main",
        f"Signed-By: /usr/share/keyrings/{NAME}.gpg",
    ]
    changelog = subprocess.run(
        ["dpkg-parsechangelog", "-l", str(tree / "debian" / "changelog")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert changelog.stderr == ""
    assert "Maintainer: example archive <example@archive.invalid>" in changelog.stdout


@pytest.mark.parametrize(
    "package", [SourcePackage(NAME, version="2027.01.01~test13+1"), SourcePackage(binary=NAME)]
)
def test_nobody_else_can_upload_it(keyed: Scene, package: SourcePackage) -> None:
    assert keyed.take_in(package).problem_code == "source-reserved"


def test_nobody_elses_build_can_make_it(keyed: Scene) -> None:
    keyed.accepted()
    (task,) = keyed.assign()
    job = keyed.report(task, keyed.build(task, keyed.deb(task, package=NAME)))
    assert (job.state, NAME in job.reason) == ("failed", True)


def test_the_archives_key_is_let_in_for_nothing_else(keyed: Scene) -> None:
    package = SourcePackage()
    files = package.upload(keyed.packager)
    name = f"{package.stem}_source.changes"
    keys = ArchiveKeys(keyed.site.places.gnupg)
    files[name] = keys.clearsign_alone(package.changes().encode())
    keyed.send(files)
    take_in(keyed)
    assert Upload.objects.get().problem_code == "source-reserved"
