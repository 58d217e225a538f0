"""What flow's and buildd's tests have, for the daemon in between."""

from mini_buildd.tests.buildd.conftest import bench
from mini_buildd.tests.flow.conftest import bare, packager, scene, signer

__all__ = ["bare", "bench", "packager", "scene", "signer"]
