"""The instance's own suites in the environment of a build: apt sources, their keys, their pins."""

import shlex
from collections.abc import Iterable, Mapping

from mini_buildd.wire.task import AptSource

LIST = "/etc/apt/sources.list.d/mini-buildd.list"
PINS = "/etc/apt/preferences.d/mini-buildd"
_CONFIGURATION = "/etc/apt/apt.conf.d/mini-buildd"
_KEYS = "/etc/apt/keyrings"
_AUTH = "/etc/apt/auth.conf.d/mini-buildd.conf"

# A package that is built anew in an upstream version of the base sorts below the base's own. With a
# library of the base installed, others of its source could not be had without this.
DOWNGRADES = 'APT::Get::allow-downgrades "true";'

REMOVE = f"rm -f {LIST} {PINS} {_AUTH} {_CONFIGURATION} {_KEYS}/mini-buildd-*.asc"


def add_script(sources: Iterable[AptSource], places: Mapping[str, str]) -> str:
    """Shell for root that adds *sources*, above the base; nothing when there are none.

    *places* tells under which path a tree of this machine is seen; a source whose tree has none is
    read over its URL.
    """
    sources = tuple(sources)
    if not sources:
        return ""
    keys = list(dict.fromkeys(source.key for source in sources))
    files = {_key_file(number): key for number, key in enumerate(keys)}
    files[LIST] = "".join(
        _line(source, _key_file(keys.index(source.key)), places) for source in sources
    )
    files[PINS] = "\n\n".join(pin(source) for source in sources) + "\n"
    files[_CONFIGURATION] = f"{DOWNGRADES}\n"
    lines = [f"printf %s {shlex.quote(text)} > {path}" for path, text in files.items()]
    asked = dict.fromkeys(each.auth for each in sources if each.auth and each.tree not in places)
    if asked:  # apt itself reads it as root; what is built does not
        text = shlex.quote("".join(f"{line}\n" for line in asked))
        lines.append(f"(umask 077; printf %s {text} > {_AUTH})")
    return "\n".join([f"mkdir -p {_KEYS}", *lines])


def pin(source: AptSource) -> str:
    """The paragraph of apt_preferences(5) that puts *source* above the base, in any version."""
    return f"Package: *\nPin: {source.pin}\nPin-Priority: 1001"


def _key_file(number: int) -> str:
    return f"{_KEYS}/mini-buildd-{number}.asc"


def _line(source: AptSource, key_file: str, places: Mapping[str, str]) -> str:
    """In one-line style (sources.list(5)); a tree of this machine is read as plain files."""
    kind, url, *rest = source.line.split()
    if source.tree in places:
        url = f"file:{places[source.tree]}"
    return f"{kind} [signed-by={key_file}] {url} {' '.join(rest)}\n"
