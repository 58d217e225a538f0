"""Uploads that come at the same moment are accepted so that none shuts another out."""

from mini_buildd.db import models
from mini_buildd.flow import sweep
from mini_buildd.tests.flow.package import SourcePackage
from mini_buildd.tests.flow.scene import Scene


def test_of_a_source_the_lower_version_comes_first_whichever_arrived_first(scene: Scene) -> None:
    for number in (10, 9, 2):
        scene.upload(SourcePackage(version=f"1.0-1~test13+{number}"))
    scene.upload(SourcePackage(name="other", version="1.0-1~test13+1"))
    sweep.take_in(scene.site, lambda _: False)
    assert set(models.Upload.objects.values_list("state", flat=True)) == {"accepted"}
    accepted = models.Source.objects.order_by("id").values_list("name", "version")
    numbers = [version.rpartition("+")[2] for name, version in accepted if name == "hello"]
    assert numbers == ["2", "9", "10"]
