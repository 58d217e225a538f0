"""A busy instance's rows: run ``python -m mini_buildd.tests.bench.web_rows FOLDER`` to get them.

FOLDER becomes the home of an instance with 100,000 builds, 20,000 source packages and a million
events in SQLite, for whoever wants to see how their page does there. Making it takes a minute or
two; the result is kept beside the other caches until this text changes, and is then only copied and
brought up to date by the migrations that came since. The account "root" has the password "root";
the repository "secret" is private.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from mini_buildd.db import migrations
from mini_buildd.kit.lock import locked
from mini_buildd.tests.instance import Instance

_KEPT = 2


def main(home: Path) -> None:
    """Make *home*."""
    shutil.copytree(_cached(), home, dirs_exist_ok=True)
    Instance(home).configure()
    print(f"{home} is the home of a busy instance")


def _part(what: str, home: Path) -> bool:
    """In a process of its own, whose Django is for *home*; gives whether that was well."""
    command = [sys.executable, "-m", f"{__package__}.web_part", what, str(home)]
    return subprocess.run(command, check=False).returncode == 0


def _cached() -> Path:
    """The home with all the rows, made or brought up to date if need be."""
    folder = Path(os.environ["MINI_BUILDD_CACHE"]) / "bench-web"
    folder.mkdir(parents=True, exist_ok=True)
    filled, tables = _digest(*_texts()), _digest(*_migrations())
    with locked(folder):
        kept = folder / f"{filled}-{tables}"
        if not kept.exists():
            _make(kept, max(folder.glob(f"{filled}-*"), key=_age, default=None))
            for old in sorted(folder.iterdir(), key=_age)[:-_KEPT]:
                shutil.rmtree(old)
        return kept


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _texts() -> list[Path]:
    here = Path(__file__)
    return [here.with_name(f"{name}.py") for name in ("bulk", "web_fill", "web_story", "web_texts")]


def _migrations() -> list[Path]:
    return list(Path(migrations.__file__ or "").parent.glob("*.py"))


def _digest(*files: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(files):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


def _make(target: Path, older: Path | None) -> None:
    """From an *older* one by migrations, if there is one; branches may be at odds, so from none."""
    part = target.with_name("part")
    for begin in (older, None):
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        if begin is not None:
            shutil.copytree(begin, part, dirs_exist_ok=True)
        if _part("fill" if begin is None else "migrate", part):
            part.rename(target)
            return
    raise AssertionError("the tables cannot be filled")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
