"""``mini-buildd config``: the whole configuration in a file that can live in git."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mini_buildd.cli.owner import owner
from mini_buildd.cli.plain import plain
from mini_buildd.config.places import Places
from mini_buildd.domain.configuration import ConfigChange, Fate
from mini_buildd.flow.configuration import (
    compare_configuration,
    export_configuration,
    import_configuration,
)
from mini_buildd.kit.atomic import write_file
from mini_buildd.kit.clock import utc_now


def run_config(options: argparse.Namespace, places: Places) -> int:
    """Do what is asked for; diff gives 1 when there are differences, as diff(1) does."""
    return _ACTIONS[options.action](options, places)


def _export(options: argparse.Namespace, _: Places) -> int:
    text = export_configuration(owner())
    if str(options.file) == "-":
        sys.stdout.write(text)
    else:
        write_file(options.file, text.encode())
        print(f"the configuration is in {options.file}")
    return 0


def _diff(options: argparse.Namespace, _: Places) -> int:
    changes = compare_configuration(_read(options.file), owner())
    _print(changes)
    return int(bool(changes))


def _import(options: argparse.Namespace, places: Places) -> int:
    text = _read(options.file)
    changes = import_configuration(
        places, text, owner(), clock=utc_now, prunes=options.prune, dry_run=options.dry_run
    )
    _print(changes)
    would = "would be " if options.dry_run else ""
    counts = {fate: sum(each.fate is fate for each in changes) for fate in Fate}
    print(
        f"{counts[Fate.NEW]} {would}added, {counts[Fate.CHANGED]} {would}changed,"
        f" {counts[Fate.GONE]} {would}removed"
    )
    if not options.prune:
        kept = [each for each in compare_configuration(text, owner()) if each.fate is Fate.GONE]
        if kept:
            print(f"{len(kept)} more are here and not in the file; --prune removes them")
    return 0


def _read(file: Path) -> str:
    return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")


def _print(changes: Sequence[ConfigChange]) -> None:
    for change in changes:
        for line in change.lines():
            print(plain(line))


_ACTIONS: Mapping[str, Callable[[argparse.Namespace, Places], int]] = {
    "export": _export,
    "diff": _diff,
    "import": _import,
}
