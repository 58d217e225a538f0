"""The journey by its verbs: what is in the rows and the tree after each step."""

import gzip
from pathlib import Path

from mini_buildd.db import models
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene


def read(index: Path) -> str:
    return gzip.decompress(index.read_bytes()).decode()


def test_an_upload_goes_the_whole_way(scene: Scene) -> None:
    source = scene.published()
    assert source.state == "published"
    tree = scene.site.tree("test").root
    packages = tree / "dists/trixie-test-unstable/main/binary-amd64/Packages.gz"
    assert "Package: hello\n" in read(packages)
    kinds = list(models.Event.objects.filter(source=source).values_list("kind", flat=True))
    assert kinds == [
        "source.accepted",
        "job.planned",
        "job.assigned",
        "job.started",
        "job.succeeded",
        "source.ready",
        "suite.published",
    ]


def test_a_second_version_takes_the_place_of_the_first(scene: Scene) -> None:
    scene.published()
    scene.published(SourcePackage(version="1.0-1~test13+2", with_orig=False))
    packages = (
        scene.site.tree("test").root / "dists/trixie-test-unstable/main/binary-amd64/Packages.gz"
    )
    assert read(packages).count("Package: ") == 1
    assert "Version: 1.0-1~test13+2\n" in read(packages)
