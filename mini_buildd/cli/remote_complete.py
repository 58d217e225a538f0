"""What a shell offers when somebody presses the tabulator key.

The script for each shell asks ``mini-buildd-api complete -- WORDS``. Commands and options come from
the parser; names of suites, packages and builds from the instance, within a short time, and from
notes of some minutes ago where it has been asked before. It never complains: a shell is in
mid-line.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from mini_buildd.client.api import Api
from mini_buildd.client.connection import Connection, Refused
from mini_buildd.client.server import ProfileUnusable, find_server, list_servers, profile_path
from mini_buildd.client.tls import Unreachable
from mini_buildd.kit.atomic import write_file

_ANSWER_SECONDS = 1.5
_FRESH_SECONDS = 300.0

_BASH = """\
# mini-buildd-api(1): source this, or put it into ~/.local/share/bash-completion/completions/
_mini_buildd_api() {
    local IFS=$'\\n' words
    # Words are split at blanks only: = : and @ belong to names of packages and suites.
    _get_comp_words_by_ref -n '=:@' -w words -i cword 2>/dev/null || {
        words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD
    }
    local cur=${words[cword]}
    COMPREPLY=($(mini-buildd-api complete -- "${words[@]:1:cword}" 2>/dev/null))
    if [ ${#COMPREPLY[@]} -eq 0 ]; then
        compopt -o default 2>/dev/null
    fi
    type __ltrim_colon_completions >/dev/null 2>&1 && __ltrim_colon_completions "$cur"
}
complete -F _mini_buildd_api mini-buildd-api
"""
_ZSH = """\
#compdef mini-buildd-api
# mini-buildd-api(1): put this as _mini-buildd-api into a folder of $fpath
_mini_buildd_api() {
    local -a found
    found=("${(@f)$(mini-buildd-api complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[*]}" ]]; then
        compadd -a found
    else
        _files
    fi
}
if [ "$funcstack[1]" = "_mini-buildd-api" ]; then
    _mini_buildd_api "$@"
else
    compdef _mini_buildd_api mini-buildd-api
fi
"""
_FISH = """\
# mini-buildd-api(1): put this into ~/.config/fish/completions/mini-buildd-api.fish
function __mini_buildd_api
    set -l words (commandline -opc) (commandline -ct)
    mini-buildd-api complete -- $words[2..-1] 2>/dev/null
end
complete -c mini-buildd-api -f -a '(__mini_buildd_api)'
complete -c mini-buildd-api -n '__fish_seen_subcommand_from upload' -F
"""
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def script(shell: str) -> str:
    """What that shell is to read."""
    return _SCRIPTS[shell]


def offers(parser: argparse.ArgumentParser, words: Sequence[str]) -> list[str]:
    """What the last of *words* may become; those before it are complete."""
    *before, last = words or [""]
    place = _place(parser, before)
    return sorted({each for each in place.offered(last) if each.startswith(last)})


class _Place:
    """Where in the command line somebody is."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser
        self.awaited: argparse.Action | None = None
        self.given: dict[str, str] = {}
        self._positionals = [each for each in parser._actions if not each.option_strings]  # noqa: SLF001  # no public way
        self._taken = 0

    def take(self, word: str) -> "_Place":
        """The place after one more complete word."""
        if self.awaited is not None:
            self.given[self.awaited.dest], self.awaited = word, None
            return self
        if word.startswith("-") and word != "-":
            option = self.parser._option_string_actions.get(word)  # noqa: SLF001  # no public way
            if option is not None and option.nargs != 0:
                self.awaited = option
            return self
        action = self._next()
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # no public name
            inner = action.choices.get(word)
            if inner is not None:
                place = _Place(inner)
                place.given = self.given
                return place
        if action is not None:
            self.given[action.dest] = word
            self._taken += action.nargs not in {"+", "*"}
        return self

    def _next(self) -> argparse.Action | None:
        place = min(self._taken, len(self._positionals))
        return self._positionals[place] if place < len(self._positionals) else None

    def offered(self, last: str) -> Iterable[str]:
        """All that may stand here."""
        if self.awaited is not None:
            return _values(self.awaited, self.given, last)
        if last.startswith("-"):
            return list(self.parser._option_string_actions)  # noqa: SLF001  # no public way
        action = self._next()
        return _values(action, self.given, last) if action is not None else ()


def _place(parser: argparse.ArgumentParser, words: Sequence[str]) -> _Place:
    place = _Place(parser)
    for word in words:
        place = place.take(word)
    return place


def _values(action: argparse.Action, given: Mapping[str, str], last: str) -> Iterable[str]:
    if action.choices is not None:
        return [str(each) for each in action.choices]
    if action.dest == "profile" or action.metavar == "PROFILE":
        return [each.name for each in list_servers(profile_path())]
    ask = _ASKED.get(str(action.metavar)) or _ASKED.get(action.dest)
    if ask is None:
        return ()
    try:
        server = find_server(
            profile_path(), name=given.get("profile", ""), url=given.get("url", "")
        )
    except ProfileUnusable:
        return ()
    api = Api(Connection(server, timeout_seconds=_ANSWER_SECONDS, pauses_seconds=()))
    suite = given.get("suite", "") if action.dest == "package" else ""
    return _noted(
        f"{server.url} {server.token[-4:]} {action.metavar} {suite}",
        lambda: list(ask(api, suite, last)),
    )


def _suites(api: Api, suite: str, last: str) -> Iterable[str]:
    del suite, last
    return [each.name for each in api.suites().items]


def _repositories(api: Api, suite: str, last: str) -> Iterable[str]:
    del suite, last
    return [each.name for each in api.repositories().items]


def _packages(api: Api, suite: str, last: str) -> Iterable[str]:
    del last
    if suite:
        full = next(
            (each for each in _suites(api, "", "") if suite in {each, each.rpartition("-")[2]}),
            suite,
        )
        page = next(api.suite_packages(full, limit=200))
        return [each.name for each in page.items]
    return [each.name for each in api.packages(limit=200).items]


def _builds(api: Api, suite: str, last: str) -> Iterable[str]:
    del suite, last
    items = api.builds(limit=50).items
    return [name for each in items for name in (str(each.id), f"{each.source}/{each.architecture}")]


def _builders(api: Api, suite: str, last: str) -> Iterable[str]:
    del suite, last
    return [each.name for each in api.builders().items]


_ASKED: Mapping[str, Callable[[Api, str, str], Iterable[str]]] = {
    "SUITE": _suites,
    "SUITE[@N]": _suites,
    "FROM": _suites,
    "TO": _suites,
    "REPOSITORY": _repositories,
    "PACKAGE": _packages,
    "WHAT": _packages,
    "BUILD": _builds,
    "BUILDER": _builders,
}


# --- notes of what was answered ---------------------------------------------------


def _noted(key: str, ask: Callable[[], list[str]]) -> list[str]:
    """What was answered some minutes ago, or is now; nothing when nobody answers in time."""
    path = _notes_path()
    notes = _read(path)
    at, found = notes.get(key, (0.0, []))
    if time.time() - at < _FRESH_SECONDS:
        return found
    try:
        found = ask()
    except (Refused, Unreachable):
        return found
    fresh = {name: note for name, note in notes.items() if time.time() - note[0] < _FRESH_SECONDS}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_file(path, json.dumps({**fresh, key: (time.time(), found)}).encode(), mode=0o600)
    return found


def _notes_path() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "mini-buildd" / "completion.json"


def _read(path: Path) -> dict[str, tuple[float, list[str]]]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return {key: (float(at), list(map(str, found))) for key, (at, found) in known.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
