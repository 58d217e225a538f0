"""Give unstable of the instance in HOME bc, dash and hello: ``python furnish.py HOME``.

In a process of its own, since that instance has a database of its own.
"""

import sys
from pathlib import Path

from mini_buildd.config.load import load
from mini_buildd.config.places import Places
from mini_buildd.db.connect import connect, django_settings
from mini_buildd.tests.packager import Packager


def main(home: Path) -> None:
    """Do so."""
    settings, places = load(home), Places(home)
    connect(django_settings(places.database))
    from mini_buildd.flow.beside import (  # noqa: PLC0415  # models need a configured Django
        beside_daemon,
    )
    from mini_buildd.tests.flow.scene import Scene  # noqa: PLC0415  # the same
    from mini_buildd.tests.flow.shelf import Shelf  # noqa: PLC0415  # the same

    with beside_daemon(settings, places) as site:
        shelf = Shelf(Scene(home, Packager(home), site.signer))
        shelf.check_installability(wanted=False)
        shelf.put(*map(shelf.source, ("bc", "dash", "hello")))
        shelf.publish()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
