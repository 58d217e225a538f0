"""A base distribution of a few packages, published and signed as ours are, for real apt to read."""

from dataclasses import dataclass
from pathlib import Path

from mini_buildd.archive.plan import Area, BinaryText
from mini_buildd.db.models import AptSource, Base
from mini_buildd.deb.names import Architecture
from mini_buildd.tests.archive.repository import MAIN, Repository
from mini_buildd.tests.flow.scene import Scene


def paragraph(name: str, *fields: str, version: str = "1.0", architecture: str = "amd64") -> str:
    """A package's paragraph in Packages, with more *fields*."""
    lines = [f"Package: {name}", f"Version: {version}", f"Architecture: {architecture}", *fields]
    return (
        "\n".join([*lines, f"Filename: pool/{name}.deb", "Size: 1", "SHA256: " + 64 * "0"]) + "\n"
    )


@dataclass(slots=True)
class BaseArchive:
    """The archive that the base release of *scene* is taken from."""

    repository: Repository
    scene: Scene
    _number: int = 0

    @property
    def root(self) -> Path:
        """Where it is served from."""
        return self.repository.tree.root

    @property
    def base(self) -> Base:
        """The base release as configured."""
        return Base.objects.get(codename="trixie")

    def configure(self, **differences: object) -> None:
        """Let it be the only source of the base release."""
        AptSource.objects.all().delete()
        fields = {
            "url": f"file:{self.root}",
            "suite": str(self.repository.name),
            "keyring": str(self.root / "archive-key.asc"),
        }
        AptSource.objects.create(base=self.base, **{**fields, **differences})

    def publish(self, *paragraphs: str) -> None:
        """Let these be its packages."""
        amd64 = Architecture("amd64")
        self.repository.binaries = [
            BinaryText(Area(MAIN), amd64, text.split()[1], str(self._number), text)
            for text in paragraphs
        ]
        self._number += 1
        self.repository.publish(self._number)

    def hide(self) -> Path:
        """Let the mirror be out of reach; move what is given back to end that."""
        return self.root.rename(self.root.with_name("hidden"))
