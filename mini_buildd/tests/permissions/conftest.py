"""The scene of the tests of the verbs."""

from mini_buildd.tests.flow.conftest import bare, packager, scene, signer, stranger

__all__ = ["bare", "packager", "scene", "signer", "stranger"]
