"""What the tests of flow, buildd and archive have, for the daemon in between."""

from mini_buildd.tests.archive.conftest import key
from mini_buildd.tests.buildd.conftest import bench
from mini_buildd.tests.flow.conftest import bare, packager, scene, signer

__all__ = ["bare", "bench", "key", "packager", "scene", "signer"]
