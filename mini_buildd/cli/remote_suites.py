"""Looking at packages and suites from elsewhere."""

from collections.abc import Iterable, Iterator, Sequence

from mini_buildd.cli.bar import size_text
from mini_buildd.cli.remote_desk import Desk, NotThere
from mini_buildd.cli.remote_show import GREEN, RED, YELLOW, build_cell, show_build, show_upload
from mini_buildd.cli.screen import Cell, Row, heading, moment
from mini_buildd.domain.suite_version import Kind
from mini_buildd.wire.api.changes import Difference, DifferencePage
from mini_buildd.wire.api.packages import PackageDetail, SearchResult
from mini_buildd.wire.api.suites import PackagePage, Suite, SuiteName, SuiteNamePage, SuiteVersion

BLUE, FAINT = "34", "2"
_MARKS = {
    Kind.ADDED: ("+ added", GREEN),
    Kind.REMOVED: ("- removed", RED),
    Kind.UPGRADED: ("↑ upgraded", GREEN),
    Kind.DOWNGRADED: ("↓ downgraded", YELLOW),
    Kind.REBUILT: ("↻ rebuilt", BLUE),
}
_PRESENCES = {
    "shown": ("● published", GREEN),
    "pending": ("○ waiting", YELLOW),
    "kept": ("  kept", ""),
    "gone": ("– gone", FAINT),
    "skipped": ("– skipped", FAINT),
}


# --- suites and what they have ----------------------------------------------------


def ls(desk: Desk) -> int:
    """The suites, or the packages of one."""
    if not desk.options.suite:
        return _suites(desk)
    name = desk.suite(desk.options.suite)
    pages = list(
        desk.api.suite_packages(
            name, query=desk.options.query, version=desk.options.version, limit=200
        )
    )
    items = tuple(item for page in pages for item in page.items)
    rows: list[Row] = [heading("package", "version", "elsewhere", "since", "size")]
    for each in items:
        others = ", ".join(f"{suite} {version}" for suite, version in each.elsewhere)
        for held in each.held:
            since = moment(held.since) if held.since is not None else ""
            rows.append([each.name, held.version, others, since, size_text(held.size_bytes)])
    names = (each.name for each in items)
    return desk.listing(PackagePage(items, None), rows, names, f"no such packages in {name}")


def _suites(desk: Desk) -> int:
    found = desk.api.suites(desk.options.repository)
    rows: list[Row] = [heading("", "suite", "of", "uploads")]
    rows += [_suite_row(each) for each in found.items]
    names = (each.name for each in found.items)
    return desk.listing(SuiteNamePage(found.items), rows, names, "no suites")


def _suite_row(each: SuiteName) -> Row:
    state = Cell("◈ frozen", YELLOW) if each.is_frozen else Cell("● open", GREEN)
    return [state, each.name, each.repository, "yes" if each.accepts_uploads else "no"]


def versions(desk: Desk) -> int:
    """The versions of a suite."""
    name = desk.suite(desk.options.suite)
    page = desk.api.versions(name, limit=desk.options.last)
    rows: list[Row] = [heading("", "nr", "when (UTC)", "what", "who", "changes", "why")]
    rows += [_version_row(each) for each in page.items]
    return desk.listing(
        page, rows, (each.number for each in page.items), f"{name} has no version yet"
    )


def _version_row(each: SuiteVersion) -> Row:
    what = each.kind.replace("_", " ")
    if each.restores is not None:
        what = f"{what} to {each.restores}"
    return [
        Cell(*_PRESENCES.get(each.presence, (each.presence, ""))),
        str(each.number),
        moment(each.published_at or each.decided_at),
        what,
        each.actor,
        f"+{each.came} -{each.went}",
        each.reason or each.package,
    ]


# --- anything ---------------------------------------------------------------------


def show(desk: Desk) -> int:
    """Whatever is named: a build, an upload, a suite, or a package."""
    word = desk.options.what
    if desk.options.upload:
        return show_upload(desk, _number(word))
    if word.isdecimal() or "/" in word:
        return show_build(desk, desk.build(word))
    names = [each.name for each in desk.api.suites().items]
    if word in names:
        return _show_suite(desk, word)
    return _show_package(desk, word)


def _number(word: str) -> int:
    if not (word.isascii() and word.isdecimal()):
        raise NotThere(f"“{word}” is not the number of an upload")
    return int(word)


def _show_suite(desk: Desk, name: str) -> int:
    found = desk.api.suite(name)
    if desk.wants_json:
        desk.tell(found)
        return 0
    screen = desk.screen
    screen.line(f"{found.name}: {found.purpose}")
    if found.frozen is not None:
        since = f"◈ frozen since {moment(found.frozen.at)} UTC by {found.frozen.by}"
        screen.line(Cell(since, YELLOW), found.frozen.reason, indent=2)
    screen.table(list(_about_suite(found)), indent=2)
    return 0


def _about_suite(found: Suite) -> Iterator[Row]:
    yield ["base", found.base]
    yield ["packages", f"{found.sources} source, {found.binaries} binary"]
    yield ["version", f"{found.shown or 'none yet'}, decided {found.decided or 'none'}"]
    yield ["architectures", " ".join(found.architectures)]
    yield (
        ["uploads", f"with versions that end in {found.version_ending}"]
        if (found.accepts_uploads)
        else ["uploads", "none: packages migrate into it"]
    )
    if found.way:
        yield ["migrates to", " → ".join(found.way)]


def _show_package(desk: Desk, name: str) -> int:
    found = desk.api.package(name)
    if desk.wants_json:
        desk.tell(found)
        return 0
    screen = desk.screen
    screen.line(f"{found.name}: {found.summary}" if found.summary else found.name)
    screen.table([[each.distribution, each.version] for each in found.places], indent=2)
    _tell_versions(desk, found)
    screen.line(f"{desk.api.connection.server.url}{found.page}")
    return 0


def _tell_versions(desk: Desk, found: PackageDetail) -> None:
    rows: list[Row] = [heading("", "nr", "version", "on", "for")]
    for version in found.versions:
        rows += [
            [
                build_cell(build),
                str(build.id),
                version.version,
                build.architecture,
                build.distribution,
            ]
            for build in version.builds
        ]
    if len(rows) > 1:
        desk.screen.table(rows, indent=2)


def search(desk: Desk) -> int:
    """What has these words."""
    found = desk.api.search(" ".join(desk.options.words))
    rows: list[Row] = [heading("what", "name", "where")]
    rows += _found_rows(found)
    names = (each.name for each in found.sources)
    status = desk.listing(found, rows, names, "nothing has these words")
    if not found.is_complete:
        desk.say(
            "mini-buildd-api: the instance still goes through its packages; search again later"
        )
    return status


def _found_rows(found: SearchResult) -> Iterator[Row]:
    for each in found.sources:
        there = ", ".join(f"{place.distribution} {place.version}" for place in each.places)
        yield ["source", each.name, there or each.summary]
    for binary in found.binaries:
        yield ["binary", binary.package, f"of {', '.join(binary.sources)}"]
    for source, version in found.versions:
        yield ["version", version, f"of {source}"]
    for told in found.described:
        yield ["described", told.package, told.summary]
    for file in found.files:
        yield ["file", file.path, f"in {', '.join(file.packages)}"]
    for person in found.maintainers:
        yield ["maintainer", person.name, f"of {person.sources}"]
    yield from (["uploader", name, ""] for name in found.uploaders)
    yield from (["suite", name, ""] for name in found.suites)
    yield from (["repository", name, ""] for name in found.repositories)
    for build in found.builds:
        what = f"{build.source} {build.version} on {build.architecture}"
        yield ["build", str(build.id), what]
    for upload in found.uploads:
        yield ["upload", str(upload.id), f"{upload.source or upload.changes_name} {upload.version}"]


# --- differences ------------------------------------------------------------------


def diff(desk: Desk) -> int:
    """In what two versions differ; nothing is exit status 0 as well."""
    old, new = desk.options.old, desk.options.new
    name, number = _point(desk, old)
    wanted: dict[str, object] = {"changelogs": desk.options.changelog or None}
    if not new:
        wanted |= {"old": number} if number is not None else {}
    elif new.isdecimal():
        wanted |= {"old": number, "new": int(new)}
    else:
        other, at = _point(desk, new)
        if other == name and number is None and at is not None:
            wanted |= {"old": at}
        else:
            wanted |= {"old": number, "other": other if other != name else "", "new": at}
    pages = list(desk.api.diff(name, limit=200, **wanted))
    items = tuple(item for page in pages for item in page.items)
    first = pages[0]
    if desk.wants_json:
        desk.tell(DifferencePage(first.old, first.new, first.names, items, None))
        return 0
    if not desk.is_quiet:
        desk.screen.line(
            f"{first.old.distribution}@{first.old.number} → "
            f"{first.new.distribution}@{first.new.number}: "
            + (f"{len(items)} differ" if items else "no difference")
        )
    tell_differences(desk, items)
    return 0


def _point(desk: Desk, word: str) -> tuple[str, int | None]:
    """A suite and perhaps a number, from SUITE[@N]; raises NotThere."""
    name, at, number = word.partition("@")
    if at and not (number.isascii() and number.isdecimal()):
        raise NotThere(f"“{word}” is no version of a suite: expected SUITE@N")
    return desk.suite(name), int(number) if at else None


def tell_differences(desk: Desk, items: Sequence[Difference]) -> None:
    """What differs, by package; of a quiet command only the names."""
    if desk.is_quiet:
        for each in items:
            desk.screen.line(each.source)
        return
    desk.screen.table([difference_row(each) for each in items], indent=2)
    for each in items:
        if each.news:
            desk.screen.line("")
            desk.screen.line(each.source)
            desk.screen.text(each.news, indent=2)


def difference_row(each: Difference) -> Row:
    """A source package that differs."""
    return [Cell(*_MARKS[each.kind]), each.source, _change_text(each.before, each.after)]


def _change_text(before: Iterable[str], after: Iterable[str]) -> str:
    old, new = ", ".join(before), ", ".join(after)
    return f"{old} → {new}" if old and new and old != new else new or old
