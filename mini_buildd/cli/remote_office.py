"""Looking after an instance from elsewhere: builders, chroots, rights, accounts, who did what."""

from mini_buildd.cli.remote_desk import Desk
from mini_buildd.cli.remote_password import signed_in
from mini_buildd.cli.remote_show import GREEN, RED, YELLOW
from mini_buildd.cli.screen import Cell, Row, heading, moment
from mini_buildd.wire.api.office import Account, Right
from mini_buildd.wire.api.status import Builder

_HEALTH = {"fresh": GREEN, "good": GREEN, "expired": RED, "broken": RED}


def builder(desk: Desk) -> int:
    """List them, or say which get jobs."""
    options = desk.options
    if options.action == "aside":
        found = desk.api.set_aside(options.name, options.reason)
        return desk.done(found, f"{found.name} is given no jobs until somebody takes it back")
    if options.action == "return":
        found = desk.api.take_back(options.name)
        return desk.done(found, f"{found.name} is given jobs again")
    page = desk.api.builders()
    rows: list[Row] = [heading("", "builder", "runs", "slots", "architectures", "heard of", "why")]
    rows += [
        [
            _builder_cell(each),
            each.name,
            str(each.running),
            str(each.slots),
            " ".join(each.architectures),
            moment(each.seen_at) if each.seen_at is not None else "never",
            each.set_aside_reason,
        ]
        for each in page.items
    ]
    return desk.listing(page, rows, (each.name for each in page.items), "no builders")


def _builder_cell(each: Builder) -> Cell:
    if not each.is_enabled:
        return Cell("– off", "2")
    if each.set_aside_at is not None:
        return Cell("◈ set aside", YELLOW)
    return Cell("✕ silent", RED) if each.is_silent else Cell("● ready", GREEN)


def chroot(desk: Desk) -> int:
    """List them, or have them made anew."""
    if desk.options.action == "refresh":
        for number in dict.fromkeys(desk.options.number):
            made = desk.api.refresh_chroot(number)
            desk.done(made, f"{made.name} is made anew in a moment")
        return 0
    page = desk.api.chroots()
    rows: list[Row] = [heading("", "nr", "chroot", "made (UTC)", "expires", "problem")]
    rows += [
        [
            Cell(each.health, _HEALTH.get(each.health, YELLOW)),
            str(each.id),
            each.name,
            moment(each.made_at) if each.made_at is not None else "never",
            moment(each.expires_at) if each.expires_at is not None else "never",
            each.problem.partition("\n")[0],
        ]
        for each in page.items
    ]
    return desk.listing(page, rows, (each.id for each in page.items), "no chroots")


def right(desk: Desk) -> int:
    """List rights, give one, or take some back; no token will do for it."""
    options, api = desk.options, signed_in(desk)
    if options.action == "give":
        kind = "group" if options.group else "keyring" if options.keyring else "account"
        wish = {
            kind: options.whom,
            "role": options.role,
            "fingerprint": options.fingerprint,
            "suite": options.suite,
            "sources": options.sources,
            "may_add_sources": not options.no_new,
        }
        made = api.give_right(options.repository, wish)
        return desk.done(made, f"{made.whom} is {made.role} of {made.repository}")
    if options.action == "withdraw":
        desk.confirm("Take back?")
        for number in dict.fromkeys(options.number):
            api.withdraw_right(options.repository, number)
            desk.done(None, f"right {number} is taken back")
        return 0
    page = api.rights(options.repository)
    rows: list[Row] = [heading("nr", "who", "is", "suite", "packages", "by")]
    rows += [_right_row(each) for each in page.items]
    return desk.listing(page, rows, (each.id for each in page.items), "nobody has a right")


def _right_row(each: Right) -> Row:
    who = each.whom if each.kind == "account" else f"{each.kind} {each.whom}"
    sources = each.sources or "all"
    return [
        str(each.id),
        f"{who} {each.fingerprint[-16:]}".strip(),
        each.role,
        each.suite or "all",
        sources if each.may_add_sources else f"{sources}, none that is new",
        each.given_by,
    ]


def account(desk: Desk) -> int:
    """Who may sign in; let somebody do so no more, or again. No token will do for it."""
    options = desk.options
    if options.action in {"off", "on"}:
        return _switch(desk)
    page = signed_in(desk).accounts(off=options.all)
    rows: list[Row] = [heading("name", "mail", "since", "is", "groups")]
    rows += [
        [
            each.name,
            each.mail,
            moment(each.since),
            _account_cell(each),
            " ".join(each.groups),
        ]
        for each in page.items
    ]
    return desk.listing(page, rows, (each.name for each in page.items), "no accounts")


def _account_cell(each: Account) -> Cell:
    if not each.is_active:
        return Cell("– switched off", "2")
    return Cell("administrator" if each.is_administrator else "", "")


def _switch(desk: Desk) -> int:
    options = desk.options
    is_on = options.action == "on"
    if not is_on:
        desk.confirm(f"Switch off {', '.join(options.name)}?")
    api = signed_in(desk)
    for name in dict.fromkeys(options.name):
        found = api.switch_account(name, is_on=is_on, reason=options.reason)
        word = "may sign in again" if is_on else "cannot sign in any more, by no key or token"
        desk.done(found, f"{found.name} {word}")
    return 0


def audit(desk: Desk) -> int:
    """Who did what."""
    options = desk.options
    page = desk.api.audit(who=options.who, kind=options.kind, name=options.name, limit=options.last)
    rows: list[Row] = [heading("nr", "when (UTC)", "who", "did", "to", "changed")]
    rows += [
        [
            str(each.id),
            moment(each.at),
            each.who,
            each.act,
            f"{each.kind} {each.name}".strip(),
            ", ".join(field.name for field in each.changed),
        ]
        for each in page.items
    ]
    return desk.listing(page, rows, (each.id for each in page.items), "nothing was done")
