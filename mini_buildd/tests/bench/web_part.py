"""A part of web_rows.py, as a process of its own: Django is configured once a process.

python -m mini_buildd.tests.bench.web_part fill HOME
python -m mini_buildd.tests.bench.web_part furnish HOME
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.db.connect import analyze, close, connect, django_settings, migrate
from mini_buildd.web.settings import web_settings


@contextmanager
def django_for(home: Path) -> Iterator[None]:
    """Configure Django as the daemon does, with the database in *home*."""
    pages = web_settings(Settings(home=home, identity="bench"), "for benches only")
    pages |= {"ROOT_URLCONF": "mini_buildd.daemon.urls"}
    connect({**django_settings(Places(home).database), **pages})
    yield
    close()


def main(what: str, home: Path) -> None:
    """Do that part."""
    with django_for(home):
        # Models need a configured Django.
        from mini_buildd.flow.catalogue import keep_catalogue  # noqa: PLC0415
        from mini_buildd.tests.bench import web_fill  # noqa: PLC0415

        web_fill.hurry()
        migrate()
        if what == "fill":
            web_fill.fill(home)
            web_fill.furnish(home)
        analyze()
        web_fill.pack()
        Places(home).make()
        keep_catalogue(Places(home))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
