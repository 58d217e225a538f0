"""A busy instance's rows: run ``python -m mini_buildd.tests.bench.web_rows FOLDER`` to get them.

FOLDER becomes the home of an instance with 100,000 builds, 20,000 source packages and a million
events in SQLite, for whoever wants to see how their page does there. Making it takes a minute or
two; the result is kept beside the other caches until a migration or this text changes, and is then
only copied. The account "root" has the password "root"; the repository "secret" is private.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from mini_buildd.config.places import Places
from mini_buildd.db import migrations
from mini_buildd.kit.lock import locked
from mini_buildd.tests.instance import Instance

_KEPT = 2


def main(home: Path) -> None:
    """Make *home*."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_cached(), Places(home).database)
    Instance(home).configure()
    _part("furnish", home)
    print(f"{home} is the home of a busy instance")


def _part(what: str, home: Path) -> None:
    """In a process of its own, whose Django is for *home*."""
    subprocess.run([sys.executable, "-m", f"{__package__}.web_part", what, str(home)], check=True)


def _cached() -> Path:
    """The database with all the rows, made if it is not there."""
    folder = Path(os.environ["MINI_BUILDD_CACHE"]) / "bench-web"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        kept = folder / f"{_digest()}.sqlite3"
        if not kept.exists():
            _make(kept)
            for old in sorted(folder.glob("*.sqlite3"), key=_age)[:-_KEPT]:
                old.unlink()
        return kept


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _digest() -> str:
    """Changes with the tables and with what fills them."""
    texts = [*Path(__file__).parent.glob("web_[frst]*.py"), Path(__file__).with_name("bulk.py")]
    texts += Path(migrations.__file__ or "").parent.glob("*.py")
    found = hashlib.sha256()
    for path in sorted(texts):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _make(target: Path) -> None:
    """In a process of its own: this one's Django is for another file."""
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    _part("fill", part)
    Places(part).database.rename(target)
    shutil.rmtree(part)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
