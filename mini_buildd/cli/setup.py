"""What ``mini-buildd setup`` does: all first steps in one go, or say how far they are.

Without arguments it takes what fits this machine, and asks before only where somebody sits at a
terminal.
"""

import argparse
import getpass
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from mini_buildd.cli.chroots import follow
from mini_buildd.cli.owner import owner
from mini_buildd.cli.plain import plain
from mini_buildd.config.places import Places
from mini_buildd.config.settings import Settings
from mini_buildd.deb.names import Architecture, Codename
from mini_buildd.domain.distribution import RepositoryName
from mini_buildd.domain.first_steps import Progress, Step, StepRow, is_complete
from mini_buildd.domain.problem import SetupImpossible
from mini_buildd.flow.chroot import missing_chroots, provide_chroot
from mini_buildd.flow.first_steps import FirstSteps, look
from mini_buildd.flow.setup import Change, NewUploader, Wish, setup
from mini_buildd.keys.own_keys import OwnKey, export_own_key, list_own_keys
from mini_buildd.kit.clock import utc_now
from mini_buildd.tools.thismachine import host_architecture, host_codename

Ask = Callable[[str], str]

_MARKS: Mapping[Progress, str] = {
    Progress.DONE: "●",
    Progress.OPEN: "○",
    Progress.RUNNING: "◐",
    Progress.FAILED: "✕",
    Progress.WAITS: "·",
}
_WORDS: Mapping[Step, str] = {
    Step.ADMINISTRATOR: "an administrator",
    Step.KEY: "a key that signs the archive",
    Step.RELEASE: "a release that packages are built for",
    Step.CHROOT: "a chroot to build in",
    Step.REPOSITORY: "a repository",
    Step.UPLOADER: "somebody who may upload",
    Step.UPLOAD: "a first package that is published",
}


def run_setup(
    options: argparse.Namespace, settings: Settings, places: Places, ask: Ask = input
) -> int:
    """Make the configuration and the chroots that are missing, or only look; the exit status."""
    if options.check:
        return _check(settings, places)
    wish = _wish(options, settings, places)
    if not options.codename and not options.dry_run and sys.stdin.isatty():
        found = _talk_over(wish, places, ask)
        if found is None:
            print("nothing was made")
            return 1
        wish = found
    _show(_set_up(wish, places, dry_run=options.dry_run), is_dry=options.dry_run)
    if options.dry_run:
        return 0
    if not options.no_chroots:
        for chroot in missing_chroots(places):
            follow(places, chroot, provide_chroot)
    _say_what_is_next(settings, look(settings, places, utc_now))
    return 0


def _set_up(wish: Wish, places: Places, *, dry_run: bool) -> list[Change]:
    return setup(places, wish, today=datetime.now(UTC).date(), dry_run=dry_run, by=owner())


def _show(changes: list[Change], *, is_dry: bool) -> None:
    for change in changes:
        print(f" {'+' if change.is_new else '='} {change.what}")
    made = sum(change.is_new for change in changes)
    verb = "would be made" if is_dry else "made"
    print(f"{made} {verb}, {len(changes) - made} there already")


# --- what is wanted ---------------------------------------------------------------


def _wish(options: argparse.Namespace, settings: Settings, places: Places) -> Wish:
    return Wish(
        codenames=tuple(Codename(each) for each in options.codename)
        or _codenames(settings, places),
        architectures=tuple(Architecture(each) for each in options.architecture)
        or (host_architecture(),),
        crossed=tuple(Architecture(each) for each in options.cross),
        optional=tuple(Architecture(each) for each in options.optional),
        repository=RepositoryName(options.repository),
        backend=settings.builder.backend,
        archive_url=options.archive_url,
        uploader=_new_uploader(options),
        has_keyring=options.keyring,
    )


def _codenames(settings: Settings, places: Places) -> tuple[Codename, ...]:
    there = look(settings, places, utc_now).there.releases
    if there:
        return tuple(Codename(row.codename) for row in there)
    found = host_codename()
    if found is None:
        raise SetupImpossible(
            expected="the codename of this machine's release in /etc/os-release",
            found="none",
            hint="Name one: --codename trixie",
        )
    return (found,)


def _new_uploader(options: argparse.Namespace) -> NewUploader | None:
    if not options.uploader:
        return None
    armored = options.key.read_text(encoding="ascii", errors="replace")
    return NewUploader(options.uploader, options.email, armored)


# --- with somebody at a terminal --------------------------------------------------


def _talk_over(wish: Wish, places: Places, ask: Ask) -> Wish | None:
    """The wish that somebody has agreed to; None when they have not."""
    if wish.uploader is None:
        wish = replace(wish, uploader=_ask_uploader(ask))
    _show(_set_up(wish, places, dry_run=True), is_dry=True)
    return wish if _is_yes(ask("Make it? [Y/n] ")) else None


def _ask_uploader(ask: Ask) -> NewUploader | None:
    """Whoever types, with a key of their own, if they like."""
    keys = list_own_keys()
    if not keys:
        return None
    print("Who may upload? Your own OpenPGP keys:")
    for number, key in enumerate(keys, start=1):
        print(plain(f"  {number}  {key.fingerprint}  {key.user_id}"))
    answer = ask("Which one is to sign uploads? [1, or n for nobody yet] ").strip() or "1"
    if not answer.isdecimal() or not 1 <= int(answer) <= len(keys):
        return None
    return _uploader(keys[int(answer) - 1])


def _uploader(key: OwnKey) -> NewUploader:
    return NewUploader(getpass.getuser(), key.email, export_own_key(key.fingerprint))


def _is_yes(answer: str) -> bool:
    return answer.strip().lower() in ("", "y", "yes")


# --- how far it is ----------------------------------------------------------------


def _check(settings: Settings, places: Places) -> int:
    """0 when all is done, else 1."""
    found = look(settings, places, utc_now)
    for row in found.steps:
        print(plain(f"{_MARKS[row.progress]} {_line(row)}"))
    _say_what_is_next(settings, found)
    return 0 if is_complete(found.steps) else 1


def _line(row: StepRow) -> str:
    if row.progress is Progress.WAITS:
        needs = " and ".join(_WORDS[each] for each in row.waits_for)
        return f"{_WORDS[row.step]}: first, {needs}"
    said = {
        Progress.DONE: "",
        Progress.OPEN: ": not yet",
        Progress.RUNNING: ": under way",
        Progress.FAILED: ": failed",
    }
    return f"{_WORDS[row.step]}{said[row.progress]}"


def _say_what_is_next(settings: Settings, found: FirstSteps) -> None:
    """What somebody would type now."""
    if is_complete(found.steps):
        print("All first steps are done.")
        return
    home = f"mini-buildd --home {settings.home}"
    lines: Mapping[Step, str] = {
        Step.ADMINISTRATOR: f"{home} admin NAME    # for the pages; or the link that run writes",
        Step.RELEASE: f"{home} setup",
        Step.CHROOT: f"{home} setup    # or: chroot create",
        Step.REPOSITORY: f"{home} setup",
        Step.UPLOADER: f"{home} setup --uploader NAME --email ADDRESS --key FILE.asc",
        Step.UPLOAD: f"{settings.url}/first/    # has the lines to upload with, while it runs",
    }
    wanted = [
        lines[row.step]
        for row in found.steps
        if row.progress is not Progress.DONE and row.step in lines
    ]
    print("Next:")
    for line in dict.fromkeys([*wanted[:-1], f"{home} run", *wanted[-1:]]):
        print(f"  {line}")
