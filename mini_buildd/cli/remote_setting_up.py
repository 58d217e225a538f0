"""What people put into other programs: dput, apt, a shell, a browser."""

import sys
import webbrowser

from mini_buildd.cli.remote_desk import Desk


def dput_conf(desk: Desk) -> int:
    """Ready sections, with a comment where each belongs; one alone is printed as it is."""
    found, alias = desk.api.dput(), desk.options.alias
    if desk.wants_json:
        desk.tell(found)
        return 0
    for each in found.items:
        if not alias:
            where = f"# {each.way}, for {each.program}: {each.file}"
            desk.screen.line(f"{where}, then: dput {each.alias} FILE.changes")
        if alias in {"", each.alias}:
            desk.screen.text(f"{each.text}\n" if not alias else each.text)
    if alias and alias not in {each.alias for each in found.items}:
        known = ", ".join(each.alias for each in found.items)
        print(f"mini-buildd-api: there is no “{alias}”, but: {known}", file=sys.stderr)
        return 1
    return 0


def sources_list(desk: Desk) -> int:
    """A file for sources.list.d; how to use it goes to the terminal only."""
    name = desk.suite(desk.options.suite)
    text = desk.api.sources(name, desk.options.at)
    if desk.wants_json:
        desk.tell({"distribution": name, "at": desk.options.at, "sources": text})
        return 0
    sys.stdout.write(text)
    sys.stdout.flush()
    if sys.stdout.isatty():
        desk.say(f"# Belongs into /etc/apt/sources.list.d/{name}.sources; then: apt update")
    if desk.api.suite(name).is_private:
        desk.say(
            "# It is private: apt needs a name and a token in /etc/apt/auth.conf.d, see "
            "apt_auth.conf(5)."
        )
    return 0


def open_page(desk: Desk) -> int:
    """Show a page in the browser, or its address where there is none."""
    address = desk.api.connection.server.url + _page(desk, desk.options.what)
    if desk.wants_json:
        desk.tell({"url": address})
        return 0
    if desk.options.print or not webbrowser.open(address):
        desk.screen.line(address)
    return 0


def _page(desk: Desk, word: str) -> str:
    if not word:
        return "/"
    if word.isdecimal() or "/" in word:
        return f"/builds/{desk.build(word)}/"
    if word in {each.name for each in desk.api.suites().items}:
        return f"/suites/{word}/"
    return desk.api.package(word).page
