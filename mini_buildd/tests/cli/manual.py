"""Writes doc/man anew: python -m mini_buildd.tests.cli.manual."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mini_buildd.cli import main as administrators
from mini_buildd.cli.manual import Page, of_parser, of_terms
from mini_buildd.cli.remote_options import make_parser

DOC = Path(__file__).parents[3] / "doc"

_SEE = "mini-buildd(1), mini-buildd-api(1), mini-buildd.toml(5), dput(1), sbuild(1), apt(8)"
_DAEMON = Page(
    "mini-buildd",
    1,
    "a self-hosted Debian build daemon, for who runs one",
    {
        "DESCRIPTION": """
Turns signed source uploads into a signed apt archive. These commands are for the user that owns
an instance, on its machine; all but run work beside a running daemon, and without one. From
elsewhere there is mini-buildd-api(1)."""
    },
    {
        "EXIT STATUS": """
0 | done
1 | refused, with the cause and what to do
2 | wrong usage or settings""",
        "ENVIRONMENT": "MINI_BUILDD_HOME | the folder of the instance, without --home",
        "FILES": "<home>/mini-buildd.toml | the settings, see mini-buildd.toml(5)",
        "SEE ALSO": _SEE,
    },
)
_CLIENT = Page(
    "mini-buildd-api",
    1,
    "upload to an instance of mini-buildd, and look after what is published",
    {
        "DESCRIPTION": """
Uploads, waits, and shows and does what the pages of an instance show and do, by its JSON API. It
needs no access to the machine of the instance. Begin with:

    mini-buildd-api login https://buildd.example.org
    mini-buildd-api upload hello_2.10-5~test13+1_source.changes

A suite is named in full, trixie-test-unstable, or by as much of it as is clear: unstable. A build
is named by its number, or as PACKAGE/ARCH, which is the newest one. What changes suites first shows
what would change, asks on a terminal, and is done just as it was shown or not at all."""
    },
    {
        "EXIT STATUS": """
0 | done; of upload and wait: published, or built
1 | rejected, or refused; why, and what to do, is on the standard error
2 | accepted, and then a build failed, was cancelled or was superseded
3 | the instance cannot be reached, or does not let you in
4 | it took longer than --timeout; the instance goes on by itself
5 | there is no such thing
64 | wrong usage
130 | interrupted""",
        "ENVIRONMENT": """
MINI_BUILDD_URL | the instance
MINI_BUILDD_TOKEN | a token for it, which goes to no other instance
MINI_BUILDD_CA_FILE | whom to trust that it is it
MINI_BUILDD_PROFILE | the instance of that name in config.toml
MINI_BUILDD_PASSWORD | the password, for what no token will do
NO_COLOR | no colours, also on a terminal""",
        "FILES": """
~/.config/mini-buildd/config.toml | the instances that you know; for your eyes only
~/.cache/mini-buildd | where cut transfers go on, and what was completed some minutes ago""",
        "SEE ALSO": _SEE,
    },
)
_SETTINGS = Page(
    "mini-buildd.toml",
    5,
    "the settings of an instance of mini-buildd",
    {
        "DESCRIPTION": """
<home>/mini-buildd.toml. Every value has a default, so the file may be missing; what is wrong in it
is told all at once when the daemon starts. A name with a dot, such as http.port, is a key of a
table:

    [http]
    port = 8066"""
    },
    {"SEE ALSO": _SEE},
)


def pages() -> Mapping[str, str]:
    """The text of each page, by the name of its file."""
    terms = list(_terms((DOC / "reference" / "settings.md").read_text(encoding="utf-8")))
    return {
        "mini-buildd.1": of_parser(_DAEMON, administrators._parser()),
        "mini-buildd-api.1": of_parser(_CLIENT, make_parser()),
        "mini-buildd.toml.5": of_terms(_SETTINGS, "SETTINGS", terms),
    }


def _terms(text: str) -> Iterator[tuple[str, str]]:
    """The rows of the first table of the reference."""
    rows = re.findall(r"^\| (.*?) \| (.*?) \| (.*?) ?\|$", text, flags=re.MULTILINE)
    for name, default, meaning in rows:
        if name not in {"setting", "---"}:
            yield _plain(name), _plain(f"{meaning}{'. ' if meaning else ''}Default: {default}.")


def _plain(text: str) -> str:
    """*text* without the marks of Markdown."""
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text).replace("`", "")


def write() -> None:
    """Write them all."""
    (DOC / "man").mkdir(exist_ok=True)
    for name, text in pages().items():
        (DOC / "man" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
