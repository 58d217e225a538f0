"""A part of ``./devel bench queue``, as a process of its own.

    python -m mini_buildd.tests.bench.queue_part fill HOME WAITING BUILDERS HISTORY
    python -m mini_buildd.tests.bench.queue_part decide HOME ROUNDS

The memory that making the rows has taken does not count to the process that decides.
"""

import json
import sys
from pathlib import Path

from mini_buildd.config.places import Places
from mini_buildd.db.connect import connect, django_settings, migrate


def main(what: str, home: Path, *numbers: int) -> None:
    """Do that part, and print what it tells as JSON."""
    places = Places(home)
    places.make()
    connect(django_settings(places.database))
    migrate()
    from mini_buildd.tests.bench import queue_rows  # noqa: PLC0415  # models need a configured Django

    if what == "fill":
        queue_rows.fill(home, *numbers)
    else:
        print(json.dumps(queue_rows.decide(home, *numbers)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))
