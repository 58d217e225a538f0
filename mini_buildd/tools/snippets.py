"""The library of snippets: what a chroot can be given beyond the essential packages.

Each is run by root in the new root, after its packages are installed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mini_buildd.domain.problem import SnippetUnknown


@dataclass(frozen=True, slots=True)
class Snippet:
    """One of the library: a line for people, packages, and shell (may be empty)."""

    name: str
    purpose: str
    packages: tuple[str, ...] = ()
    script: str = ""


def _apt(name: str, text: str) -> str:
    return f"cat > /etc/apt/apt.conf.d/50{name} <<'END'\n{text}\nEND\n"


LIBRARY = (
    Snippet(
        "eatmydata",
        "Nothing is synced to the disk, so packages install quicker.",
        ("eatmydata",),
        "echo libeatmydata.so > /etc/ld.so.preload\n",
    ),
    Snippet(
        "ccache",
        "C and C++ are compiled through ccache; its cache is kept where the suite says so.",
        ("ccache",),
        "mkdir -p -m 1777 /var/cache/ccache\n"
        "chmod 1777 /var/cache/ccache\n"
        "printf 'cache_dir = /var/cache/ccache\\nmax_size = 1G\\n' > /etc/ccache.conf\n"
        # sbuild's PATH begins with /usr/local, so no environment has to be changed.
        "for link in /usr/lib/ccache/*; do\n"
        '  ln -sf /usr/bin/ccache "/usr/local/bin/${link##*/}"\n'
        "done\n",
    ),
    Snippet(
        "debhelper",
        "debhelper is there already: quicker, and a build that forgot to ask for it succeeds.",
        ("debhelper",),
    ),
    Snippet(
        "fakeroot",
        "fakeroot is there already, for sources that need root to build.",
        ("fakeroot",),
    ),
    Snippet(
        "unsafe-io",
        "dpkg does not sync what it unpacks; eatmydata does that and more.",
        script="echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/50unsafe-io\n",
    ),
    Snippet(
        "no-man-db",
        "The index of manual pages is not made anew with every package.",
        script="echo 'man-db man-db/auto-update boolean false' | debconf-set-selections\n",
    ),
    Snippet(
        "no-documents",
        "Build dependencies are unpacked without manual pages and translations.",
        script="cat > /etc/dpkg/dpkg.cfg.d/50no-documents <<'END'\n"
        "path-exclude=/usr/share/man/*\n"
        "path-exclude=/usr/share/info/*\n"
        "path-exclude=/usr/share/locale/*\n"
        "path-include=/usr/share/locale/locale.alias\n"
        "END\n",
    ),
    Snippet(
        "no-recommends",
        "apt installs no recommended packages, also where a script of the build calls it.",
        script=_apt("no-recommends", 'APT::Install-Recommends "false";'),
    ),
    Snippet(
        "no-translations",
        "apt fetches no translated descriptions.",
        script=_apt("no-translations", 'Acquire::Languages "none";'),
    ),
    Snippet(
        "apt-proxy",
        "apt goes through the proxy that this machine's own apt uses.",
        script='if [ -n "$MINI_BUILDD_PROXY" ]; then\n'
        '  printf \'Acquire::http::Proxy "%s";\\n\' "$MINI_BUILDD_PROXY" \\\n'
        "    > /etc/apt/apt.conf.d/50apt-proxy\n"
        "fi\n",
    ),
)

_BY_NAME = {snippet.name: snippet for snippet in LIBRARY}


def find_snippets(text: str) -> tuple[Snippet, ...]:
    """Those that *text* names, separated by blanks; raises SnippetUnknown."""
    names = dict.fromkeys(text.split())
    if unknown := [name for name in names if name not in _BY_NAME]:
        raise SnippetUnknown(
            expected=f"some of: {', '.join(_BY_NAME)}",
            found=", ".join(unknown),
            hint="What each does: mini-buildd chroot snippets",
        )
    return tuple(_BY_NAME[name] for name in names)


def packages_of(snippets: Iterable[Snippet]) -> list[str]:
    """All that they want installed."""
    return list(dict.fromkeys(name for snippet in snippets for name in snippet.packages))
