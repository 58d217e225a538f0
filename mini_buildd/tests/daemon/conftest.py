"""What the tests of flow, buildd and archive have, for the daemon in between."""

from mini_buildd.tests.archive.conftest import keys
from mini_buildd.tests.buildd.conftest import bench
from mini_buildd.tests.flow.conftest import bare, packager, scene, signer

__all__ = ["bare", "bench", "keys", "packager", "scene", "signer"]
