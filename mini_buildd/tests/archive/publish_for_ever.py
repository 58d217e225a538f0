"""Publish one version after the other until killed: ``publish_for_ever.py FOLDER GNUPG``.

Each number that is published is printed. What a version says follows from its number alone.
"""

import sys
from pathlib import Path

from mini_buildd.archive.plan import Area, BinaryText
from mini_buildd.archive.publish import prune
from mini_buildd.deb.names import Architecture
from mini_buildd.keys.archive_keys import ensure_archive_keys
from mini_buildd.tests.archive.repository import MAIN, Repository


def content(number: int) -> list[BinaryText]:
    """Some packages that are not in the pool, most of them changing with *number*."""
    texts = [
        f"Package: p{place}\nVersion: {number if place % 3 else 1}\nArchitecture: all\n"
        for place in range(40)
    ]
    return [
        BinaryText(
            Area(MAIN, "" if place % 20 else "debian-installer"),
            Architecture("all"),
            f"p{place}",
            str(number if place % 3 else 1),
            text,
        )
        for place, text in enumerate(texts)
    ]


def main() -> None:
    """Go on from what is published."""
    repository = Repository(Path(sys.argv[1]), ensure_archive_keys(Path(sys.argv[2]), "depot"))
    while True:
        number = (repository.tree.published(repository.name) or 0) + 1
        repository.binaries = content(number)
        repository.publish(number)
        prune(repository.tree, repository.name, range(number - 2, number + 1))
        print(number, flush=True)


if __name__ == "__main__":
    main()
