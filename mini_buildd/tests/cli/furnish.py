"""Give unstable of the instance in HOME bc, dash and hello: ``python furnish.py HOME [whole]``.

In a process of its own, since that instance has a database of its own. When it is to be whole, each
was uploaded and built, and its files are there.
"""

import sys
from pathlib import Path

from mini_buildd.config.load import load
from mini_buildd.config.places import Places
from mini_buildd.db.connect import connect, django_settings
from mini_buildd.tests.packager import Packager


def main(home: Path, *words: str) -> None:
    """Do so."""
    settings, places = load(home), Places(home)
    connect(django_settings(places.database))
    from mini_buildd.flow.beside import (  # noqa: PLC0415  # models need a configured Django
        beside_daemon,
    )
    from mini_buildd.tests.flow.package import SourcePackage  # noqa: PLC0415  # the same
    from mini_buildd.tests.flow.scene import Scene  # noqa: PLC0415  # the same
    from mini_buildd.tests.flow.shelf import Shelf  # noqa: PLC0415  # the same

    with beside_daemon(settings, places) as site:
        scene = Scene(home, Packager(home), site.signer)
        if words == ("whole",):
            scene.set_up()
            Shelf(scene).check_installability(wanted=False)
            for name in ("bc", "dash", "hello"):
                scene.published(SourcePackage(name=name))
            return
        shelf = Shelf(scene)
        shelf.check_installability(wanted=False)
        shelf.put(*map(shelf.source, ("bc", "dash", "hello")))
        shelf.publish()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
